"""The wrapper around an ASGI application."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import unquote

from ..event_loop.watch import LoopWatches
from ..hooks.exceptions import note_exception
from ..pages.router import Pages
from ..protocol import DETAILS_HEADER, NAME_HEADER, PATH_PREFIX, SENT_HEADER, TOKEN_HEADER
from ..recording.ledger import Ledger
from ..recording.record import CURRENT, RequestRecord
from .failure_headers import failure_headers
from .token import Token

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

_TOKEN, _SENT, _NAME, _DETAILS = (
    header.lower().encode() for header in (TOKEN_HEADER, SENT_HEADER, NAME_HEADER, DETAILS_HEADER)
)


class ASGIWrapper:
    """Call the project's application, record its requests, and answer for the probe's own pages."""

    def __init__(
        self, application: Application, token: Token, ledger: Ledger, pages: Pages, watches: LoopWatches
    ) -> None:
        self._application = application
        self._token = token
        self._ledger = ledger
        self._pages = pages
        self._watches = watches

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond to one request. All that is not HTTP, or lacks the token of this start, goes on as it is."""
        headers = dict(scope["headers"]) if scope["type"] == "http" else {}
        if not self._token.is_right(headers.get(_TOKEN, b"")):
            await self._application(scope, receive, send)
            return
        self._watches.watch_running_loop()
        path = scope["path"]
        if path.startswith(PATH_PREFIX) and self._pages.has(path, scope["method"]):
            await self._respond(path, scope, send)
        else:
            await self._record(scope, receive, send, headers)

    async def _respond(self, path: str, scope: Scope, send: Send) -> None:
        status, body = await self._pages.respond_async(path, scope.get("query_string", b"").decode("latin-1"))
        headers = [(name.lower().encode(), value.encode()) for name, value in self._pages.headers(body)]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _record(self, scope: Scope, receive: Receive, send: Send, headers: dict[bytes, bytes]) -> None:
        name = unquote(headers.get(_NAME, b"").decode("latin-1"))
        record = self._ledger.begin(name, scope["method"], headers.get(_SENT, b"").decode("latin-1"))

        async def send_recorded(message: Message) -> None:
            kind = message["type"]
            if kind == "http.response.start":
                record.status = message["status"]
                if record.status >= 400:
                    added = failure_headers(record, wants_details=_DETAILS in headers)
                    fields = ((name.lower().encode(), value.encode("ascii")) for name, value in added)
                    message = {**message, "headers": [*message.get("headers", ()), *fields]}
            elif kind == "http.response.body" and not message.get("more_body", False):
                # The client may ask for the figures as soon as it has the last byte.
                self._ledger.end(record)
            await send(message)

        CURRENT.set(record)
        try:
            await self._application(scope, receive, send_recorded)
        except BaseException as error:
            self._note_break(record, error)
            raise
        finally:
            self._end(record)

    def _note_break(self, record: RequestRecord, error: BaseException) -> None:
        if not isinstance(error, (asyncio.CancelledError, GeneratorExit)):
            note_exception(error, is_uncaught=True)
            record.is_broken = True

    def _end(self, record: RequestRecord) -> None:
        # Django returns, or is cancelled, where the client goes away before the last byte.
        if not record.has_ended:
            record.is_disconnected = not record.is_broken
            self._ledger.end(record)
        self._ledger.add_rest(record)
        # Not ``reset``: a coroutine that the garbage collector closes ends in another context.
        CURRENT.set(None)
