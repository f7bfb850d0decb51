"""What stands between an ASGI server and Django, with scripted messages."""

import asyncio
import json
from io import BytesIO
from typing import Any

import django
import django.core.handlers.asgi
import pytest

django.setup()

from target_site.entry import Message, Receive, Scope, Send, with_body_limit, with_lifespan  # noqa: E402
from target_site.shared import SharedByLoop  # noqa: E402

LIMIT = 10


def messages(*chunks: bytes) -> list[Message]:
    """A request's body as a server tells it."""
    told: list[Message] = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    return [*told, {"type": "http.request", "body": b"", "more_body": False}]


async def reading(_scope: Scope, receive: Receive, send: Send) -> None:
    """As Django does: reads the whole body, gives up when the client has gone, and then answers."""
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


def asked(application: Any, scope: Scope, received: list[Message]) -> list[Message]:
    """What an application sends."""
    sent: list[Message] = []

    async def receive() -> Message:
        return received.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(application(scope, receive, send))
    return sent


@pytest.mark.parametrize("headers", [[], [(b"content-length", b"10")]])
def test_a_body_within_the_limit_passes(headers: list[tuple[bytes, bytes]]) -> None:
    sent = asked(with_body_limit(reading, LIMIT), {"type": "http", "headers": headers}, messages(b"12345", b"67890"))
    assert [message.get("status") or message.get("body") for message in sent] == [200, b"1234567890"]


@pytest.mark.parametrize("headers", [[], [(b"content-length", b"11")]], ids=["chunked", "announced"])
def test_a_body_beyond_the_limit_is_refused(headers: list[tuple[bytes, bytes]]) -> None:
    sent = asked(with_body_limit(reading, LIMIT), {"type": "http", "headers": headers}, messages(b"123456", b"78901"))
    assert sent[0]["status"] == 413
    assert (b"content-type", b"application/problem+json") in sent[0]["headers"]
    assert json.loads(sent[1]["body"])["detail"] == "a body may have 10 bytes"
    assert len(sent) == 2


def test_the_end_of_the_lifespan_closes_what_is_shared() -> None:
    closed = []

    async def make() -> str:
        return "a pool"

    async def close(thing: str) -> None:
        closed.append(thing)

    shared = SharedByLoop(make, close)

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        async with shared.lent(
            django.core.handlers.asgi.ASGIRequest({"method": "GET", "path": "/"}, BytesIO())
        ) as thing:
            assert thing == "a pool"
        await with_lifespan(reading)(scope, receive, send)

    received: list[Message] = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent = asked(application, {"type": "lifespan"}, received)
    assert [message["type"] for message in sent] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert closed == ["a pool"]
