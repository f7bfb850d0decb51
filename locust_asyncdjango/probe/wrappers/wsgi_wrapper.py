"""The wrapper around a WSGI application."""

from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from time import perf_counter
from typing import Any
from urllib.parse import unquote

from ..hooks.exceptions import note_exception
from ..pages.router import Pages
from ..protocol import DETAILS_HEADER, NAME_HEADER, PATH_PREFIX, SENT_HEADER, TOKEN_HEADER, environ_key
from ..recording.ledger import Ledger
from ..recording.record import CURRENT, RequestRecord
from .failure_headers import failure_headers
from .token import Token

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]


_TOKEN, _SENT, _NAME, _DETAILS = map(environ_key, (TOKEN_HEADER, SENT_HEADER, NAME_HEADER, DETAILS_HEADER))


class WSGIWrapper:
    """Call the project's application, record its requests, and answer for the probe's own pages."""

    def __init__(self, application: Application, token: Token, ledger: Ledger, pages: Pages) -> None:
        self._application = application
        self._token = token
        self._ledger = ledger
        self._pages = pages

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Respond to one request. Requests without the token of this start go to the application as they are."""
        if not self._token.is_right(environ.get(_TOKEN, "").encode("latin-1", "replace")):
            return self._application(environ, start_response)
        path = environ.get("PATH_INFO", "")
        if path.startswith(PATH_PREFIX) and self._pages.has(path, environ["REQUEST_METHOD"]):
            status, body = self._pages.respond(path, environ.get("QUERY_STRING", ""))
            start_response(f"{status} {HTTPStatus(status).phrase}", self._pages.headers(body))
            return [body]
        return self._record(environ, start_response)

    def _record(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        name = unquote(environ.get(_NAME, ""))
        record = self._ledger.begin(name, environ["REQUEST_METHOD"], environ.get(_SENT, ""))

        def start_named_response(status: str, headers: list[tuple[str, str]], *exc_info: Any) -> Any:
            record.status = int(status[:3])
            if record.status >= 400:
                headers = [*headers, *failure_headers(record, wants_details=_DETAILS in environ)]
            return start_response(status, headers, *exc_info)

        CURRENT.set(record)
        try:
            result = self._application(environ, start_named_response)
        except BaseException as error:
            self._end_broken(record, error)
            raise
        finally:
            CURRENT.set(None)
        if _is_whole(result, environ):
            self._ledger.end(record)
            return result
        record.pause(perf_counter())
        return RecordedBody(result, record, self._ledger)

    def _end_broken(self, record: RequestRecord, error: BaseException) -> None:
        note_exception(error, is_uncaught=True)
        record.is_broken = True
        self._ledger.end(record)


def _is_whole(result: Iterable[bytes], environ: Environ) -> bool:
    """Return whether a response needs no further code of the application, or must reach the server as it is.

    That is a response of Django that is no stream, a list, and a file that the server sends by itself (sendfile): a
    wrapper around it would be in the way.
    """
    if isinstance(result, (list, tuple)) or getattr(result, "streaming", None) is False:
        return True
    file_wrapper = environ.get("wsgi.file_wrapper")
    if isinstance(file_wrapper, type):
        return isinstance(result, file_wrapper)
    return file_wrapper is not None and hasattr(result, "read")


class RecordedBody:
    """The body of a stream. The time in which the application makes a part of it counts; that of sending does not."""

    def __init__(self, body: Iterable[bytes], record: RequestRecord, ledger: Ledger) -> None:
        self._body = body
        self._parts: Iterator[bytes] | None = None
        self._record = record
        self._ledger = ledger

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        record = self._record
        record.resume(perf_counter())
        CURRENT.set(record)
        try:
            # Here, because Django consumes the whole of an async stream in ``iter``.
            parts = self._parts = iter(self._body) if self._parts is None else self._parts
            return next(parts)
        except StopIteration:
            self._ledger.end(record)
            raise
        except BaseException as error:
            note_exception(error, is_uncaught=True)
            record.is_broken = True
            self._ledger.end(record)
            raise
        finally:
            CURRENT.set(None)
            record.pause(perf_counter())

    def close(self) -> None:
        """Close the application's response. The server calls it at the end, and when the client has gone away."""
        record = self._record
        record.is_disconnected = not record.has_ended
        try:
            close = getattr(self._body, "close", None)
            if close is not None:
                close()
        finally:
            self._ledger.end(record)
