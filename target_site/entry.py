"""What stands between a server and Django: what would cost Django dearly is refused before it is looked at.

Django stores a body of any size on ASGI, and reads one with files whole into memory on WSGI; it takes the charset of
each request from the client, also one that makes it fail; and it knows no lifespan.
"""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from django.http import HttpResponse

from target_site.problems import problem
from target_site.resources import close_all

Scope = dict[str, Any]
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
WSGIApplication = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


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


def with_limits(application: Application, limit: int) -> Application:
    """Refuses what refusal() does, and a body without a length as soon as it has more than limit bytes."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope.get("headers", ()))
        length = headers.get(b"content-length", b"").decode("latin-1")
        refused = refusal(length, headers.get(b"content-type", b"").decode("latin-1"), limit)
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            # Django takes a client that has gone for the end of its work.
            return message if received <= limit else {"type": "http.disconnect"}

        if not refused:
            await application(scope, counted, send)
            refused = too_large(limit) if received > limit else None
        if refused:
            sent = [(name.lower().encode(), value.encode()) for name, value in refused.items()]
            await send({"type": "http.response.start", "status": refused.status_code, "headers": sent})
            await send({"type": "http.response.body", "body": refused.content})

    return wrapped


def with_wsgi_limits(application: WSGIApplication, limit: int) -> WSGIApplication:
    """Refuses what refusal() does. Of a body without a length Django reads nothing on WSGI."""

    def wrapped(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        refused = refusal(environ.get("CONTENT_LENGTH", ""), environ.get("CONTENT_TYPE", ""), limit)
        if not refused:
            return application(environ, start_response)
        start_response(f"{refused.status_code} {refused.reason_phrase}", list(refused.items()))
        return [refused.content]

    return wrapped


def refusal(content_length: str, content_type: str, limit: int) -> HttpResponse | None:
    """The answer to a body that is announced as too large, or in a charset other than UTF-8; None to others."""
    if content_length.isdigit() and (len(content_length) > len(str(limit)) or int(content_length) > limit):
        return too_large(limit)
    charset = re.search(r"charset\s*=\s*[\"']?([^\s;\"']*)", content_type, re.IGNORECASE)
    if charset and charset[1].lower() not in ("utf-8", "utf8"):
        return problem(415, "Unsupported Media Type", detail="the charset must be utf-8")
    return None


def too_large(limit: int) -> HttpResponse:
    """The answer to a body of more than limit bytes."""
    return problem(413, "Content Too Large", detail=f"a body may have {limit} bytes")
