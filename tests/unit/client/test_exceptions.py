"""Failures as exceptions, and what request events tell."""

import errno
import weakref
from collections.abc import Callable
from typing import Any

import brotli
import gevent
import gevent.socket
import pytest
import requests
from gevent.server import StreamServer
from locust import FastHttpUser, HttpUser
from locust.exception import CatchResponseError

from locust_asyncdjango.client import exceptions
from locust_asyncdjango.client.exceptions import (
    FailedRequestError,
    failure_from_event,
    make_error,
    response_body,
    response_status,
    sample_fields,
    unreported_request,
    wrap_exception,
)
from locust_asyncdjango.failures.classify import DEFAULT_CLASSIFIER
from locust_asyncdjango.failures.counts import MESSAGES_LIMIT
from locust_asyncdjango.failures.model import Failure
from tests.support.recorded_user import RecordedUser


def failure(message: str, kind: str = "app_error") -> Failure:
    return Failure(kind, "server", message, "")


def test_each_kind_has_a_class_whose_name_opentelemetry_takes() -> None:
    error = make_error("/", failure("too many", "db_too_many_clients"), 500)
    assert type(error).__name__ == "db_too_many_clients"
    assert type(error) is type(make_error("/", failure("x", "db_too_many_clients"), 503))
    assert type(error) is not type(make_error("/", failure("too many"), 500))
    assert isinstance(error, FailedRequestError)
    assert (repr(error), str(error), error.code) == ("db_too_many_clients: too many",) * 2 + (500,)


def test_locusts_table_gets_a_bounded_number_of_messages_and_they_stay_the_same() -> None:
    DEFAULT_CLASSIFIER.start_run()
    errors = [make_error("/", failure(f"message {n}"), 500) for n in range(MESSAGES_LIMIT + 100)]
    shown = [repr(error) for error in errors]
    assert len(set(shown)) == MESSAGES_LIMIT + 1
    assert shown[-1] == "app_error: other"
    assert [repr(error) for error in errors] == shown
    assert errors[-1].failure.message == f"message {MESSAGES_LIMIT + 99}"
    DEFAULT_CLASSIFIER.start_run()
    assert repr(errors[-1]) == f"app_error: message {MESSAGES_LIMIT + 99}"


def test_what_a_client_raised_keeps_no_request_or_response_alive() -> None:
    class Body:
        pass

    def send() -> weakref.ref[Body]:
        body = Body()
        try:
            raise TimeoutError
        except TimeoutError:
            # A second one with the first as its context.
            reference = weakref.ref(body)
            raise ConnectionResetError(reference) from None

    try:
        send()
    except ConnectionResetError as raised:
        error = wrap_exception("/", raised)
    assert isinstance(error.__cause__, ConnectionResetError)
    assert error.__cause__.args[0]() is None


class Response:
    """Any client's."""

    def __init__(self, **attributes: Any) -> None:
        self.__dict__.update(attributes)


class BrokenResponse:
    status_code = property(lambda _self: 1 / 0)


REFUSED = ConnectionRefusedError(errno.ECONNREFUSED, "x")
FULL = Response(status_code=500, headers={}, content=b"sorry, too many clients already")


@pytest.mark.parametrize(
    ("exception", "response", "kind"),
    [
        pytest.param(make_error("/", failure("x", "timeout"), 0), None, "timeout", id="named already"),
        pytest.param(ValueError("500"), FULL, "db_too_many_clients", id="a client of any kind"),
        pytest.param(requests.HTTPError("500", response=FULL), None, "db_too_many_clients", id="its answer with it"),
        pytest.param("no good", Response(status_code=200), "check_failed", id="a string for an exception"),
        pytest.param(
            CatchResponseError("x"), Response(status_code=0, error=REFUSED), "connect_refused", id="no answer"
        ),
        pytest.param(CatchResponseError("x"), Response(status_code=0), "check_failed", id="nobody knows why"),
        pytest.param(
            CatchResponseError("x"),
            Response(status_code=0, error=exceptions.wrap_exception("/", REFUSED)),
            "connect_refused",
            id="no answer, and named",
        ),
        pytest.param(
            ValueError("x"), Response(status_code=500, _content=False, content=None), "app_error", id="unread"
        ),
        pytest.param(ValueError("x"), Response(status_code="503", content="busy"), "unavailable_503", id="as text"),
        pytest.param(ValueError("x"), BrokenResponse(), "no_response", id="a response that cannot be read"),
        pytest.param(ValueError("x"), None, "no_response", id="no answer, and nothing known"),
    ],
)
def test_the_kind_of_a_request_event(exception: Any, response: Any, kind: str) -> None:
    assert failure_from_event(exception, response).kind == kind


@pytest.mark.parametrize(
    ("status", "read"), [(503, 503), ("503", 503), (None, 0), ("soon", 0)], ids=["number", "text", "none", "no number"]
)
def test_the_status_of_any_response(status: Any, read: int) -> None:
    assert response_status(Response(status_code=status)) == read


