"""The fallback over pools that hold scripted responses."""

from collections import deque
from collections.abc import Iterable
from http.cookiejar import CookieJar
from typing import Any

import pytest
from geventhttpclient.url import URL
from locust.contrib.fasthttp import LocustUserAgent

from locust_asyncdjango.client.fallback import FallbackAgent, MadeRequest
from locust_asyncdjango.client.http11 import RawResponse, ResponseReader
from locust_asyncdjango.client.response import Response
from tests.support.responses import http_response


class FakePools:
    """Pools whose responses are scripted. They keep what was sent: origin, request line, body, and how."""

    def __init__(self, *responses: bytes | Exception) -> None:
        self.responses = deque(responses)
        self.sent: list[tuple[str, str, bytes, bool, bool]] = []
        self.heads: list[bytes] = []
        self._origin = ""

    def pool_for(self, url: URL) -> Any:
        self._origin = f"{url.host}:{url.port}"
        return self

    def for_proxy(self, _url: URL) -> tuple[str, list[tuple[str, str]]]:
        return "", []

    def send(self, request: bytes, repeatable: bool, bodyless: bool, rest: Iterable[bytes] = ()) -> RawResponse:
        request += b"".join(rest)
        head, _, body = request.partition(b"\r\n\r\n")
        self.heads.append(head)
        self.sent.append((self._origin, head.split(b"\r\n")[0].decode(), body, repeatable, bodyless))
        outcome = self.responses.popleft()
        if isinstance(outcome, Exception):
            raise outcome
        response = ResponseReader().feed(outcome)
        assert response is not None
        return response


def urlopen(pools: FakePools, method: str = "GET", *, first: Any = None, agent: Any = None, **options: Any) -> Response:
    """Open http://host/ by a fallback agent over these pools."""
    agent = agent or LocustUserAgent(max_retries=0, max_redirects=3, cookiejar=CookieJar())
    fake: Any = pools
    fallback: Any = FallbackAgent(agent, fake, stream=False, first=first)
    response: Response = fallback.urlopen("http://host/", method=method, headers={}, **options)
    return response


def redirect(status: int, location: str) -> bytes:
    return http_response(status, b"", f"Location: {location}")


@pytest.mark.parametrize(
    ("method", "status", "sent"),
    [
        pytest.param("GET", 302, ("host:80", "GET /b HTTP/1.1", b"", True, False), id="GET"),
        pytest.param("HEAD", 302, ("host:80", "HEAD /b HTTP/1.1", b"", True, True), id="HEAD"),
        pytest.param("POST", 302, ("host:80", "GET /b HTTP/1.1", b"", True, False), id="POST becomes GET"),
        pytest.param("POST", 307, ("host:80", "POST /b HTTP/1.1", b"form", False, False), id="POST stays POST"),
    ],
)
def test_redirects(method: str, status: int, sent: tuple[str, str, bytes, bool, bool]) -> None:
    pools = FakePools(redirect(status, "/b"), http_response(200, b"" if method == "HEAD" else b"ok"))
    response = urlopen(pools, method, payload=b"form" if method == "POST" else None)
    assert (response.status_code, response.url, [each.status_code for each in response.history]) == (
        200,
        "http://host/b",
        [status],
    )
    assert pools.sent[1] == sent


def test_a_redirect_to_another_host_uses_its_pool() -> None:
    pools = FakePools(redirect(302, "http://other:81/"), http_response())
    urlopen(pools)
    assert [origin for origin, *_ in pools.sent] == ["host:80", "other:81"]


def test_cookies_are_kept_and_sent() -> None:
    agent = LocustUserAgent(max_retries=0, cookiejar=CookieJar())
    pools = FakePools(http_response(200, b"", "Set-Cookie: a=1; Path=/"), http_response())
    urlopen(pools, agent=agent)
    urlopen(pools, agent=agent)
    assert [b"\r\nCookie: a=1" in head for head in pools.heads] == [False, True]


@pytest.mark.parametrize(("method", "attempts"), [("GET", 3), ("POST", 1)])
def test_retries(method: str, attempts: int) -> None:
    pools = FakePools(*[TimeoutError()] * 3)
    with pytest.raises(Exception):  # noqa: B017, PT011  # which one is geventhttpclient's affair
        urlopen(pools, method, max_retries=2)
    assert len(pools.sent) == attempts


def test_the_response_of_the_fast_path_is_not_requested_again() -> None:
    received = ResponseReader().feed(redirect(302, "/b"))
    assert received is not None
    request: Any = LocustUserAgent()._make_request("http://host/")
    first = Response(received, MadeRequest(request), b"")
    pools = FakePools(http_response())
    assert urlopen(pools, first=first).history == [first]
    assert [line for _, line, *_ in pools.sent] == ["GET /b HTTP/1.1"]


def test_any_status_is_a_response() -> None:
    assert urlopen(FakePools(http_response(500, b"broken"))).status_code == 500


def test_a_post_without_a_body_says_its_length() -> None:
    pools = FakePools(http_response())
    urlopen(pools, "POST")
    assert b"\r\nContent-Length: 0" in pools.heads[0]
