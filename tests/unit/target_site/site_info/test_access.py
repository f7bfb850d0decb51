"""The pages that answer to who has the token of this start, and are not there for anybody else."""

import asyncio
from typing import Any

import pytest
from django.http import Http404, HttpRequest, HttpResponse
from django.test import RequestFactory

from target_site.site_info.access import TOKEN_HEADER, TOKEN_VARIABLE, require_token

FACTORY = RequestFactory()


@require_token
def sync_page(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("for the lab")


@require_token
async def async_page(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("for the lab")


def sync_response(request: HttpRequest) -> Any:
    return sync_page(request)


def async_response(request: HttpRequest) -> Any:
    return asyncio.run(async_page(request))


@pytest.mark.parametrize("respond", [sync_response, async_response])
@pytest.mark.parametrize(
    ("token", "sent", "is_there"),
    [
        pytest.param("t0ken", "t0ken", True, id="the token"),
        pytest.param("t0ken", "T0ken", False, id="another token"),
        pytest.param("t0ken", "t0ken2", False, id="a longer one"),
        pytest.param("t0ken", "", False, id="an empty one"),
        pytest.param("t0ken", "tökén", False, id="one that is not ASCII"),
        pytest.param("t0ken", None, False, id="none"),
        pytest.param("", "", False, id="an empty one, of a server without a token"),
        pytest.param(None, "", False, id="an empty one, of a server without the variable"),
        pytest.param(None, None, False, id="none, of a server without the variable"),
    ],
)
def test_a_page_is_there_for_the_token_alone(
    monkeypatch: pytest.MonkeyPatch, respond: Any, token: str | None, sent: str | None, *, is_there: bool
) -> None:
    monkeypatch.delenv(TOKEN_VARIABLE, raising=False)
    if token is not None:
        monkeypatch.setenv(TOKEN_VARIABLE, token)
    request = FACTORY.get("/slots/", headers={} if sent is None else {TOKEN_HEADER: sent})
    if is_there:
        assert respond(request).content == b"for the lab"
    else:
        with pytest.raises(Http404):
            respond(request)
