"""What a locustfile may do with a session: functions that take the session and return its response."""

from collections.abc import Callable
from http.cookiejar import Cookie, CookieJar
from typing import Any

import gevent
from geventhttpclient.header import Headers

SessionCall = Callable[[Any], Any]
"""Takes a session, does something with it, and returns the response."""


def checked(path: str, do: Callable[[Any], None] = lambda _: None, **kwargs: Any) -> SessionCall:
    """Return a call that sends a GET in a with-block and passes the response to a function."""

    def call(client: Any) -> Any:
        with client.get(path, catch_response=True, **kwargs) as response:
            do(response)
        return response

    return call


def in_turn(*calls: SessionCall) -> SessionCall:
    """Return a call that makes these calls one after the other. Its response is the last one's."""
    return lambda client: [call(client) for call in calls][-1]


def get(path: str, **kwargs: Any) -> SessionCall:
    """Return a call that sends a GET."""
    return lambda client: client.get(path, **kwargs)


def post(path: str, **kwargs: Any) -> SessionCall:
    """Return a call that sends a POST."""
    return lambda client: client.post(path, **kwargs)


def with_method(method: str, path: str, **kwargs: Any) -> SessionCall:
    """Return a call that sends a request with any method."""
    return lambda client: client.request(method, path, **kwargs)


def rest(method: str, path: str, check: Callable[[Any], Any] = lambda _: None, **kwargs: Any) -> SessionCall:
    """Return a call of the user's own method for JSON."""

    def call(client: Any) -> Any:
        with client.user.rest(method, path, **kwargs) as response:
            check(response)
        return response

    return call


def check(right: bool, message: str) -> None:
    """Assert as a locustfile does, with a message."""
    assert right, message


def renamed(client: Any) -> Any:
    """Send a GET within rename_request."""
    with client.rename_request("a name"):
        return client.get("/ok")


def set_default_header(client: Any) -> None:
    """Set a default header on the user agent, the only place where that works."""
    client.client.default_headers["X-A"] = "1"


def replace_default_headers(client: Any) -> None:
    """Replace all default headers by others."""
    client.client.default_headers = Headers({"X-B": "2"})


def replace_jar(client: Any) -> None:
    """Replace the cookie jar of the user agent by one that holds a cookie."""
    jar = CookieJar()
    rest = {"HttpOnly": None}
    jar.set_cookie(
        Cookie(0, "c", "v", None, False, "127.0.0.1", True, False, "/", True, False, None, False, None, None, rest)  # type: ignore[arg-type]  # noqa: FBT003
    )
    client.client.cookiejar = jar


def forget_jar(client: Any) -> None:
    """Replace the cookie jar of the session, which has no effect: the user agent keeps its own."""
    client.cookiejar = CookieJar()


SENT_S = 1.0
"""Seconds in which a request is sent on a busy machine too."""


class OwnError(Exception):
    """An exception of the locustfile."""


def thrown(client: Any) -> Any:
    """Throw an exception into the greenlet while it waits for a response."""
    with gevent.Timeout(SENT_S, OwnError):
        return client.get("/silent")


def set_host(client: Any) -> None:
    """Change the host of the session to another name of it."""
    client.base_url = client.base_url.replace("127.0.0.1", "localhost")


def set_credentials(client: Any) -> None:
    """Set an Authorization header for all requests, as after a login."""
    client.auth_header = "Basic bWU6c8OpY3JldA=="


def timed_out(client: Any) -> Any:
    """Send a GET under a gevent.Timeout that is shorter than the user's own."""
    with gevent.Timeout(SENT_S):
        return client.get("/silent")


def raise_key_error(_: Any) -> None:
    """Raise a KeyError, as a check in a locustfile may."""
    raise KeyError("no such key")
