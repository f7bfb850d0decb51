"""A client's connection and the one to upstream that stands for it."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from locust_asyncdjango.lab.proxy.stream import RST, Endpoint, Stream, wait_s
from locust_asyncdjango.lab.proxy.toxics import Toxics

Connect = Callable[[Callable[[], Endpoint]], Awaitable[object]]
"""Connects to upstream with the protocol that the callable makes. Raises OSError."""


class ProxiedConnection:
    """From the moment the client is accepted until both sockets are closed."""

    def __init__(self, toxics: Toxics, dial: Connect, on_end: Callable[["ProxiedConnection"], None]) -> None:
        self.toxics, self.dial, self.on_end = toxics, dial, on_end
        self.client = Endpoint(self._client_connected, self._lost)
        self.server = Endpoint(self._server_connected, self._lost)
        self.upstream = Stream(self.client, self.server, toxics.upstream, self._fin_passed)
        self.downstream = Stream(self.server, self.client, toxics.downstream, self._fin_passed)
        self.is_over = False
        self.opening: asyncio.Task[None] | None = None
        self.reset_timer: asyncio.TimerHandle | None = None
        self.close_timer: asyncio.TimerHandle | None = None
        self.passed = (0, 0)

    def change(self, toxics: Toxics) -> None:
        """From now on. A timeout that is lifted closes the connection, as in toxiproxy: it may have lost data."""
        before, self.toxics = self.toxics, toxics
        if before.timeout_after_ms is not None and toxics.timeout_after_ms is None:
            self.close()
            return
        self._change_flows()
        if toxics.reset_after_ms != before.reset_after_ms:
            self._reset_later()
        if toxics.timeout_after_ms != before.timeout_after_ms:
            self._close_later()

    def close(self) -> None:
        """FIN to both, behind what is written already; what is under way is lost."""
        self._give_up()
        self.client.close()
        self.server.close()
        self._end_if_lost()

    def reset(self) -> None:
        """RST to both."""
        self._give_up()
        self.client.reset()
        self.server.reset()
        self._end_if_lost()

    def abort(self) -> None:
        """Closes both at once; what is written but not sent yet is lost."""
        self._give_up()
        for end in (self.client, self.server):
            if end.transport:
                end.transport.abort()

    def traffic(self) -> tuple[int, int]:
        """Bytes that have come from the client and that were sent to it."""
        return self.passed if self.client.is_lost else self.client.traffic()

    def _client_connected(self) -> None:
        # The system has accepted the client before we know of it: to the client the handshake has cost nothing. A real
        # line would have carried the SYN up and the SYN-ACK down first, so what the client sends counts as sent after
        # that. The server would have had its connection when the client's ACK had come up as well: it is connected to
        # then. Thus the first answer comes when it would have come, and so does the greeting of a server that speaks
        # first; only the client's connect() returns too early.
        up, down = self.upstream.departures, self.downstream.departures
        self.upstream.opens_s = time.monotonic() + up.link.delay_s(up.chance) + down.link.delay_s(down.chance)
        self._change_flows()
        self._reset_later()
        self._close_later()
        connect_s = self.upstream.opens_s + up.link.delay_s(up.chance)
        self.opening = asyncio.get_running_loop().create_task(self._connect(connect_s))

    async def _connect(self, due_s: float) -> None:
        while due_s > time.monotonic():
            await asyncio.sleep(wait_s(asyncio.get_running_loop(), due_s))
        try:
            await self.dial(lambda: self.server)
        except (OSError, UnicodeError):  # the latter for a name that no host can have
            self.reset()

    def _server_connected(self) -> None:
        if self.is_over or self.client.is_lost:
            self.reset()
            return
        self.upstream.deliver()
        self.downstream.deliver()

    def _change_flows(self) -> None:
        blocked = self.toxics.timeout_after_ms is not None
        self.upstream.change(self.toxics.upstream, blocked=blocked)
        self.downstream.change(self.toxics.downstream, blocked=blocked)

    def _reset_later(self) -> None:
        self.reset_timer = _timer(self.reset_timer, self.toxics.reset_after_ms, self.reset)

    def _close_later(self) -> None:
        # After 0 ms means never.
        self.close_timer = _timer(self.close_timer, self.toxics.timeout_after_ms or None, self.close)

    def _fin_passed(self) -> None:
        if self.upstream.fin_passed and self.downstream.fin_passed:
            self.close()

    def _lost(self, end: Endpoint) -> None:
        if end is self.client:
            self.passed = end.traffic()
        end.out_of.stop()
        if not self.is_over and self.server.transport and not self._other(end).is_lost:
            rest = end.unread()
            if rest:
                end.into.carry(rest)
            end.into.finish(RST)
        self._end_if_lost()

    def _other(self, end: Endpoint) -> Endpoint:
        return self.server if end is self.client else self.client

    def _give_up(self) -> None:
        self.is_over = True
        self.upstream.stop()
        self.downstream.stop()
        for pending in (self.reset_timer, self.close_timer, self.opening):
            if pending and pending is not asyncio.current_task():
                pending.cancel()

    def _end_if_lost(self) -> None:
        if self.client.is_lost and (self.server.is_lost or not self.server.transport):
            self._give_up()
            self.on_end(self)


def _timer(
    before: asyncio.TimerHandle | None, after_ms: float | None, act: Callable[[], None]
) -> asyncio.TimerHandle | None:
    if before:
        before.cancel()
    if after_ms is None:
        return None
    # uvloop's timers may be early by less than 1 ms.
    return asyncio.get_running_loop().call_later((after_ms + 1) / 1000 if after_ms else 0, act)
