"""One connection to a server: a socket that is kept open, and the deadline of each response on it.

gevent's own socket tries to receive before it waits, and starts and stops a watcher and a Timeout for each wait. Here a
connection starts its watchers once. The watcher for incoming bytes wakes the greenlet that waits for a response. If the
connection is idle, it notes that the connection can no longer be used. The timer checks the deadline once per timeout,
and is not restarted for each request (libev's manual: "Be smart about timeouts").
"""

import select
import ssl
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from itertools import chain
from typing import Any, Self

import gevent.socket
from gevent import get_hub, getcurrent, monkey
from geventhttpclient.response import HTTPConnectionClosed

from locust_asyncdjango.client.http11 import HeadResponseReader, ResponseReader
from locust_asyncdjango.client.transport.opening import Endpoint, open_socket
from locust_asyncdjango.client.transport.stream import StreamReader
from locust_asyncdjango.client.transport.tls import RECEIVE_BYTES, TlsSession, TlsSocket

READ, WRITE = 1, 2
MIN_BYTES_PER_S = 1000
"""The timeout grows by a second for each so many bytes received, because a large response may take longer than it.

So it does for bytes sent, but never to more than the whole timeout from now.
"""

MAX_SURPLUS_READS = 16
"""Reads until bytes that were not requested count as endless."""

PEER_CLOSED_ERRORS = (BrokenPipeError, ConnectionResetError)
"""Raised while a request is sent. There may be a response: a server may refuse a long request before it has read it."""

_socket: Any = monkey.get_original("socket", "socket")
_poll: Any = monkey.get_original("select", "poll")
_thread_ident: Any = monkey.get_original("threading", "get_ident")


class PlainSocket(_socket):  # type: ignore[misc]  # it is of any type
    """A socket without TLS, which gevent has not patched. See TlsSocket for what both have."""

    ended = False
    buffered = b""

    def absorb(self) -> bool:
        """Return False: whatever comes on an idle connection is a disturbance."""
        return False


class _Progress:
    """Counts the bytes of one read of a streamed body."""

    received = 0


