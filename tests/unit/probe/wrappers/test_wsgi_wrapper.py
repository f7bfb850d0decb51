"""The wrapper around a WSGI application, over applications of the tests."""

import io
import json
from collections.abc import Callable, Iterable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from locust_asyncdjango.probe.event_loop.watch import LoopWatches
from locust_asyncdjango.probe.hooks.exceptions import note_exception
from locust_asyncdjango.probe.pages.router import Pages
from locust_asyncdjango.probe.protocol import DETAILS_HEADER, SLOTS_PATH
from locust_asyncdjango.probe.recording.ledger import Ledger
from locust_asyncdjango.probe.recording.record import CURRENT
from locust_asyncdjango.probe.wrappers.token import Token
from locust_asyncdjango.probe.wrappers.wsgi_wrapper import RecordedBody, WSGIWrapper

Application = Callable[..., Iterable[bytes]]
TOKEN = "t0ken"


class FileWrapper(io.BytesIO):
    """What a server calls to send a file by itself."""


class Server:
    """Calls a wrapped application as a server does, and keeps what it was sent."""

    def __init__(self, application: Application) -> None:
        self.ledger = Ledger()
        pages = Pages("wsgi", self.ledger, LoopWatches())
        self.application = WSGIWrapper(application, Token(TOKEN), self.ledger, pages)
        self.status = ""
        self.headers: list[tuple[str, str]] = []

    def call(self, path: Any = "/", token: Any = TOKEN, **environ: Any) -> Iterable[bytes]:
        """Return what the application returns."""
        fields = {"PATH_INFO": path, "REQUEST_METHOD": "GET", "HTTP_X_LOCUST_ASYNCDJANGO_TOKEN": token, **environ}
        return self.application(fields, self.start_response)

    def start_response(self, status: str, headers: list[tuple[str, str]], *_exc_info: Any) -> None:
        """Keep the head of the response."""
        self.status, self.headers = status, headers

    @property
    def sums(self) -> dict[str, Any]:
        """Return the figures of the only name."""
        (sums,) = self.ledger.as_json()["requests"]
        return dict(sums)


def responding(body: Iterable[bytes], status: str = "200 OK", error: Exception | None = None) -> Application:
    """Return an application that responds. error: raised and handled before, as Django does."""

    def application(_environ: Any, start_response: Any) -> Iterable[bytes]:
        if error is not None:
            note_exception(error)
        start_response(status, [("A", "b")])
        return body

    return application


def test_a_response_without_a_failure_is_as_it_was() -> None:
    body = [b"ok"]
    server = Server(responding(body))
    assert server.call(HTTP_X_LOCUST_ASYNCDJANGO_NAME="caf%C3%A9", HTTP_X_LOCUST_ASYNCDJANGO_SENT="1.0") is body
    assert (server.status, server.headers, CURRENT.get()) == ("200 OK", [("A", "b")], None)
    assert (server.sums["name"], server.sums["requests"], server.sums["failed"]) == ("café", 1, 0)


def test_a_failure_is_named_in_a_header() -> None:
    server = Server(responding([b"Server Error (500)"], "500 Internal Server Error", ValueError("a secret")))
    server.call()
    assert server.headers == [("A", "b"), ("X-Locust-Asyncdjango-Failure", "ValueError")]
    assert server.sums["failures"] == {"ValueError": 1}


ASKED = {"HTTP_X_LOCUST_ASYNCDJANGO_DETAILS": "wanted"}


@pytest.mark.parametrize(
    ("asked", "status", "error", "details"),
    [
        pytest.param(ASKED, "500 No", ValueError("no"), ["error=ValueError;text=no"], id="an exception"),
        pytest.param({}, "500 No", ValueError("no"), [], id="nobody asks"),
        pytest.param(ASKED, "404 No", KeyError("no"), ["error=KeyError;text=%27no%27"], id="one of a 404"),
        pytest.param(ASKED, "500 No", None, ["none"], id="an error without an exception"),
        pytest.param(ASKED, "404 No", None, [], id="a 404 without one"),
        pytest.param(ASKED, "200 OK", ValueError("no"), [], id="a success"),
    ],
)
def test_details_are_for_who_asks(asked: Any, status: str, error: Exception | None, details: list[str]) -> None:
    def application(environ: Any, start_response: Any) -> list[bytes]:
        if error is not None:
            note_exception(error, SimpleNamespace(META=environ))
        start_response(status, [])
        return []

    server = Server(application)
    server.call(**asked)
    assert [value for name, value in server.headers if name == DETAILS_HEADER] == details


