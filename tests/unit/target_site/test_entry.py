"""The wrappers between a server and Django, with scripted messages."""

import asyncio
import json
from io import BytesIO
from typing import Any

import pytest
from django.core.handlers.asgi import ASGIRequest

from target_site.entry import Message, Receive, Scope, Send, with_lifespan, with_limits, with_wsgi_limits
from target_site.resources import EventLoopResource

LIMIT = 10


def messages(*chunks: bytes) -> list[Message]:
    """Return the messages in which a server passes a request's body on."""
    body: list[Message] = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    return [*body, {"type": "http.request", "body": b"", "more_body": False}]


async def echo(_scope: Scope, receive: Receive, send: Send) -> None:
    """Read the whole body and send it back, or end when the client disconnects, as Django does."""
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body += message["body"]
        if not message["more_body"]:
            break
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


def call(application: Any, scope: Scope, received: list[Message]) -> list[Message]:
    """Return the messages that an application sends."""
    sent: list[Message] = []

    async def receive() -> Message:
        return received.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(application(scope, receive, send))
    return sent


@pytest.mark.parametrize("headers", [[], [(b"content-length", b"10")]])
def test_a_body_within_the_limit_passes(headers: list[tuple[bytes, bytes]]) -> None:
    sent = call(with_limits(echo, LIMIT), {"type": "http", "headers": headers}, messages(b"12345", b"67890"))
    assert [message.get("status") or message.get("body") for message in sent] == [200, b"1234567890"]


@pytest.mark.parametrize("headers", [[], [(b"content-length", b"11")]], ids=["chunked", "announced"])
def test_a_body_beyond_the_limit_is_refused(headers: list[tuple[bytes, bytes]]) -> None:
    sent = call(with_limits(echo, LIMIT), {"type": "http", "headers": headers}, messages(b"123456", b"78901"))
    assert sent[0]["status"] == 413
    assert (b"content-type", b"application/problem+json") in sent[0]["headers"]
    assert json.loads(sent[1]["body"])["detail"] == "a body may have 10 bytes"
    assert len(sent) == 2


@pytest.mark.parametrize("charset", ["hex", "rot13", "utf-7", '"undefined"', " idna"])
def test_a_charset_other_than_utf_8_is_refused(charset: str) -> None:
    content_type = f"text/plain; charset={charset}"
    scope = {"type": "http", "headers": [(b"content-type", content_type.encode())]}
    assert call(with_limits(echo, LIMIT), scope, [])[0]["status"] == 415
    assert call_wsgi({"CONTENT_TYPE": content_type})[0] == "415 Unsupported Media Type"


def test_wsgi_limits_refuse_the_same_bodies() -> None:
    assert call_wsgi({"CONTENT_LENGTH": "10", "CONTENT_TYPE": "text/plain; charset=UTF-8"})[0] == "200 OK"
    for length in ("11", "9" * 5000):
        status, body = call_wsgi({"CONTENT_LENGTH": length})
        # The reason phrase differs between versions of Python.
        assert (status.partition(" ")[0], json.loads(body)["detail"]) == ("413", "a body may have 10 bytes")


def call_wsgi(environ: dict[str, Any]) -> tuple[str, bytes]:
    """Return status and body of a WSGI application's response."""
    statuses = []

    def start_response(status: str, _headers: list[tuple[str, str]]) -> None:
        statuses.append(status)

    def application(_environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        return [b"ok"]

    body = b"".join(with_wsgi_limits(application, LIMIT)(environ, start_response))
    return statuses[0], body


def test_the_end_of_the_lifespan_closes_shared_resources() -> None:
    closed = []

    async def make() -> str:
        return "a pool"

    async def close(resource: str) -> None:
        closed.append(resource)

    shared = EventLoopResource(make, close)

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        async with shared.borrow(ASGIRequest({"method": "GET", "path": "/"}, BytesIO())) as resource:
            assert resource == "a pool"
        await with_lifespan(echo)(scope, receive, send)

    received: list[Message] = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent = call(application, {"type": "lifespan"}, received)
    assert [message["type"] for message in sent] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert closed == ["a pool"]
