"""One direction of a proxied connection: the bytes that are in flight from one socket to the other.

If a direction delays nothing, its bytes go from transport to transport without passing through Python: the protocol's
``data_received`` *is* the write method of the other transport. uvloop looks up ``data_received`` once, in
``set_protocol()``, so that is called again whenever ``data_received`` changes.
"""

import asyncio
import math
import os
import socket
import struct
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from locust_asyncdjango.lab.proxy.toxics import MAX_BACKLOG_S, DelaySchedule, Link

MAX_BYTES_IN_FLIGHT = 4 * 2**20
"""Bytes in flight in one direction of a connection at which the sender is paused, as by a full TCP window.

It is what Linux lets a socket send unacknowledged by default (net.ipv4.tcp_wmem). With a latency of 100 ms, 40 MB a
second can pass.
"""
PIECE_OVERHEAD_BYTES = 256
"""What a piece counts for besides its bytes: in the queue, tiny pieces take many times their size."""

FIN, RST = b"FIN", b"RST"
"""Markers in the queue of a stream, recognized by identity."""

_LINGER_0 = struct.pack("ii", 1, 0)
_READ = 65536
# struct tcp_info of Linux: tcpi_bytes_received, and tcpi_bytes_sent with tcpi_bytes_retrans after it (Linux 4.19).
_TCP_INFO_SIZE, _RECEIVED_AT, _SENT_AT = 216, 128, 200


def wait_s(loop: asyncio.AbstractEventLoop, due_s: float) -> float:
    """Return how many seconds a timer should wait for a moment of ``time.monotonic()``.

    Timers of uvloop count whole milliseconds, of a clock that is rounded down. A timer with this delay fires in the
    millisecond before the moment, or in the one after. A caller that wakes too early waits once more, for 1 ms, and so
    is never more than 1 ms late.
    """
    return max(1, math.floor(1000 * due_s) - math.floor(1000 * loop.time())) / 1000