def test_an_exception_that_ends_in_a_success_is_not_named() -> None:
    server = Server(responding([b"ok"], error=ValueError()))
    server.call()
    assert (server.headers, server.sums["failed"]) == ([("A", "b")], 0)


@pytest.mark.parametrize("token", ["", "another", "\xff\xfe"])
def test_a_request_without_the_token_goes_on_as_it_is(token: str) -> None:
    passed: list[Any] = []

    def application(environ: Any, start_response: Any) -> list[bytes]:
        passed.extend((environ["PATH_INFO"], start_response))
        return [b"the project's"]

    server = Server(application)
    assert server.call(SLOTS_PATH, token) == [b"the project's"]
    assert passed == [SLOTS_PATH, server.start_response]
    assert server.ledger.as_json()["requests"] == []


def test_a_page_of_the_probe() -> None:
    server = Server(responding([]))
    (body,) = server.call(SLOTS_PATH, QUERY_STRING="ms=0")
    assert server.status == "200 OK"
    assert ("Cache-Control", "no-store") in server.headers
    assert json.loads(body)["in_flight"] == 1
    (body,) = server.call(SLOTS_PATH, QUERY_STRING="ms=5001")
    assert (server.status, json.loads(body)) == (
        "400 Bad Request",
        {"detail": "ms must be a whole number from 0 to 5000"},
    )


@pytest.mark.parametrize(
    ("path", "method"), [("/.locust-asyncdjango/other", "GET"), (SLOTS_PATH, "POST"), ("/", "GET")]
)
def test_other_paths_and_methods_are_the_projects(path: str, method: str) -> None:
    assert Server(responding([b"the project's"])).call(path, REQUEST_METHOD=method) == [b"the project's"]


def test_an_exception_of_the_application_reaches_the_server() -> None:
    def application(_environ: Any, _start_response: Any) -> list[bytes]:
        raise KeyError("outside of Django")

    server = Server(application)
    with pytest.raises(KeyError, match="outside of Django"):
        server.call()
    assert (server.sums["failures"], CURRENT.get()) == ({"KeyError": 1}, None)
    assert server.ledger.as_json()["in_flight"]["now"] == 0


def test_a_stream_is_recorded_to_its_end() -> None:
    def parts() -> Iterator[bytes]:
        for part in (b"1", b"2"):
            record = CURRENT.get()
            assert record is not None
            record.events.append(("query", 0.5))
            yield part

    server = Server(responding(parts()))
    body = server.call()
    assert server.ledger.as_json()["in_flight"]["now"] == 1
    assert list(body) == [b"1", b"2"]
    assert (server.sums["queries"], server.sums["requests"], CURRENT.get()) == (2, 1, None)
    assert server.ledger.as_json()["in_flight"]["now"] == 0


def test_a_stream_that_breaks_is_a_failure(capsys: pytest.CaptureFixture[str]) -> None:
    def parts() -> Iterator[bytes]:
        yield b"1"
        raise ValueError("in the stream")

    server = Server(responding(parts()))
    with pytest.raises(ValueError, match="in the stream"):
        list(server.call())
    assert (server.sums["failed"], server.sums["failures"]) == (1, {"ValueError": 1})
    assert "probe> ValueError: in the stream" in capsys.readouterr().err


def test_a_client_that_leaves_a_stream_closes_the_record_and_the_body() -> None:
    closed = []

    class Body:
        def __iter__(self) -> Iterator[bytes]:
            yield from (b"1", b"2")

        def close(self) -> None:
            closed.append(True)

    server = Server(responding(Body()))
    body = server.call()
    assert isinstance(body, RecordedBody)
    assert next(body) == b"1"
    body.close()
    assert (closed, server.sums["disconnected"], server.sums["failed"]) == ([True], 1, 0)


def test_a_file_that_the_server_sends_is_passed_through() -> None:
    file = FileWrapper(b"content")
    server = Server(responding(file))
    assert server.call(**{"wsgi.file_wrapper": FileWrapper}) is file
    # uWSGI's is a function that returns the file itself.
    server = Server(responding(file))
    assert server.call(**{"wsgi.file_wrapper": lambda file, _size: file}) is file
    assert server.sums["requests"] == 1
