"""The wrapper around an ASGI application, over applications of the tests."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from locust_asyncdjango.probe.event_loop.watch import LoopWatches
from locust_asyncdjango.probe.hooks.exceptions import note_exception
from locust_asyncdjango.probe.pages.router import Pages
from locust_asyncdjango.probe.protocol import SLOTS_PATH
from locust_asyncdjango.probe.recording.ledger import Ledger
from locust_asyncdjango.probe.recording.record import CURRENT
from locust_asyncdjango.probe.wrappers.asgi_wrapper import ASGIWrapper
from locust_asyncdjango.probe.wrappers.token import Token

Application = Callable[..., Any]
TOKEN = "t0ken"


class Server:
    """Calls a wrapped application as a server does, and keeps what it was sent."""

    def __init__(self, application: Application) -> None:
        self.ledger, watches = Ledger(), LoopWatches()
        pages = Pages("asgi", self.ledger, watches)
        self.application = ASGIWrapper(application, Token(TOKEN), self.ledger, pages, watches)
        self.messages: list[dict[str, Any]] = []
        self.sums_at_last_message: list[Any] = []

    def call(self, path: str = "/", token: str = TOKEN, **scope: Any) -> None:
        """Call the application in a loop of its own."""
        headers = [(b"x-locust-asyncdjango-token", token.encode("latin-1")), *scope.pop("headers", ())]
        fields = {"type": "http", "path": path, "method": "GET", "query_string": b"", "headers": headers, **scope}
        asyncio.run(self.application(fields, self.receive, self.send))

    async def receive(self) -> dict[str, Any]:
        """Nothing comes."""
        raise AssertionError

    async def send(self, message: dict[str, Any]) -> None:
        """Keep a message."""
        self.messages.append(message)
        self.sums_at_last_message = self.ledger.as_json()["requests"]

    @property
    def sums(self) -> dict[str, Any]:
        """Return the figures of the only name."""
        (sums,) = self.ledger.as_json()["requests"]
        return dict(sums)


def responding(*parts: bytes, status: int = 200, error: Exception | None = None) -> Application:
    """Return an application that responds in parts. error: raised and handled before, as Django does."""

    async def application(_scope: Any, _receive: Any, send: Any) -> None:
        if error is not None:
            note_exception(error)
        await send({"type": "http.response.start", "status": status, "headers": [(b"a", b"b")]})
        for part in parts[:-1]:
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": parts[-1]})

    return application


def test_a_response_without_a_failure_is_as_it_was() -> None:
    server = Server(responding(b"1", b"2"))
    server.call(headers=[(b"x-locust-asyncdjango-name", b"caf%C3%A9")])
    assert server.messages == [
        {"type": "http.response.start", "status": 200, "headers": [(b"a", b"b")]},
        {"type": "http.response.body", "body": b"1", "more_body": True},
        {"type": "http.response.body", "body": b"2"},
    ]
    assert (server.sums["name"], server.sums["requests"], server.sums["failed"]) == ("café", 1, 0)


def test_a_request_has_ended_before_its_last_byte_is_sent() -> None:
    server = Server(responding(b"1"))
    server.call()
    assert [sums["requests"] for sums in server.sums_at_last_message] == [1]


def test_a_failure_is_named_in_a_header() -> None:
    server = Server(responding(b"", status=500, error=ValueError("a secret")))
    server.call()
    assert server.messages[0]["headers"] == [(b"a", b"b"), (b"x-locust-asyncdjango-failure", b"ValueError")]
    assert server.sums["failures"] == {"ValueError": 1}


@pytest.mark.parametrize(
    "scope",
    [{"token": "another"}, {"token": ""}, {"type": "websocket"}, {"type": "lifespan"}],
)
def test_all_else_goes_on_as_it_is(scope: dict[str, Any]) -> None:
    passed: list[Any] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        passed.extend((scope["path"], receive, send, CURRENT.get()))

    server = Server(application)
    server.call(SLOTS_PATH, **scope)
    assert passed == [SLOTS_PATH, server.receive, server.send, None]
    assert server.ledger.as_json()["requests"] == []


def test_a_page_of_the_probe() -> None:
    server = Server(responding(b""))
    server.call(SLOTS_PATH, query_string=b"ms=0")
    start, body = server.messages
    assert (start["status"], json.loads(body["body"])["in_flight"]) == (200, 1)
    assert (b"cache-control", b"no-store") in start["headers"]


@pytest.mark.parametrize(("asked", "details"), [([(b"x-locust-asyncdjango-details", b"wanted")], [b"none"]), ([], [])])
def test_details_are_for_who_asks(asked: Any, details: list[bytes]) -> None:
    server = Server(responding(b"", status=500))
    server.call(headers=asked)
    assert server.messages[0]["headers"] == [
        (b"a", b"b"),
        *((b"x-locust-asyncdjango-details", each) for each in details),
    ]


def test_an_exception_after_the_response_began_is_a_failure(capsys: pytest.CaptureFixture[str]) -> None:
    async def application(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200})
        raise ValueError("in the stream")

    server = Server(application)
    with pytest.raises(ValueError, match="in the stream"):
        server.call()
    assert (server.sums["failed"], server.sums["failures"]) == (1, {"ValueError": 1})
    assert "probe> ValueError: in the stream" in capsys.readouterr().err


@pytest.mark.parametrize("error", [None, asyncio.CancelledError()])
def test_a_client_that_goes_away_is_no_failure(error: BaseException | None) -> None:
    async def application(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200})
        if error is not None:
            raise error

    server = Server(application)
    if error is None:
        server.call()
    else:
        with pytest.raises(asyncio.CancelledError):
            server.call()
    assert (server.sums["disconnected"], server.sums["failed"]) == (1, 0)
    assert server.ledger.as_json()["in_flight"]["now"] == 0


def test_calls_into_threads_are_counted_also_after_the_last_byte() -> None:
    async def application(_scope: Any, _receive: Any, send: Any) -> None:
        await asyncio.to_thread(len, "")
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": b""})
        await asyncio.to_thread(len, "")

    server = Server(application)
    server.call()
    assert (server.sums["requests"], server.sums["hops"]) == (1, 2)


def test_the_record_is_that_of_each_request() -> None:
    records = set()

    async def application(_scope: Any, _receive: Any, _send: Any) -> None:
        records.add(CURRENT.get())
        await asyncio.sleep(0)
        records.add(CURRENT.get())

    server = Server(application)
    scope = {"type": "http", "path": "/", "method": "GET", "headers": [(b"x-locust-asyncdjango-token", b"t0ken")]}

    async def both() -> None:
        await asyncio.gather(*(server.application(scope, server.receive, server.send) for _ in range(2)))

    asyncio.run(both())
    assert len(records) == 2
