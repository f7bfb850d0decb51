"""One connection to a server: a socket that is kept open, and the deadline of each response on it.

gevent's own socket tries to receive before it waits, and starts and stops a watcher and a Timeout for each wait. Here a
connection starts its watchers once. The watcher for incoming bytes wakes the greenlet that waits for a response. If the
connection is idle, it notes that the connection can no longer be used. The timer checks the deadline once per timeout,
and is not restarted for each request (libev's manual: "Be smart about timeouts").
"""

import select
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self

import gevent.socket
from gevent import get_hub, getcurrent, monkey

from locust_asyncdjango.client.http11 import HeadResponseReader, RawResponse, ResponseReader

READ, WRITE = 1, 2
RECEIVE_BYTES = 32 * 1024
MIN_BYTES_PER_S = 1000
"""The timeout grows by a second for each so many bytes received, because a large response may take longer than it."""

PEER_CLOSED_ERRORS = (BrokenPipeError, ConnectionResetError)
"""Raised while a request is sent. There may be a response: a server may refuse a long request before it has read it."""

_socket: Any = monkey.get_original("socket", "socket")
_poll: Any = monkey.get_original("select", "poll")
_thread_ident: Any = monkey.get_original("threading", "get_ident")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The address that a connection leads to, and its time limits.

    connection_timeout_s: to open the connection.
    network_timeout_s: to send what does not fit into the socket's buffer, and then for the whole response.
    """

    host: str
    port: int
    connection_timeout_s: float
    network_timeout_s: float


class Connection:
    """One open connection, for one greenlet at a time. Its owner has to close it: the garbage collector does not."""

    def __init__(
        self,
        connected: gevent.socket.socket,
        timeout_s: float,
        *,
        hub: Any = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take over a socket.

        connected: an open socket. timeout_s: ``network_timeout_s`` of an Endpoint. hub, clock: tests replace them.
        """
        self._socket = _socket(connected.family, connected.type, connected.proto, fileno=connected.detach())
        self._socket.settimeout(0)
        self._timeout_s = timeout_s
        self._clock = clock
        self._receiver: Any = None
        self._started_s = 0.0
        self._reader = self._current_reader = ResponseReader()
        self.undisturbed = True
        """False as soon as the event loop notices bytes, or the end of the connection, while the connection is idle."""
        self._readiness = _poll()
        self._readiness.register(self._socket.fileno(), select.POLLIN)
        self._hub = hub or get_hub()
        self._readable = self._hub.loop.io(self._socket.fileno(), READ)
        self._readable.start(self._on_readable)
        self._start_timer(timeout_s)

    @classmethod
    def open(cls, endpoint: Endpoint) -> Self:
        """Connect to an endpoint. Raise OSError, of which TimeoutError is one."""
        connected = gevent.socket.create_connection((endpoint.host, endpoint.port), endpoint.connection_timeout_s)
        connected.setsockopt(gevent.socket.IPPROTO_TCP, gevent.socket.TCP_NODELAY, 1)
        return cls(connected, endpoint.network_timeout_s)

    def is_quiet(self) -> bool:
        """Return whether nothing has arrived since the last response: no bytes, and not the end of the connection.

        Unlike ``undisturbed``, it also covers what arrived after the event loop ran last. It costs a system call.
        """
        return self.undisturbed and not self._readiness.poll(0)

    @property
    def no_bytes_received(self) -> bool:
        """Whether no byte of the response has arrived yet."""
        return not self._current_reader.received

    def send(self, request: bytes, bodyless: bool) -> RawResponse:
        """Send a whole request and return its response.

        bodyless: the response has no body, whatever its head says, as with HEAD. Raise OSError (also TimeoutError) and
        HTTPParseError. After an exception the connection can only be closed.
        """
        reader = self._current_reader = HeadResponseReader() if bodyless else self._reader
        self._started_s = self._clock()
        try:
            sent = self._socket.send(request)
        except BlockingIOError:
            sent = 0
        except PEER_CLOSED_ERRORS:
            sent = len(request)
        if sent < len(request):
            self._send_rest(memoryview(request)[sent:])
        self._receiver = getcurrent()
        try:
            while True:
                self._hub.switch()
                try:
                    data = self._socket.recv(RECEIVE_BYTES)
                except BlockingIOError:
                    continue
                response = reader.feed(data) if data else reader.end()
                if response is not None:
                    if len(data) == RECEIVE_BYTES and not self.is_quiet():
                        response.keep_alive = False
                    return response
        finally:
            self._receiver = None

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

    def _send_rest(self, rest: memoryview) -> None:
        writable = self._hub.loop.io(self._socket.fileno(), WRITE)
        try:
            with suppress(*PEER_CLOSED_ERRORS), gevent.Timeout(self._timeout_s, self._timeout_error()):
                while rest:
                    self._hub.wait(writable)
                    with suppress(BlockingIOError):
                        rest = rest[self._socket.send(rest) :]
        finally:
            writable.close()
        if not self.undisturbed:
            self.undisturbed = True
            self._readable.start(self._on_readable)
        # The time for the response begins here.
        self._started_s = self._clock()
        self._timer.close()
        self._start_timer(self._timeout_s)

    # The watchers call the next two methods, in the hub.

    def _on_readable(self) -> None:
        if self._receiver is not None:
            self._receiver.switch()
        else:
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

    def _timeout_error(self) -> TimeoutError:
        return TimeoutError(f"no complete response within {self._timeout_s:g} s (network_timeout)")
