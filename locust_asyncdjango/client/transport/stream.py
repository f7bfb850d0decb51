"""Responses whose body is read on demand (``stream=True``), from a connection that they borrow from a pool.

geventhttpclient's response class parses them and has the methods that locustfiles know. What it reads from is ours,
with a deadline and a limit for each read. Start reading at StreamedResponse.
"""

from collections.abc import Callable
from typing import Any

from gevent import get_hub
from gevent.monkey import get_original
from geventhttpclient.response import HTTPConnectionClosed, HTTPParseError, HTTPSocketResponse

from locust_asyncdjango.client.http11 import MAX_BODY_BYTES, MAX_HEAD_BYTES

_thread_ident: Any = get_original("threading", "get_ident")


class Loan:
    """A connection that a streamed response has borrowed. It is the response's socket."""

    def __init__(self, connection: Any, give_back: Callable[[bool, bool], None]) -> None:
        """Take a connection. give_back: gets whether it can be kept, and whether surplus bytes came."""
        self._connection = connection
        self._give_back = give_back
        self._hub = get_hub()

    def begin_read(self) -> None:
        """Begin a read by the locustfile, which has a deadline and a limit of its own."""
        self._connection.begin_read()

    def recv(self, _size: int) -> bytes:
        """Return the next bytes, b"" at the end. Raise OSError (also TimeoutError) and HTTPParseError."""
        if self._connection.received > MAX_HEAD_BYTES + MAX_BODY_BYTES:
            raise HTTPParseError(f"one read of more than {MAX_BODY_BYTES} bytes of a body: read it in pieces")
        received: bytes = self._connection.receive()
        return received

    def end(self, keep: bool, surplus: bool) -> None:
        """Give the connection back. Thread-safe: the garbage collector may call it from any thread."""
        if _thread_ident() == self._hub.thread_ident:
            self._give_back(keep, surplus)
        else:
            self._hub.loop.run_callback_threadsafe(self._give_back, keep, surplus)


class StreamedResponse(HTTPSocketResponse):
    """A response of which the head has come. It gives its connection back at the end of its body, or when released."""

    _loan: Loan | None = None
    _final_status = 0
    _surplus = False
    _without_body = 0
    """Bytes that have arrived since the last ones of the body."""

    def __init__(self, method: str) -> None:
        """Make a response without a head. method: of the request."""
        super(HTTPSocketResponse, self).__init__(method=method)
        self._sock = None
        self.block_size = self.DEFAULT_BLOCK_SIZE

    def borrow(self, loan: Loan) -> None:
        """Take the connection to read the body from."""
        self._sock = self._loan = loan
        loan.begin_read()
        if self._final_status:
            self.release()

    def get_code(self) -> int:
        """Return the status of the final response, once it is complete; before that, the status of the last head."""
        return self._final_status or super().get_code()

    def feed(self, data: str | bytes) -> None:
        """Parse received bytes. Those after the whole response spoil the connection, not the response."""
        before = len(self._body_buffer)
        try:
            super().feed(data)
        except HTTPParseError:
            if not self._final_status:
                raise
            self._surplus = True
        if self._final_status:
            self.release()
        grew = len(self._body_buffer) > before or not self.headers_complete
        self._without_body = 0 if grew else self._without_body + len(data)
        if self._without_body > MAX_HEAD_BYTES:
            raise HTTPParseError(f"more than {MAX_HEAD_BYTES} bytes of chunk extensions or trailers")

    def read(self, length: int | None = None) -> bytes:
        """Return so many bytes of the body; fewer at its end; all of it without a length."""
        self._begin_read()
        try:
            return super().read(length)
        except HTTPParseError:
            self._body_buffer.clear()  # it may be as long as it may be, and the response may be kept
            raise

    def readline(self, sep: bytes = b"\r\n") -> bytes:
        """Return the next line of the body with its end."""
        self._begin_read()
        return super().readline(sep)

    def release(self) -> None:
        """Give the connection back, closed if the body has not been read to its end."""
        loan, self._sock, self._loan = self._loan, None, None
        if loan is not None:
            loan.end(not (self._surplus or self.should_close()), self._surplus)

    def _begin_read(self) -> None:
        if self._loan is not None:
            self._loan.begin_read()

    # The parser calls the next methods.

    def _flush_header(self) -> None:
        if self.headers_complete:
            self._current_header_field = self._current_header_value = None  # of a trailer, which is not kept
        else:
            super()._flush_header()

    def _on_message_begin(self) -> None:
        if self._final_status:
            raise HTTPParseError("more than one response")
        super()._on_message_begin()

    def _on_message_complete(self) -> None:
        self.message_complete = True
        if super().get_code() >= 200:
            self._final_status = super().get_code()


class StreamReader:
    """Reads the head of a streamed response. A Connection uses it like a ResponseReader."""

    def __init__(self, method: str) -> None:
        """method: of the request."""
        self._response = StreamedResponse(method)
        self.received = 0
        """Bytes that have arrived."""

    def feed(self, data: bytes) -> StreamedResponse | None:
        """Take received bytes, and return the response once its head is complete. Raise HTTPParseError."""
        self.received += len(data)
        self._response.feed(data)
        if self._response.headers_complete and self._response.get_code() >= 200:
            return self._response
        if self.received > MAX_HEAD_BYTES:
            raise HTTPParseError(f"a response head of more than {MAX_HEAD_BYTES} bytes")
        return None

    def end(self) -> StreamedResponse:
        """Raise HTTPConnectionClosed: the connection has ended before the head."""
        where = "in the middle of a response" if self.received else "before a response came"
        raise HTTPConnectionClosed(f"the connection was closed {where}")
