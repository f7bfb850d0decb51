"""Wrappers between a server and Django, which asgi.py and wsgi.py apply.

with_limits and with_wsgi_limits refuse requests that would cost Django a lot before it looks at them: on ASGI Django
stores a body of any size, and on WSGI it reads a body with files into memory. It also decodes a body with any charset
that the client names, and fails on some. with_lifespan closes shared resources at shutdown, for Django ignores the
lifespan protocol.
"""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from django.http import HttpResponse

from target_site.problems import problem_response
from target_site.resources import REGISTRY

Scope = dict[str, Any]
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
WSGIApplication = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def with_lifespan(application: Application) -> Application:
    """Return an ASGI application that closes shared connection pools and clients when the server shuts down."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await application(scope, receive, send)
            return
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await REGISTRY.close_all()
        await send({"type": "lifespan.shutdown.complete"})

    return wrapped


def with_limits(application: Application, limit: int) -> Application:
    """Return an ASGI application that refuses large bodies and other charsets than UTF-8 (see check_body_headers).

    limit: bytes. A body without a length is refused as soon as more than limit bytes have arrived.
    """

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope.get("headers", ()))
        length = headers.get(b"content-length", b"").decode("latin-1")
        refusal = check_body_headers(length, headers.get(b"content-type", b"").decode("latin-1"), limit)
        received = 0

        async def receive_counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            # Django ends its work when the client disconnects.
            return message if received <= limit else {"type": "http.disconnect"}

        if not refusal:
            await application(scope, receive_counted, send)
            refusal = content_too_large(limit) if received > limit else None
        if refusal:
            response_headers = [(name.lower().encode(), value.encode()) for name, value in refusal.items()]
            await send({"type": "http.response.start", "status": refusal.status_code, "headers": response_headers})
            await send({"type": "http.response.body", "body": refusal.content})

    return wrapped


def with_wsgi_limits(application: WSGIApplication, limit: int) -> WSGIApplication:
    """Return a WSGI application that refuses large bodies and other charsets than UTF-8 (see check_body_headers).

    limit: bytes. A body without a length needs no limit: on WSGI Django does not read it.
    """

    def wrapped(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        refusal = check_body_headers(environ.get("CONTENT_LENGTH", ""), environ.get("CONTENT_TYPE", ""), limit)
        if not refusal:
            return application(environ, start_response)
        start_response(f"{refusal.status_code} {refusal.reason_phrase}", list(refusal.items()))
        return [refusal.content]

    return wrapped


def check_body_headers(content_length: str, content_type: str, limit: int) -> HttpResponse | None:
    """Return the response that refuses a body: 413 above limit bytes, 415 for a charset other than UTF-8; else None."""
    if content_length.isdigit() and (len(content_length) > len(str(limit)) or int(content_length) > limit):
        return content_too_large(limit)
    charset = re.search(r"charset\s*=\s*[\"']?([^\s;\"']*)", content_type, re.IGNORECASE)
    if charset and charset[1].lower() not in ("utf-8", "utf8"):
        return problem_response(415, "Unsupported Media Type", detail="the charset must be utf-8")
    return None


def content_too_large(limit: int) -> HttpResponse:
    """Return the response to a body of more than limit bytes."""
    return problem_response(413, "Content Too Large", detail=f"a body may have {limit} bytes")
