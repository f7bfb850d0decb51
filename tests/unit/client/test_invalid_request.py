"""Requests that cannot be made: each is reported once, sends nothing, and shows no secret."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from locust_asyncdjango.client.exceptions import FailedRequestError
from locust_asyncdjango.client.http11 import InvalidRequestError
from locust_asyncdjango.client.invalid_request import invalid_host, invalid_request
from tests.support.recorded_user import RecordedUser
from tests.support.responses import http_response
from tests.support.scripted_server import ReceivedRequest, ScriptedServer, serve_script

SECRET = "hunter2"


class OwnClass:
    pass


def broken_body() -> Iterator[bytes]:
    yield b"some"
    raise KeyError("no more")


CIRCULAR: list[Any] = []
CIRCULAR.append(CIRCULAR)

# What is passed to client.request() beside GET and /path; and the beginning of the message.
INVALID: dict[str, tuple[dict[str, Any], str]] = {
    "half an IPv6 address": ({"url": f"http://me:{SECRET}@[::1/"}, "the address cannot be parsed"),
    "a port that is too large": ({"url": "http://127.0.0.1:99999/"}, "the address cannot be parsed"),
    "a # in a password": ({"url": f"http://me:{SECRET}#@host/"}, "the address cannot be parsed"),
    "no host": ({"url": "http:///path"}, "the address has no host"),
    "a line break in a path": ({"url": "/a\r\nX: y"}, "the address has a control character"),
    "a number as a path": ({"url": 5}, "TypeError: "),
    "bytes as a path": ({"url": b"/path"}, "TypeError: "),
    "a list as a path": ({"url": ["/path"]}, "TypeError: "),
    "no path": ({"url": None}, "TypeError: "),
    "a line break in a header": ({"headers": {"X-A": f"{SECRET}\r\nX-B: 2"}}, "invalid value for header"),
    "a line break in a header's name": ({"headers": {"X-A\r\nX-B": "2"}}, "invalid header name"),
    "a header that is not latin-1": ({"headers": {"X-A": "→"}}, "invalid value for header"),
    "a number as a header's name": ({"headers": {1: "1"}}, "AttributeError: "),
    "headers in a list": ({"headers": [("X-A", "1")]}, ""),
    "a number as headers": ({"headers": 5}, "TypeError: "),
    "a method of two words": ({"method": "GET /"}, "invalid HTTP method"),
    "no method": ({"method": None}, ""),
    "a password that is not latin-1": ({"auth": ("me", f"{SECRET}→")}, "the user name or the password has a character"),
    "a user without a password": ({"auth": ("me",)}, "TypeError: "),
    "numbers as credentials": ({"auth": (1, 2)}, ""),
    "a set as JSON": ({"json": {1}}, "TypeError: Object of type set is not JSON serializable"),
    "an object as JSON": ({"json": {"a": OwnClass()}}, "TypeError: Object of type OwnClass is not JSON serializable"),
    "circular JSON": ({"json": CIRCULAR}, "ValueError: Circular reference detected"),
    "half a character": ({"data": f"{SECRET}\ud800"}, "a text cannot be encoded as utf-8"),
    "half a character in a form": ({"data": {"a": f"{SECRET}\ud800"}}, "a text cannot be encoded as utf-8"),
    "a number as a body": ({"data": 5}, "a body cannot be of type int"),
    "an object as a body": ({"data": OwnClass()}, "a body cannot be of type OwnClass"),
    "a number as parameters": ({"params": 5}, "TypeError: "),
    "a number as files": ({"files": 5}, "ValueError: "),
    "a word as a number of redirects": ({"max_redirects": "many"}, "ValueError: "),
}


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedServer]:
    def respond(request: ReceivedRequest) -> list[bytes]:
        return [http_response(200, b"ok", *(["Set-Cookie: a=1"] if request.path == "/sets" else []))]

    with serve_script(respond) as started:
        yield started


@pytest.fixture
def user(server: ScriptedServer) -> Iterator[RecordedUser]:
    user = RecordedUser(server.url)
    yield user
    user.close()


def check(user: RecordedUser, response: Any, message: str) -> None:
    """Assert that the last request was reported once, as one that could not be made."""
    assert user.kinds == ["invalid_request"]
    (event,) = user.events
    error = event["exception"]
    assert isinstance(error, FailedRequestError)
    assert isinstance(error.__cause__, InvalidRequestError)
    assert str(error.__cause__).startswith(message)
    shown = [error, str(error), repr(error.__cause__), error.__cause__.__context__, error.args, event["url"]]
    assert SECRET not in repr(shown)
    assert [type(event[name]) for name in ("name", "request_type", "url")] == [str] * 3
    assert (response.status_code, response.content, event["response_length"]) == (0, None, 0)
    assert event["response_time"] >= 0
    with pytest.raises(FailedRequestError):
        response.raise_for_status()


def arguments(name: str) -> dict[str, Any]:
    return {"method": "GET", "url": "/path", **INVALID[name][0]}


@pytest.mark.parametrize("name", INVALID)
def test_it_is_a_failed_request(user: RecordedUser, server: ScriptedServer, name: str) -> None:
    before = len(server.received)
    check(user, user.client.request(**arguments(name)), INVALID[name][1])
    assert len(server.received) == before
    assert user.client.get("/after").status_code == 200


@pytest.mark.parametrize("name", INVALID)
def test_it_is_a_failed_request_in_a_with_block(user: RecordedUser, name: str) -> None:
    with user.client.request(**arguments(name), catch_response=True) as response:
        assert user.events == []
        assert response.status_code == 0
    check(user, response, INVALID[name][1])


@pytest.mark.parametrize("name", INVALID)
def test_it_is_a_failed_request_of_a_session_with_cookies(user: RecordedUser, name: str) -> None:
    user.client.get("/sets")
    user.events.clear()
    check(user, user.client.request(**arguments(name)), INVALID[name][1])


@pytest.mark.parametrize("name", INVALID)
def test_it_is_a_failed_request_of_a_stream(user: RecordedUser, name: str) -> None:
    check(user, user.client.request(**arguments(name), stream=True), INVALID[name][1])


@pytest.mark.parametrize("name", ["a line break in a path", "a line break in a header", "a set as JSON"])
def test_it_is_a_failed_request_of_rest(user: RecordedUser, name: str) -> None:
    with user.user.rest(**arguments(name)) as response:
        assert response.js is None
    assert user.kinds == ["invalid_request"]


@pytest.mark.parametrize(
    ("make_body", "message"),
    [(broken_body, "the body cannot be read: KeyError: "), (lambda: [1, 2], "the body cannot be read: TypeError: ")],
    ids=["raises", "numbers"],
)
def test_a_body_that_cannot_be_read_is_a_failed_request(
    user: RecordedUser, make_body: Callable[[], Any], message: str
) -> None:
    check(user, user.client.post("/path", data=make_body()), message)
    assert user.client.get("/after").status_code == 200


def refuse_context(_user: Any) -> None:
    raise KeyError(SECRET)


@pytest.mark.parametrize(
    ("factory", "reason"),
    [(refuse_context, "KeyError"), (lambda _user: None, "AttributeError")],
    ids=["raises", "returns nothing"],
)
@pytest.mark.parametrize("options", [{}, {"stream": True}, {"params": {"a": "b"}}], ids=["plain", "stream", "params"])
def test_each_request_without_a_tls_context_is_a_failed_request(
    server: ScriptedServer, factory: Callable[[Any], Any], reason: str, options: dict[str, Any]
) -> None:
    user = RecordedUser(f"https://{server.address}", ssl_context_factory=factory)
    for _ in range(2):
        user.events.clear()
        check(
            user,
            user.client.get("/path", **options),
            f"ssl_context_factory and ssl_options make no TLS context: {reason}",
        )


HOSTS = {
    "half an IPv6 address": (f"http://me:{SECRET}@[::1", "the host cannot be parsed"),
    "a password that is not latin-1": (f"http://me:{SECRET}→@127.0.0.1", "the user name or the password of the host"),
    "a port in words": (f"http://me:{SECRET}#@127.0.0.1", "the address cannot be parsed"),
    "no scheme": ("127.0.0.1:8000", "the address does not begin with http:// or https://"),
    "another scheme": ("ftp://127.0.0.1", "the address does not begin with http:// or https://"),
}


@pytest.mark.parametrize("name", HOSTS)
@pytest.mark.parametrize("options", [{}, {"stream": True}, {"params": {"a": "b"}}], ids=["plain", "stream", "params"])
def test_each_request_of_a_host_that_is_none_is_a_failed_request(name: str, options: dict[str, Any]) -> None:
    host, message = HOSTS[name]
    user = RecordedUser(host)
    check(user, user.client.get("/path", **options), message)


def test_a_host_that_is_set_later_counts(server: ScriptedServer) -> None:
    user = RecordedUser("http://[::1")
    user.client.get("/path")
    user.client.base_url = server.url
    assert user.client.get("/path").status_code == 200
    assert user.kinds == ["invalid_request", ""]


def test_a_name_is_reported_as_text(user: RecordedUser) -> None:
    user.client.get("/path", name=5)
    user.client.get("http://[", name="own")
    assert [event["name"] for event in user.events] == ["5", "own"]


def unencodable() -> UnicodeEncodeError:
    return UnicodeEncodeError("latin-1", f"{SECRET}→", 7, 8, "ordinal not in range(256)")


@pytest.mark.parametrize(
    ("explain", "message"),
    [
        (invalid_request, "a text cannot be encoded as latin-1"),
        (invalid_host, "the user name or the password of the host has a character that is not latin-1"),
    ],
)
def test_a_text_that_cannot_be_encoded_is_not_shown(
    explain: Callable[[BaseException], InvalidRequestError], message: str
) -> None:
    assert str(explain(unencodable())) == message
