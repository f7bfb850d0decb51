"""A proxied connection: the client's socket, the socket to upstream, and the two streams between them."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from locust_asyncdjango.lab.proxy.stream import RST, Endpoint, Stream, wait_s
from locust_asyncdjango.lab.proxy.toxics import Toxics

Connect = Callable[[Callable[[], Endpoint]], Awaitable[object]]
"""Connects to upstream, with the protocol that its argument returns, or raises OSError."""


class ProxiedConnection:
    """A client and its server, from the moment the client is accepted until both sockets are closed.

    toxics: the disturbances of the connection.
    connect: connects to the server, at the moment when the client's handshake would have arrived there.
    on_finished: called when both sockets are closed.
    """

    def __init__(self, toxics: Toxics, connect: Connect, on_finished: Callable[["ProxiedConnection"], None]) -> None:
        self.toxics, self.connect, self.on_finished = toxics, connect, on_finished
        self.client = Endpoint(self._client_connected, self._endpoint_closed)
        self.server = Endpoint(self._server_connected, self._endpoint_closed)
        self.upstream = Stream(self.client, self.server, toxics.upstream, self._fin_delivered)
        self.downstream = Stream(self.server, self.client, toxics.downstream, self._fin_delivered)
        self.is_ending = False
        self.connecting: asyncio.Task[None] | None = None
        self.reset_timer: asyncio.TimerHandle | None = None
        self.close_timer: asyncio.TimerHandle | None = None
        self.final_traffic = (0, 0)

    def apply(self, toxics: Toxics) -> None:
        """Change the disturbances of the connection.

        If a timeout is removed, close the connection, as toxiproxy does, because data may have been lost.
        """
        before, self.toxics = self.toxics, toxics
        if before.timeout_after_ms is not None and toxics.timeout_after_ms is None:
            self.close()
            return
        self._apply_to_streams()
        if toxics.reset_after_ms != before.reset_after_ms:
            self._schedule_reset()
        if toxics.timeout_after_ms != before.timeout_after_ms:
            self._schedule_close()

    def close(self) -> None:
        """Send FIN to both, after all data that have been written. Data that are still in flight are lost."""
        self._stop_streams()
        self.client.close()
        self.server.close()
        self._finish_if_closed()

    def reset(self) -> None:
        """Send RST to client and server."""
        self._stop_streams()
        self.client.reset()
        self.server.reset()
        self._finish_if_closed()

    def abort(self) -> None:
        """Close both sockets at once. Data that have been written, but not sent, are lost."""
        self._stop_streams()
        for endpoint in (self.client, self.server):
            if endpoint.transport:
                endpoint.transport.abort()

    def traffic(self) -> tuple[int, int]:
        """Return how many bytes the client has sent, and how many the proxy has sent to it."""
        return self.final_traffic if self.client.is_closed else self.client.traffic()

    def _client_connected(self) -> None:
        # The system accepts a client before the proxy knows of it, so the handshake takes no time for the client. On a
        # network with this latency, the SYN would first go up and the SYN-ACK come down: so the client's data count as
        # sent after that time. The server would have its connection once the client's ACK had gone up as well: so the
        # proxy connects to it at that moment. The first response then arrives when it would on such a network, and so
        # does the greeting of a server that sends first. Only the client's connect() returns too early.
        up, down = self.upstream.schedule, self.downstream.schedule
        self.upstream.open_from_s = time.monotonic() + up.link.delay_s(up.rng) + down.link.delay_s(down.rng)
        self._apply_to_streams()
        self._schedule_reset()
        self._schedule_close()
        connect_s = self.upstream.open_from_s + up.link.delay_s(up.rng)
        self.connecting = asyncio.get_running_loop().create_task(self._connect(connect_s))

    async def _connect(self, due_s: float) -> None:
        while due_s > time.monotonic():
            await asyncio.sleep(wait_s(asyncio.get_running_loop(), due_s))
        try:
            await self.connect(lambda: self.server)
        except (OSError, UnicodeError):  # UnicodeError: for a name that no host can have
            self.reset()

    def _server_connected(self) -> None:
        if self.is_ending or self.client.is_closed:
            self.reset()
            return
        self.upstream.deliver()
        self.downstream.deliver()

    def _apply_to_streams(self) -> None:
        is_blocked = self.toxics.timeout_after_ms is not None
        self.upstream.apply(self.toxics.upstream, is_blocked=is_blocked)
        self.downstream.apply(self.toxics.downstream, is_blocked=is_blocked)

    def _schedule_reset(self) -> None:
        self.reset_timer = _restarted_timer(self.reset_timer, self.toxics.reset_after_ms, self.reset)

    def _schedule_close(self) -> None:
        # A timeout of 0 ms never closes the connection.
        self.close_timer = _restarted_timer(self.close_timer, self.toxics.timeout_after_ms or None, self.close)

    def _fin_delivered(self) -> None:
        if self.upstream.fin_delivered and self.downstream.fin_delivered:
            self.close()

    def _endpoint_closed(self, endpoint: Endpoint) -> None:
        if endpoint is self.client:
            self.final_traffic = endpoint.traffic()
        endpoint.outgoing.stop()
        if not self.is_ending and self.server.transport and not self._other(endpoint).is_closed:
            rest = endpoint.read_remaining()
            if rest:
                endpoint.incoming.receive(rest)
            endpoint.incoming.end_with(RST)
        self._finish_if_closed()

    def _other(self, endpoint: Endpoint) -> Endpoint:
        return self.server if endpoint is self.client else self.client

    def _stop_streams(self) -> None:
        self.is_ending = True
        self.upstream.stop()
        self.downstream.stop()
        for pending in (self.reset_timer, self.close_timer, self.connecting):
            if pending and pending is not asyncio.current_task():
                pending.cancel()

    def _finish_if_closed(self) -> None:
        if self.client.is_closed and (self.server.is_closed or not self.server.transport):
            self._stop_streams()
            self.on_finished(self)


def _restarted_timer(
    before: asyncio.TimerHandle | None, after_ms: float | None, act: Callable[[], None]
) -> asyncio.TimerHandle | None:
    if before:
        before.cancel()
    if after_ms is None:
        return None
    # Timers of uvloop may fire up to 1 ms too early.
    return asyncio.get_running_loop().call_later((after_ms + 1) / 1000 if after_ms else 0, act)
