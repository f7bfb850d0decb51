"""What stands between an ASGI server and Django, which knows no lifespan and stores a body of any size."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from target_site.problems import problem
from target_site.shared import close_all

Scope = dict[str, Any]
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


def with_lifespan(application: Application) -> Application:
    """Closes the pools and clients that requests share when the server shuts down."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await application(scope, receive, send)
            return
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await close_all()
        await send({"type": "lifespan.shutdown.complete"})

    return wrapped


def with_body_limit(application: Application, limit: int) -> Application:
    """Answers 413 to a body of more than limit bytes, as soon as that is known."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        received = _announced(scope)

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            if not announced:
                received += len(message.get("body", b""))
            # Django takes a client that has gone for the end of its work.
            return message if received <= limit else {"type": "http.disconnect"}

        announced = received > 0
        if received <= limit:
            await application(scope, counted if not announced else receive, send)
        if received > limit:
            await _too_large(limit, send)

    return wrapped


def _announced(scope: Scope) -> int:
    """The Content-Length, 0 where there is none."""
    length = next((value for name, value in scope.get("headers", ()) if name == b"content-length"), b"")
    return int(length) if length.isdigit() else 0


async def _too_large(limit: int, send: Send) -> None:
    answer = problem(413, "Content Too Large", detail=f"a body may have {limit} bytes")
    headers = [(name.lower().encode(), value.encode()) for name, value in answer.items()]
    await send({"type": "http.response.start", "status": answer.status_code, "headers": headers})
    await send({"type": "http.response.body", "body": answer.content})