class Endpoint(asyncio.BaseProtocol):
    """One of the two sockets of a proxied connection: the client's, or the one to upstream."""

    data_received: Callable[[bytes], None]
    incoming: "Stream"
    """Carries what is received from this socket."""
    outgoing: "Stream"
    """Carries what is sent by this socket."""

    def __init__(self, on_connected: Callable[[], None], on_closed: Callable[["Endpoint"], None]) -> None:
        self.on_connected, self.on_closed = on_connected, on_closed
        self.transport: asyncio.Transport | None = None
        self.is_closed = False
        self.has_fin = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport. Its TCP_NODELAY is set already, because uvloop does that for every TCP transport."""
        self.transport = transport  # type: ignore[assignment]
        self.on_connected()

    def eof_received(self) -> bool:
        """Pass on a FIN. Return True, so that the other direction stays open."""
        self.has_fin = True
        self.incoming.end_with(FIN)
        return True

    def connection_lost(self, _error: Exception | None) -> None:
        """Handle the end of the socket, which a RST or the proxy itself has closed."""
        self.is_closed = True
        self.on_closed(self)

    def pause_writing(self) -> None:
        """Pause the stream to this socket, because its receiver does not keep up."""
        self.outgoing.set_sink_paused(is_paused=True)

    def resume_writing(self) -> None:
        """Resume the stream to this socket, because its receiver has caught up."""
        self.outgoing.set_sink_paused(is_paused=False)

    def set_receiver(self, receive: Callable[[bytes], None]) -> None:
        """Pass received data to this function from now on."""
        self.data_received = receive
        if self.transport and not self.is_closed:
            self.transport.set_protocol(self)

    def close(self) -> None:
        """Send FIN after all data that have been written."""
        if self.transport:
            self.transport.close()

    def reset(self) -> None:
        """Send RST. Data that the receiver has not read yet are lost; a real network would not have sent them yet."""
        if self.transport and not self.is_closed:
            with suppress(OSError):  # a Unix socket has no RST
                opened = self.transport.get_extra_info("socket")
                opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_0)
            self.transport.abort()

    def read_remaining(self) -> bytes:
        """Return data that arrived before a write failed, such as a response before a RST. Call it before closing."""
        chunks = []
        with suppress(OSError):
            fd = self.transport.get_extra_info("socket").fileno() if self.transport else -1
            while chunk := os.read(fd, _READ):
                chunks.append(chunk)
        return b"".join(chunks)

    def traffic(self) -> tuple[int, int]:
        """Return the bytes received and sent, as the kernel counts them; zeros where it does not, as outside Linux."""
        with suppress(OSError, AttributeError):
            opened = self.transport.get_extra_info("socket") if self.transport else None
            info = opened.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_SIZE) if opened else b""
            if len(info) == _TCP_INFO_SIZE:
                (received,) = struct.unpack_from("Q", info, _RECEIVED_AT)
                sent, resent = struct.unpack_from("QQ", info, _SENT_AT)
                return received - self.has_fin, sent - resent  # the kernel counts a FIN as a byte
        return 0, 0


class Stream:
    """A queue of pieces from one socket to the other, each with the moment when it is due."""

    def __init__(self, source: Endpoint, sink: Endpoint, link: Link, on_fin: Callable[[], None]) -> None:
        self.source, self.sink = source, sink
        self.schedule = DelaySchedule(link)
        self.on_fin = on_fin
        self.loop = asyncio.get_running_loop()
        self.queue: deque[tuple[float, bytes | memoryview]] = deque()
        self.bytes_in_flight = 0
        """Of the pieces in the queue, each with its overhead."""
        self.open_from_s = 0.0
        """Data that arrive before this moment count as arriving at it."""
        self.is_blocked = False
        """Whether data are dropped."""
        self.is_direct = False
        """Whether bytes go from transport to transport, past the queue."""
        self.is_sink_paused = False
        self.is_reading = True
        self.has_ended = False
        self.fin_delivered = False
        self.reset_due_s = math.inf
        """When a RST is due. It does not wait for a receiver that does not read."""
        self.timer: asyncio.TimerHandle | None = None
        self.reading_timer: asyncio.TimerHandle | None = None
        source.incoming, source.data_received, sink.outgoing = self, self.receive, self

    def receive(self, chunk: bytes) -> None:
        """Put received data in the queue, and deliver all that is due."""
        if self.is_blocked:
            return
        arrival_s = max(time.monotonic(), self.open_from_s)
        for piece in self.schedule.pieces(chunk):
            self.queue.append((self.schedule.due_s(arrival_s, len(piece)), piece))
            self.bytes_in_flight += len(piece) + PIECE_OVERHEAD_BYTES
        self.deliver()

    def end_with(self, marker: bytes) -> None:
        """Put FIN or RST in the queue, after the data, because nothing more will arrive."""
        self.has_ended = True
        due_s = self.schedule.due_s(max(time.monotonic(), self.open_from_s), 0)
        self.queue.append((due_s, marker))
        if marker is RST:
            self.reset_due_s = due_s
        self.deliver()

    def deliver(self) -> None:
        """Write data that are due to the receiver, unless it is paused, and set a timer for the rest."""
        if self.sink.transport is None:
            self._pause_or_resume_source()
            return
        now_s = time.monotonic()
        while self.queue and not self.is_sink_paused and self.queue[0][0] <= now_s:
            self._write(self.queue.popleft()[1])
        if self.reset_due_s <= now_s:
            self.sink.reset()
        elif self.queue:
            self._wake_at(self.reset_due_s if self.is_sink_paused else self.queue[0][0])
        self.choose_path()

    def choose_path(self) -> None:
        """Send bytes past the queue while there is nothing to delay, and pause or resume the sender."""
        is_direct = not (self.queue or self.is_blocked or self.has_ended or self.sink.transport is None)
        is_direct = is_direct and self.schedule.link.is_clear and time.monotonic() >= self.open_from_s
        if is_direct != self.is_direct:
            self.is_direct = is_direct
            write = self.sink.transport.write if self.sink.transport else self.receive
            self.source.set_receiver(write if is_direct else self.receive)
        self._pause_or_resume_source()

    def set_sink_paused(self, *, is_paused: bool) -> None:
        """Set whether the receiver is paused, because it does not read its data."""
        self.is_sink_paused = is_paused
        if self.is_direct:
            self._pause_or_resume_source()
        else:
            self.deliver()

    def apply(self, link: Link, *, is_blocked: bool) -> None:
        """Change the delays. Data in flight keep the moment when they are due.

        is_blocked: drop data, also those in flight; FIN and RST still pass.
        """
        self.schedule.link = link
        self.is_blocked = is_blocked
        if is_blocked:
            self.queue = deque(entry for entry in self.queue if entry[1] is FIN or entry[1] is RST)
            self.bytes_in_flight = 0
        self.deliver()

    def stop(self) -> None:
        """Drop all that is in flight, since the receiver is gone."""
        self.has_ended = True
        self.reset_due_s = math.inf
        self.queue.clear()
        for timer in (self.timer, self.reading_timer):
            if timer:
                timer.cancel()
        if self.source.transport:
            self.source.transport.pause_reading()

    def _wake_at(self, due_s: float) -> None:
        if self.timer:
            self.timer.cancel()
        self.timer = self.loop.call_later(wait_s(self.loop, due_s), self.deliver) if due_s < math.inf else None

    def _write(self, piece: bytes | memoryview) -> None:
        transport = self.sink.transport
        if transport is None or piece is RST:
            return
        if piece is FIN:
            transport.write_eof()
            self.fin_delivered = True
            self.on_fin()
        else:
            self.bytes_in_flight -= len(piece) + PIECE_OVERHEAD_BYTES
            transport.write(piece)

    def _pause_or_resume_source(self) -> None:
        source = self.source.transport
        if self.has_ended or source is None:
            return
        pause_s = self.schedule.backlog_s(time.monotonic()) - MAX_BACKLOG_S
        if pause_s > 0 and self.reading_timer is None:
            self.reading_timer = self.loop.call_later(max(pause_s, 0.001), self._backlog_is_gone)
        is_reading = not (self.is_sink_paused or pause_s > 0 or self.bytes_in_flight >= MAX_BYTES_IN_FLIGHT)
        if is_reading != self.is_reading:
            self.is_reading = is_reading
            (source.resume_reading if is_reading else source.pause_reading)()

    def _backlog_is_gone(self) -> None:
        self.reading_timer = None
        self._pause_or_resume_source()
