"""What is under way from one socket to the other.

Where a direction delays nothing, its bytes go from transport to transport without passing through Python: the
protocol's data_received *is* the write method of the other transport. uvloop looks data_received up once, in
set_protocol(), which is therefore called again whenever that changes.
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

MAX_BYTES_IN_FLIGHT = 256 * 2**20
"""Bytes of one direction of one connection; beyond it the sender is held up, as it would not be on a real line."""

FIN, RST = b"FIN", b"RST"
"""Marks in the queue of a flow, known by identity."""

_LINGER_0 = struct.pack("ii", 1, 0)
_READ = 65536
# struct tcp_info of Linux: tcpi_bytes_received, and tcpi_bytes_sent with tcpi_bytes_retrans after it (Linux 4.19).
_TCP_INFO_SIZE, _RECEIVED_AT, _SENT_AT = 216, 128, 200


def wait_s(loop: asyncio.AbstractEventLoop, due_s: float) -> float:
    """How long a timer should wait for a moment of time.monotonic().

    uvloop's timers know whole milliseconds, of a clock that is rounded down. This one wakes in the millisecond before
    the moment or in the one after; who wakes too early waits once more, for 1 ms, and so is never more than that late.
    """
    return max(1, math.floor(1000 * due_s) - math.floor(1000 * loop.time())) / 1000


class Endpoint(asyncio.BaseProtocol):
    """One of the two sockets."""

    data_received: Callable[[bytes], None]
    into: "Stream"
    """Takes what comes out of this socket."""
    out_of: "Stream"
    """Brings what this socket sends."""

    def __init__(self, on_connected: Callable[[], None], on_lost: Callable[["Endpoint"], None]) -> None:
        self.on_connected, self.on_lost = on_connected, on_lost
        self.transport: asyncio.Transport | None = None
        self.is_lost = False
        self.has_fin = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """TCP_NODELAY is set: uvloop does so for every TCP transport."""
        self.transport = transport  # type: ignore[assignment]
        self.on_connected()

    def eof_received(self) -> bool:
        """The other direction goes on."""
        self.has_fin = True
        self.into.finish(FIN)
        return True

    def connection_lost(self, _error: Exception | None) -> None:
        """By a RST, or because we have closed it."""
        self.is_lost = True
        self.on_lost(self)

    def pause_writing(self) -> None:
        """The receiver does not keep up."""
        self.out_of.set_stuck(stuck=True)

    def resume_writing(self) -> None:
        """The receiver has caught up."""
        self.out_of.set_stuck(stuck=False)

    def receive_with(self, receive: Callable[[bytes], None]) -> None:
        """Has what is received go there from now on."""
        self.data_received = receive
        if self.transport and not self.is_lost:
            self.transport.set_protocol(self)

    def close(self) -> None:
        """FIN behind what is written."""
        if self.transport:
            self.transport.close()

    def reset(self) -> None:
        """RST. What its receiver has not taken is lost, as on a real line, where it could not have been sent."""
        if self.transport and not self.is_lost:
            with suppress(OSError):  # a Unix socket has no RST
                opened = self.transport.get_extra_info("socket")
                opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_0)
            self.transport.abort()

    def unread(self) -> bytes:
        """What has come in before a write failed, such as an answer before a RST; the socket is about to be closed."""
        found = []
        with suppress(OSError):
            fd = self.transport.get_extra_info("socket").fileno() if self.transport else -1
            while chunk := os.read(fd, _READ):
                found.append(chunk)
        return b"".join(found)

    def traffic(self) -> tuple[int, int]:
        """Bytes received and sent as the kernel has counted them; zeros where it does not, as outside Linux."""
        with suppress(OSError, AttributeError):
            opened = self.transport.get_extra_info("socket") if self.transport else None
            info = opened.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_SIZE) if opened else b""
            if len(info) == _TCP_INFO_SIZE:
                (received,) = struct.unpack_from("Q", info, _RECEIVED_AT)
                sent, again = struct.unpack_from("QQ", info, _SENT_AT)
                return received - self.has_fin, sent - again  # a FIN counts as received
        return 0, 0


class Stream:
    """One direction: a queue of pieces and the moments when they are due."""

    def __init__(self, source: Endpoint, sink: Endpoint, link: Link, on_fin: Callable[[], None]) -> None:
        self.source, self.sink = source, sink
        self.departures = DelaySchedule(link)
        self.on_fin = on_fin
        self.loop = asyncio.get_running_loop()
        self.queue: deque[tuple[float, bytes | memoryview]] = deque()
        self.under_way = 0
        self.opens_s = 0.0
        """What arrives before is taken to arrive then."""
        self.is_blocked = False
        """Data are dropped."""
        self.is_straight = False
        """Bytes go from transport to transport."""
        self.is_stuck = False
        self.is_reading = True
        self.has_ended = False
        self.fin_passed = False
        self.cut_s = math.inf
        """When a RST is due, which does not wait for a receiver that is stuck."""
        self.timer: asyncio.TimerHandle | None = None
        self.reading_timer: asyncio.TimerHandle | None = None
        source.into, source.data_received, sink.out_of = self, self.carry, self

    def carry(self, chunk: bytes) -> None:
        """Stamps what has arrived, and delivers what is due."""
        if self.is_blocked:
            return
        arrival_s = max(time.monotonic(), self.opens_s)
        for piece in self.departures.pieces(chunk):
            self.queue.append((self.departures.due_s(arrival_s, len(piece)), piece))
        self.under_way += len(chunk)
        self.deliver()

    def finish(self, mark: bytes) -> None:
        """FIN or RST: nothing more will come; it travels behind the data."""
        self.has_ended = True
        due_s = self.departures.due_s(max(time.monotonic(), self.opens_s), 0)
        self.queue.append((due_s, mark))
        if mark is RST:
            self.cut_s = due_s
        self.deliver()

    def deliver(self) -> None:
        """What is due goes to the receiver, unless that is stuck; the rest waits."""
        if self.sink.transport is None:
            return
        now_s = time.monotonic()
        while self.queue and not self.is_stuck and self.queue[0][0] <= now_s:
            self._pass_on(self.queue.popleft()[1])
        if self.cut_s <= now_s:
            self.sink.reset()
        elif self.queue:
            self._wake_at(self.cut_s if self.is_stuck else self.queue[0][0])
        self.settle()

    def settle(self) -> None:
        """Takes the straight way as soon as there is nothing to delay, and holds up the sender or lets it go on."""
        straight = not (self.queue or self.is_blocked or self.has_ended or self.sink.transport is None)
        straight = straight and self.departures.link.is_clear and time.monotonic() >= self.opens_s
        if straight != self.is_straight:
            self.is_straight = straight
            write = self.sink.transport.write if self.sink.transport else self.carry
            self.source.receive_with(write if straight else self.carry)
        self._read_or_not()

    def set_stuck(self, *, stuck: bool) -> None:
        """Whether the receiver takes more."""
        self.is_stuck = stuck
        if self.is_straight:
            self._read_or_not()
        else:
            self.deliver()

    def change(self, link: Link, *, blocked: bool) -> None:
        """From now on. What is under way keeps its moment; what is blocked is dropped, but FIN and RST still pass."""
        self.departures.link = link
        self.is_blocked = blocked
        if blocked:
            self.queue = deque(entry for entry in self.queue if entry[1] is FIN or entry[1] is RST)
            self.under_way = 0
        self.deliver()

    def stop(self) -> None:
        """Its receiver is gone."""
        self.has_ended = True
        self.cut_s = math.inf
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

    def _pass_on(self, piece: bytes | memoryview) -> None:
        transport = self.sink.transport
        if transport is None or piece is RST:
            return
        if piece is FIN:
            transport.write_eof()
            self.fin_passed = True
            self.on_fin()
        else:
            self.under_way -= len(piece)
            transport.write(piece)

    def _read_or_not(self) -> None:
        source = self.source.transport
        if self.has_ended or source is None:
            return
        wait_s = self.departures.backlog_s(time.monotonic()) - MAX_BACKLOG_S
        if wait_s > 0 and self.reading_timer is None:
            self.reading_timer = self.loop.call_later(max(wait_s, 0.001), self._look_again)
        reading = not (self.is_stuck or wait_s > 0 or self.under_way >= MAX_BYTES_IN_FLIGHT)
        if reading != self.is_reading:
            self.is_reading = reading
            (source.resume_reading if reading else source.pause_reading)()

    def _look_again(self) -> None:
        self.reading_timer = None
        self._read_or_not()
