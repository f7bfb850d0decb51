"""Connections to a server: a socket that is kept alive, its deadline, and the pools that lend connections.

gevent's own socket tries before it waits, and makes a watcher's start and stop and a Timeout of each wait. Here a
connection's watchers are started once: the one for what comes wakes whoever asks, or tells that an idle connection is
no longer of use; the timer looks whether a deadline has passed, once in a timeout's time, and is not set for each
request (libev's manual: "Be smart about timeouts").
"""

import select
import time
from contextlib import suppress
from typing import Any

import gevent.socket
from gevent import get_hub, getcurrent, monkey

from locust_asyncdjango.client.http11 import HeadResponseReader, RawResponse, ResponseReader

READ, WRITE = 1, 2
RECEIVE_BYTES = 32 * 1024
SLOWEST_BYTES_PER_S = 1000
"""For every so many bytes of an answer a peer has a second more: a large one may take longer than the timeout."""

CUT_OFF = (BrokenPipeError, ConnectionResetError)
"""While a request is sent. Its answer may be there: a server may refuse a long one before it has read it all."""

_socket: Any = monkey.get_original("socket", "socket")
_poll: Any = monkey.get_original("select", "poll")
_thread_ident: Any = monkey.get_original("threading", "get_ident")


class Connection:
    """One connection, for one greenlet at a time. Whoever has it closes it: it is not closed when it is forgotten."""

    def __init__(self, host: str, port: int, connection_timeout_s: float, network_timeout_s: float) -> None:
        """Raises OSError, TimeoutError included."""
        opened = gevent.socket.create_connection((host, port), connection_timeout_s)
        self._socket = _socket(opened.family, opened.type, opened.proto, fileno=opened.detach())
        self._socket.settimeout(0)
        self._socket.setsockopt(gevent.socket.IPPROTO_TCP, gevent.socket.TCP_NODELAY, 1)
        self._timeout_s = network_timeout_s
        self._asker: Any = None
        self._begun = 0.0
        self._reader = self._reading = ResponseReader()
        self.undisturbed = True
        """Whether the loop has seen nothing come while the connection was idle."""
        self._readiness = _poll()
        self._readiness.register(self._socket.fileno(), select.POLLIN)
        self._hub = get_hub()
        self._readable = self._hub.loop.io(self._socket.fileno(), READ)
        self._readable.start(self._something_came)
        self._look_again_in(network_timeout_s)

    def is_quiet(self) -> bool:
        """Whether nothing has come since the last answer, not even the end; also where the loop has not run since."""
        return self.undisturbed and not self._readiness.poll(0)

    @property
    def no_bytes_received(self) -> bool:
        """Whether not one byte of the answer has come."""
        return not self._reading.received

    def ask(self, request: bytes, bodyless: bool) -> RawResponse:
        """The answer to a whole request. bodyless: to HEAD. Raises OSError (TimeoutError) and HTTPParseError.

        After an exception the connection can only be closed.
        """
        reader = self._reading = HeadResponseReader() if bodyless else self._reader
        self._begun = time.monotonic()
        try:
            sent = self._socket.send(request)
        except BlockingIOError:
            sent = 0
        except CUT_OFF:
            sent = len(request)
        if sent < len(request):
            self._send_rest(memoryview(request)[sent:])
        self._asker = getcurrent()
        try:
            while True:
                self._hub.switch()
                try:
                    data = self._socket.recv(RECEIVE_BYTES)
                except BlockingIOError:
                    continue
                answer = reader.feed(data) if data else reader.end()
                if answer is not None:
                    if len(data) == RECEIVE_BYTES and not self.is_quiet():
                        answer.keep_alive = False
                    return answer
        finally:
            self._asker = None

    def _send_rest(self, rest: memoryview) -> None:
        writable = self._hub.loop.io(self._socket.fileno(), WRITE)
        try:
            with suppress(*CUT_OFF), gevent.Timeout(self._timeout_s, self._late()):
                while rest:
                    self._hub.wait(writable)
                    with suppress(BlockingIOError):
                        rest = rest[self._socket.send(rest) :]
        finally:
            writable.close()
        if not self.undisturbed:
            self.undisturbed = True
            self._readable.start(self._something_came)
        # The answer has its time from here on.
        self._begun = time.monotonic()
        self._timer.close()
        self._look_again_in(self._timeout_s)

    # What the watchers call, in the hub.

    def _something_came(self) -> None:
        if self._asker is not None:
            self._asker.switch()
        else:
            self.undisturbed = False
            self._readable.stop()

    def _look_at_deadline(self) -> None:
        if self._asker is None:
            self._look_again_in(self._timeout_s)
            return
        allowed_s = self._timeout_s + self._reading.received / SLOWEST_BYTES_PER_S
        left_s = allowed_s - (time.monotonic() - self._begun)
        if left_s > 0:
            self._look_again_in(left_s)
        else:
            self._asker.throw(self._late())

    def _look_again_in(self, seconds: float) -> None:
        self._timer = self._hub.loop.timer(seconds, ref=False)
        self._timer.start(self._look_at_deadline, update=True)

    def _late(self) -> TimeoutError:
        return TimeoutError(f"no whole answer in {self._timeout_s:g} s")

    def close(self) -> None:
        """A second call does nothing. From any thread, as what nobody has any longer may be collected in any: the loop,
        which may be calling the watchers just now, closes it."""
        if _thread_ident() != self._hub.thread_ident:
            self._hub.loop.run_callback_threadsafe(self.close)
            return
        self._readable.close()
        self._timer.close()
        self._socket.close()
