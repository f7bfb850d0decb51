"""Exceptions of middleware and of error views are named, wherever our middleware is."""

import json
from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
from asgiref.sync import async_to_sync, iscoroutinefunction
from django.core.exceptions import ImproperlyConfigured
from django.http import Http404, HttpRequest, HttpResponse
from django.test import AsyncClient, Client, override_settings
from django.urls import path
from django.utils.decorators import async_only_middleware, sync_only_middleware
from django.utils.deprecation import MiddlewareMixin

from target_site.problems import BadInputError

SECRET = "carol@example.com"
OURS = "target_site.problems.ProblemMiddleware"
GetResponse = Callable[[HttpRequest], Any]


class MiddlewareError(Exception):
    """An error of a middleware."""


@sync_only_middleware
def raises_before(_get_response: GetResponse) -> GetResponse:
    def middleware(_request: HttpRequest) -> HttpResponse:
        raise MiddlewareError(SECRET)

    return middleware


@sync_only_middleware
def raises_after(get_response: GetResponse) -> GetResponse:
    def middleware(request: HttpRequest) -> HttpResponse:
        get_response(request)
        raise MiddlewareError(SECRET)

    return middleware


@async_only_middleware
def raises_async(get_response: GetResponse) -> GetResponse:
    async def middleware(request: HttpRequest) -> HttpResponse:
        await get_response(request)
        raise MiddlewareError(SECRET)

    return middleware


class RaisesInProcessView(MiddlewareMixin):
    """A middleware that refuses all views."""

    def process_view(self, *_: object) -> None:
        raise MiddlewareError(SECRET)


class RaisesInProcessResponse(MiddlewareMixin):
    """A middleware that refuses all responses."""

    def process_response(self, *_: object) -> None:
        raise MiddlewareError(SECRET)


class RaisesInProcessException(MiddlewareMixin):
    """A middleware that fails where it should handle a view's exception."""

    def process_exception(self, *_: object) -> None:
        raise MiddlewareError(SECRET)


class Plain(MiddlewareMixin):
    """A middleware that does nothing."""


RAISING = [
    raises_before,
    raises_after,
    raises_async,
    RaisesInProcessView,
    RaisesInProcessResponse,
    RaisesInProcessException,
]


def view(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


async def view_async(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


def missing(_request: HttpRequest) -> HttpResponse:
    raise Http404(SECRET)


def failing(_request: HttpRequest) -> HttpResponse:
    raise KeyError(SECRET)


urlpatterns = [
    path("view/", view),
    path("view_async/", view_async),
    path("missing/", missing),
    path("failing/", failing),
]


def handler404(_request: HttpRequest, exception: Exception) -> HttpResponse:
    raise MiddlewareError(SECRET) from exception


def handler500(_request: HttpRequest) -> HttpResponse:
    raise ImproperlyConfigured(SECRET)


def fetch(where: str, interface: str, middleware: tuple[str, ...], *, debug: bool = False) -> Any:
    """Return the response of a project with this middleware, for which a tuple serves as well as a list."""
    with override_settings(MIDDLEWARE=middleware, ROOT_URLCONF=__name__, DEBUG=debug):
        if interface == "wsgi":
            return Client(raise_request_exception=False).get(where)
        return async_to_sync(AsyncClient(raise_request_exception=False).get)(where)


def assert_is_named(response: HttpResponse, name: str = f"{__name__}.MiddlewareError", **members: str) -> None:
    """Fail unless the response is a problem that names the exception, and no more."""
    assert (response.status_code, response["Content-Type"]) == (500, "application/problem+json")
    assert json.loads(response.content) == {
        "type": "about:blank",
        "title": "Internal Server Error",
        "status": 500,
        "exception": name,
        **members,
    }
    assert SECRET not in repr(response.headers)


CASES = list(product(RAISING, range(3), ("wsgi", "asgi"), (False, True)))


@pytest.mark.parametrize(
    ("raising", "place", "interface", "debug"), CASES, ids=[f"{c[0].__name__}-{c[1]}-{c[2]}-{c[3]}" for c in CASES]
)
def test_a_middlewares_exception_is_named(raising: Any, place: int, interface: str, debug: bool) -> None:
    middleware = [f"{__name__}.{raising.__name__}", f"{__name__}.Plain"]
    middleware.insert(place, OURS)
    # An exception that ours answers first is none for the others: the last process_exception comes first.
    exception_is_ours = raising is RaisesInProcessException and place > 0
    where = "/failing/" if raising is RaisesInProcessException else "/view/"
    response = fetch(where, interface, tuple(middleware), debug=debug)
    assert_is_named(response, "KeyError" if exception_is_ours else f"{__name__}.MiddlewareError")


@pytest.mark.parametrize("interface", ["wsgi", "asgi"])
def test_an_async_view_behind_a_middleware_that_raises(interface: str) -> None:
    assert iscoroutinefunction(view_async)
    assert_is_named(fetch("/view_async/", interface, (f"{__name__}.raises_after", OURS)))


@pytest.mark.parametrize("interface", ["wsgi", "asgi"])
@pytest.mark.parametrize(
    ("where", "cause"),
    [("/missing/", "django.http.response.Http404"), ("/nowhere/", "django.urls.exceptions.Resolver404")],
)
def test_an_error_view_that_raises(interface: str, where: str, cause: str) -> None:
    assert_is_named(fetch(where, interface, (f"{__name__}.Plain", OURS)), cause=cause)


def test_bad_input_in_a_middleware_is_bad_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{__name__}.MiddlewareError", BadInputError)
    response = fetch("/view/", "wsgi", (f"{__name__}.raises_before", OURS))
    assert (response.status_code, json.loads(response.content)["detail"]) == (400, SECRET)


def test_without_our_middleware_django_answers() -> None:
    assert_is_named(fetch("/view/", "wsgi", (OURS, f"{__name__}.raises_before")))
    response = fetch("/view/", "wsgi", (f"{__name__}.raises_before",), debug=True)
    assert b'class="exception_value"' in response.content


def test_exceptions_are_propagated_where_the_settings_say_so() -> None:
    with override_settings(DEBUG_PROPAGATE_EXCEPTIONS=True), pytest.raises(MiddlewareError):
        fetch("/view/", "wsgi", (OURS, f"{__name__}.raises_before"))