class Connection:
    """One open connection, for one greenlet at a time. Its owner has to close it: the garbage collector does not."""

    def __init__(
        self,
        connected: gevent.socket.socket,
        timeout_s: float,
        *,
        session: TlsSession | None = None,
        hub: Any = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take over a socket.

        connected: an open socket. timeout_s: ``network_timeout_s`` of an Endpoint. session: the socket's TLS session.
        hub, clock: tests replace them.
        """
        plain = PlainSocket(connected.family, connected.type, connected.proto, fileno=connected.detach())
        plain.settimeout(0)
        self._socket: Any = plain if session is None else TlsSocket(plain, session)
        self._timeout_s = timeout_s
        self._clock = clock
        self._receiver: Any = None
        self._started_s = 0.0
        self._reader = ResponseReader()
        self._current_reader: Any = self._reader
        self.undisturbed = True
        """False as soon as the event loop notices bytes, or the end of the connection, while the connection is idle."""
        readiness = _poll()
        readiness.register(self._socket.fileno(), select.POLLIN)
        self._poll = readiness.poll
        self._hub = hub or get_hub()
        self._readable = self._hub.loop.io(self._socket.fileno(), READ)
        self._readable.start(self._on_readable)
        self._start_timer(timeout_s)

    @classmethod
    def open(cls, endpoint: Endpoint) -> Self:
        """Connect to an endpoint. Raise OSError, of which TimeoutError is one, and ValueError."""
        connected, session = open_socket(endpoint)
        return cls(connected, endpoint.network_timeout_s, session=session)

    def is_quiet(self) -> bool:
        """Return whether nothing has arrived since the last response: no bytes, and not the end of the connection.

        It costs a system call: the event loop may not have run since then, so that ``undisturbed`` is not enough.
        """
        if self._poll(0) and not self._socket.absorb():
            return False
        return self.undisturbed and not self._socket.ended

    def has_surplus(self) -> bool:
        """Return whether the peer of a connection that is not quiet has sent bytes, and not closed the connection.

        A server that closes it may say why, as with status 408. Empty lines do not count: no response begins with them.
        The bytes are read, so that the connection can only be closed.
        """
        has_bytes = False
        with suppress(BlockingIOError):
            for _ in range(MAX_SURPLUS_READS):
                try:
                    received = self._socket.recv(RECEIVE_BYTES)
                except (ConnectionError, HTTPConnectionClosed, ssl.SSLError):
                    return False
                if not received:
                    return False
                has_bytes = has_bytes or not received.isspace()
        return has_bytes

    @property
    def received(self) -> int:
        """Bytes that have arrived of the response; of a streamed one, in the current read."""
        received: int = self._current_reader.received
        return received

    def send(
        self, request: bytes, bodyless: bool, body: Iterable[bytes] = (), stream: StreamReader | None = None
    ) -> Any:
        """Send a whole request and return its response.

        bodyless: the response has no body, whatever its head says, as with HEAD. body: what follows the request, in
        pieces. stream: returns the response when its head has come; then ``receive`` returns what follows.
        Raise OSError (also TimeoutError) and HTTPParseError. After an exception the connection can only be closed.
        """
        self._current_reader = reader = stream or (HeadResponseReader() if bodyless else self._reader)
        self._started_s = self._clock()
        try:
            sent = self._socket.send(request)
        except BlockingIOError:
            sent = 0
        except PEER_CLOSED_ERRORS:
            sent = len(request)
        if sent < len(request) or body:
            self._send_pieces(chain([memoryview(request)[sent:]], body))
        self._receiver = getcurrent()
        try:
            while True:
                if not self._socket.buffered:
                    self._hub.switch()
                try:
                    data = self._socket.recv(RECEIVE_BYTES)
                except BlockingIOError:
                    continue
                response: Any = reader.feed(data) if data else reader.end()
                if response is None and self._socket.ended:
                    response = reader.end()
                if response is not None:
                    break
        finally:
            self._receiver = None
        if stream is not None:
            self._readable.stop()
        return response

    def begin_read(self) -> None:
        """Begin a read of a streamed body, with a deadline and a count of its own."""
        self._current_reader = _Progress()
        self._started_s = self._clock()

    def receive(self) -> bytes:
        """Wait for the next bytes of a streamed response, and return them; b"" at their end. Raise OSError.

        Between two calls nobody watches the socket: TCP slows down a server whose stream is not read.
        """
        self._receiver = getcurrent()
        self._readable.start(self._on_readable)
        try:
            while True:
                if not (self._socket.buffered or self._socket.ended):
                    self._hub.switch()
                with suppress(BlockingIOError):
                    data: bytes = self._socket.recv(RECEIVE_BYTES)
                    self._current_reader.received += len(data)
                    return data
        finally:
            self._receiver = None
            self._readable.stop()

    def resume(self) -> None:
        """Watch the socket again, after a streamed response that was received whole."""
        self._readable.start(self._on_readable)

    def _send_pieces(self, pieces: Iterable[bytes | memoryview]) -> None:
        self._readable.stop()  # a response may come early, but is not read yet
        waited_s = 0.0
        with suppress(*PEER_CLOSED_ERRORS):
            for piece in pieces:
                self._started_s = self._clock() - waited_s  # what a generator takes for a piece does not count
                self._send_piece(memoryview(piece))
                waited_s = self._clock() - self._started_s
        self._readable.start(self._on_readable)
        # The time for the response begins here.
        self._started_s = self._clock()
        self._restart_timer(self._timeout_s)

    def close(self) -> None:
        """Close the connection. A second call does nothing.

        Thread-safe: the garbage collector may call it from any thread. In another thread, it leaves the closing to the
        event loop, which may be running the watchers at this moment.
        """
        if _thread_ident() != self._hub.thread_ident:
            self._hub.loop.run_callback_threadsafe(self.close)
            return
        self._readable.close()
        self._timer.close()
        self._socket.close()
        self._reader.discard()

    def _send_piece(self, rest: memoryview) -> None:
        writable = self._hub.loop.io(self._socket.fileno(), WRITE)
        self._restart_timer(self._timeout_s - (self._clock() - self._started_s))
        self._receiver = getcurrent()
        try:
            while rest:
                self._hub.wait(writable)
                # What comes before the last bytes of a request are sent may be no response to it.
                if self.undisturbed and self._poll(0) and not self._socket.absorb():
                    self.undisturbed = False
                with suppress(BlockingIOError):
                    sent = self._socket.send(rest)
                    rest = rest[sent:]
                    # At most to now: nobody may have read yet what the buffers have taken.
                    self._started_s = min(self._started_s + sent / MIN_BYTES_PER_S, self._clock())
        finally:
            self._receiver = None
            writable.close()

    # The watchers call the next two methods, in the hub.

    def _on_readable(self) -> None:
        if self._receiver is not None:
            self._receiver.switch()
        elif not self._socket.absorb():
            self.undisturbed = False
            self._readable.stop()

    def _check_deadline(self) -> None:
        if self._receiver is None:
            self._start_timer(self._timeout_s)
            return
        allowed_s = self._timeout_s + self._current_reader.received / MIN_BYTES_PER_S
        left_s = allowed_s - (self._clock() - self._started_s)
        if left_s > 0:
            self._start_timer(left_s)
        else:
            self._receiver.throw(self._timeout_error())

    def _start_timer(self, seconds: float) -> None:
        self._timer = self._hub.loop.timer(seconds, ref=False)
        self._timer.start(self._check_deadline, update=True)

    def _restart_timer(self, seconds: float) -> None:
        self._timer.close()
        self._start_timer(seconds)

    def _timeout_error(self) -> TimeoutError:
        return TimeoutError(f"no complete response within {self._timeout_s:g} s (network_timeout)")
