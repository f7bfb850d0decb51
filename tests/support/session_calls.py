"""What a locustfile may do with a session, as functions of it."""

from collections.abc import Callable
from http.cookiejar import Cookie, CookieJar
from typing import Any

import gevent
from geventhttpclient.header import Headers

Ask = Callable[[Any], Any]
"""Does something with a session."""


def checked(path: str, do: Callable[[Any], None] = lambda _: None, **kwargs: Any) -> Ask:
    """A request in a with-block."""

    def ask(client: Any) -> Any:
        with client.get(path, catch_response=True, **kwargs) as response:
            do(response)
        return response

    return ask


def in_turn(*asks: Ask) -> Ask:
    """One after the other; the last one's response."""
    return lambda client: [ask(client) for ask in asks][-1]


def get(path: str, **kwargs: Any) -> Ask:
    """One GET."""
    return lambda client: client.get(path, **kwargs)


def post(path: str, **kwargs: Any) -> Ask:
    """One POST."""
    return lambda client: client.post(path, **kwargs)


def with_method(method: str, path: str, **kwargs: Any) -> Ask:
    """One of any method."""
    return lambda client: client.request(method, path, **kwargs)


def rest(method: str, path: str, check: Callable[[Any], Any] = lambda _: None, **kwargs: Any) -> Ask:
    """One by the user's own method for JSON."""

    def ask(client: Any) -> Any:
        with client.user.rest(method, path, **kwargs) as response:
            check(response)
        return response

    return ask


def check(right: bool, message: str) -> None:
    """As a locustfile has it."""
    assert right, message


def renamed(client: Any) -> Any:
    """With rename_request."""
    with client.rename_request("a name"):
        return client.get("/ok")


def set_default_header(client: Any) -> None:
    """On the user agent, which is where it works."""
    client.client.default_headers["X-A"] = "1"


def replace_default_headers(client: Any) -> None:
    """All of them."""
    client.client.default_headers = Headers({"X-B": "2"})


def replace_jar(client: Any) -> None:
    """By one that holds a cookie."""
    jar = CookieJar()
    rest = {"HttpOnly": None}
    jar.set_cookie(
        Cookie(0, "c", "v", None, False, "127.0.0.1", True, False, "/", True, False, None, False, None, None, rest)  # type: ignore[arg-type]  # noqa: FBT003
    )
    client.client.cookiejar = jar


def forget_jar(client: Any) -> None:
    """The user agent's goes on."""
    client.cookiejar = CookieJar()


class OwnError(Exception):
    """Of a locustfile."""


def thrown(client: Any) -> Any:
    """Into the greenlet, while it waits."""
    with gevent.Timeout(0.1, OwnError):
        return client.get("/silent")


def set_host(client: Any) -> None:
    """To one by another name."""
    client.base_url = client.base_url.replace("127.0.0.1", "localhost")


def set_credentials(client: Any) -> None:
    """After a login, say."""
    client.auth_header = "Basic bWU6c8OpY3JldA=="


def timed_out(client: Any) -> Any:
    """The locustfile's own limit is shorter than the user's."""
    with gevent.Timeout(0.1):
        return client.get("/silent")


def raise_key_error(_: Any) -> None:
    """What a locustfile does when it does not find what it looks for."""
    raise KeyError("no such key")
