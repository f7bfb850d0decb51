"""A proxied connection, with sockets that note what they are told."""

import asyncio
from collections.abc import Callable

from locust_asyncdjango.lab.proxy.connection import ProxiedConnection
from locust_asyncdjango.lab.proxy.stream import Endpoint
from locust_asyncdjango.lab.proxy.toxics import Link, Toxics
from tests.support.proxy_transports import FakeTransport, run

NO_TOXICS = Toxics()


class Upstream:
    """Connects with a fake transport, or raises an error."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.transport = FakeTransport()
        self.connects = 0

    async def __call__(self, protocol: Callable[[], Endpoint]) -> None:
        self.connects += 1
        if self.error:
            raise self.error
        protocol().connection_made(self.transport)


class Scenario:
    """A connection whose client has just been accepted."""

    def __init__(self, toxics: Toxics = NO_TOXICS, error: Exception | None = None) -> None:
        self.upstream = Upstream(error)
        self.finished: list[ProxiedConnection] = []
        self.connection = ProxiedConnection(toxics, self.upstream, self.finished.append)
        self.client = FakeTransport()
        self.connection.client.connection_made(self.client)

    async def connected(self) -> None:
        """Wait until the proxy has tried to connect."""
        assert self.connection.connecting is not None
        await self.connection.connecting

    def lose_both(self) -> None:
        """Close both sockets, as the event loop reports it."""
        self.connection.client.connection_lost(None)
        self.connection.server.connection_lost(None)


def test_bytes_go_both_ways_once_the_server_is_connected() -> None:
    async def scenario() -> None:
        both = Scenario()
        both.connection.client.data_received(b"question")
        await both.connected()
        both.connection.server.data_received(b"answer")
        assert (both.upstream.transport.written, both.client.written) == (b"question", b"answer")

    run(scenario)


def test_a_client_is_reset_where_upstream_cannot_be_reached() -> None:
    async def scenario() -> None:
        both = Scenario(error=ConnectionRefusedError())
        await both.connected()
        assert both.client.calls[-1] == "abort"
        both.connection.client.connection_lost(None)
        assert both.finished == [both.connection]

    run(scenario)


def test_the_end_is_reported_when_both_sockets_are_closed() -> None:
    async def scenario() -> None:
        both = Scenario()
        await both.connected()
        both.connection.client.connection_lost(None)
        assert both.finished == []
        assert both.upstream.transport.calls[-1] == "abort"  # the client's end reaches the server as a RST
        both.connection.server.connection_lost(None)
        assert both.finished == [both.connection]

    run(scenario)


def test_a_timeout_that_is_lifted_closes_the_connection() -> None:
    async def scenario() -> None:
        both = Scenario(Toxics(timeout_after_ms=0))
        await both.connected()
        both.connection.client.data_received(b"dropped")
        both.connection.apply(Toxics())
        assert both.upstream.transport.written == b""
        assert (both.client.calls[-1], both.upstream.transport.calls[-1]) == ("close", "close")

    run(scenario)


def test_a_fin_of_each_side_closes_the_connection() -> None:
    async def scenario() -> None:
        both = Scenario()
        await both.connected()
        both.connection.client.eof_received()
        assert "close" not in both.client.calls
        both.connection.server.eof_received()
        assert "close" in both.client.calls
        assert "close" in both.upstream.transport.calls

    run(scenario)


def test_with_latency_the_server_is_connected_after_the_handshake() -> None:
    async def scenario() -> None:
        both = Scenario(Toxics(Link(latency_ms=86_400_000)))
        await asyncio.sleep(0)
        assert both.upstream.connects == 0
        both.connection.abort()
        assert both.client.calls[-1] == "abort"
        both.connection.client.connection_lost(None)
        assert both.finished == [both.connection]

    run(scenario)