@pytest.mark.parametrize(
    ("response", "body"),
    [
        pytest.param(Response(content=b"a"), b"a", id="bytes"),
        pytest.param(Response(content="\xe4"), b"\xc3\xa4", id="text"),
        pytest.param(Response(_content=False, content=b"never read"), b"", id="a stream of requests"),
        pytest.param(Response(content=7), b"", id="no content"),
        pytest.param(None, b"", id="no response"),
    ],
)
def test_the_body_of_any_response(response: Any, body: bytes) -> None:
    assert response_body(response) == body


def test_a_sample_shows_the_request_and_the_error_behind_the_failure() -> None:
    error = exceptions.wrap_exception("/", REFUSED)
    assert sample_fields(None, error, Response(status_code=500, url="http://a/", content=b"busy")) == {
        "url": "http://a/",
        "status": 500,
        "exception": repr(REFUSED),
        "body": b"busy",
    }
    assert sample_fields("/", make_error("/", failure("x"), 500), None) == {
        "url": "/",
        "status": 0,
        "exception": "",
        "body": b"",
    }


HEAD = b"HTTP/1.1 500 X\r\nContent-Type: text/plain\r\n\r\n"


def test_the_error_for_a_status() -> None:
    error = exceptions.status_error("/", 500, HEAD, b"FATAL:  sorry, too many clients already")
    assert (error.failure.kind, error.code, error.url) == ("db_too_many_clients", 500, "/")


def test_a_status_that_only_locust_does_not_take_for_a_success() -> None:
    error = exceptions.status_error("/", 299, HEAD, b"")
    assert (error.failure.kind, error.code) == ("check_failed", 299)


def raised_by(call: Callable[[Any], Any], user_class: type[FastHttpUser | HttpUser]) -> BaseException:
    """Return what a call of a session raises in the task of a user."""
    user = RecordedUser("http://127.0.0.1:1", user_class)
    with pytest.raises(Exception) as raised:  # noqa: PT011  # of any class
        call(user.client)
    assert user.events == []
    return raised.value


@pytest.mark.parametrize("user_class", [FastHttpUser, HttpUser])
@pytest.mark.parametrize(
    ("call", "name", "url"),
    [
        pytest.param(
            lambda client: client.get("http://me:hunter2@[::1/", name="own"),
            "own",
            "http://***@[::1/",
            id="an address",
        ),
        pytest.param(
            lambda client: client.get("/path", auth=("me", "hunter2→")), "/path", "http://127.0.0.1:1/path", id="auth"
        ),
        pytest.param(lambda client: client.post("/path", json={1}), "/path", "http://127.0.0.1:1/path", id="JSON"),
    ],
)
def test_a_request_of_a_stock_user_that_raises_has_an_event(
    user_class: type[FastHttpUser | HttpUser], call: Callable[[Any], Any], name: str, url: str
) -> None:
    event = unreported_request(raised_by(call, user_class))
    assert event is not None
    assert (event["name"], event["url"], event["response_length"]) == (name, url, 0)
    assert (event["exception"].failure.kind, type(event["response_time"])) == ("invalid_request", float)
    assert "hunter2" not in repr((event, event["exception"].__cause__))


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (MemoryError("Unable to allocate output buffer."), "client_exhausted"),
        (brotli.error("brotli: decoder failed"), "protocol_error"),
    ],
)
def test_a_body_that_a_stock_user_cannot_decode_is_no_invalid_request(
    monkeypatch: pytest.MonkeyPatch, error: Exception, kind: str
) -> None:
    def fail(*_arguments: object, **_options: object) -> None:
        raise error

    def call(client: Any) -> None:
        monkeypatch.setattr(client, "_send_request_safe_mode", fail)
        client.get("/path")

    event = unreported_request(raised_by(call, FastHttpUser))
    assert event is not None
    assert event["exception"].failure.kind == kind


class OwnError(Exception):
    """What a locustfile throws into a request that waits."""


def test_an_error_that_ends_the_wait_of_a_stock_user_is_no_invalid_request() -> None:
    def throw_in(accepted: gevent.socket.socket, _address: Any) -> None:
        accepted.recv(1)
        gevent.get_hub().loop.run_callback(task.throw, OwnError("hunter2"))

    task: Any = gevent.getcurrent()
    server = StreamServer(("127.0.0.1", 0), throw_in)
    server.start()
    url = f"http://127.0.0.1:{server.server_port}/path"
    event = unreported_request(raised_by(lambda client: client.get(url), FastHttpUser))
    server.stop()
    assert event is not None
    failed = event["exception"].failure
    assert (failed.kind, failed.message) == ("timeout", "TimeoutError: OwnError ended the request while it waited")


def test_what_no_request_raised_has_no_event() -> None:
    with pytest.raises(ValueError, match="invalid literal") as raised:
        int("x")
    assert unreported_request(raised.value) is None
