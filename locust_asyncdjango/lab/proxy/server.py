"""The proxy as a server: its listening socket, its connections, and the settings that they share."""

import asyncio
import errno
import functools
import os
import socket
from collections.abc import Mapping

from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.proxy.connection import Connect, ProxiedConnection
from locust_asyncdjango.lab.proxy.options import Address
from locust_asyncdjango.lab.proxy.stream import Endpoint
from locust_asyncdjango.lab.proxy.toxics import (
    Toxics,
    settings_values,
    with_settings,
)

BACKLOG = 4096
"""Clients that may wait to be accepted."""


class ProxyServer:
    """All connections, the settings that they share, and counters."""

    def __init__(self, toxics: Toxics, connect: Connect) -> None:
        self.toxics, self.connect = toxics, connect
        self.open_connections: set[ProxiedConnection] = set()
        self.accepted = 0
        self.closed_upstream_bytes = self.closed_downstream_bytes = 0
        """Bytes of connections that are closed."""

    def accept(self) -> Endpoint:
        """Return the protocol of a new client; asyncio calls this for each."""
        connection = ProxiedConnection(self.toxics, self.connect, self.forget)
        self.open_connections.add(connection)
        self.accepted += 1
        return connection.client

    def forget(self, connection: ProxiedConnection) -> None:
        """Remove a connection that is closed, and keep its bytes in the counters."""
        if connection in self.open_connections:
            self.open_connections.remove(connection)
            upstream, downstream = connection.traffic()
            self.closed_upstream_bytes += upstream
            self.closed_downstream_bytes += downstream

    def apply(self, values: Mapping[str, object]) -> None:
        """Change settings, by name, for open connections and for new ones.

        Raise UsageError for a setting that is wrong; then none has changed.
        """
        self.toxics = with_settings(self.toxics, values)
        for connection in list(self.open_connections):
            connection.apply(self.toxics)

    def abort_all(self) -> None:
        """Close all connections at once."""
        for connection in list(self.open_connections):
            connection.abort()

    def status(self) -> dict[str, object]:
        """Return the settings by name, and the counters."""
        live = [connection.traffic() for connection in self.open_connections]
        counters = {
            "connections_open": len(self.open_connections),
            "connections": self.accepted,
            "bytes_upstream": self.closed_upstream_bytes + sum(up for up, _ in live),
            "bytes_downstream": self.closed_downstream_bytes + sum(down for _, down in live),
        }
        return {**settings_values(self.toxics), "counters": counters}


def connector_to(upstream: Address | str) -> Connect:
    """Return a function that connects to upstream. upstream: host and port, or the path of a Unix socket."""
    loop = asyncio.get_running_loop()
    if isinstance(upstream, str):
        return functools.partial(loop.create_unix_connection, path=upstream)
    return functools.partial(loop.create_connection, host=upstream[0], port=upstream[1])


def listen(address: Address) -> socket.socket:
    """Return a socket that listens at an address. Raise UsageError where that is not possible."""
    try:
        family, *_, sockaddr = socket.getaddrinfo(*address, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        return socket.create_server(sockaddr[:2], family=family, backlog=BACKLOG)
    except (OSError, UnicodeError) as error:
        raise UsageError(f"cannot listen on {address[0]}:{address[1]}: {_reason(error)}") from None


def _reason(error: OSError | UnicodeError) -> str:
    if isinstance(error, UnicodeError) or error.errno is None:
        return str(error)
    # create_server() adds text to the system's message. getaddrinfo() has messages and error numbers of its own.
    return os.strerror(error.errno) if error.errno in errno.errorcode else str(error.strerror)


def address_text(listener: socket.socket) -> str:
    """Return where a socket listens, as HOST:PORT or [HOST]:PORT."""
    host, port = listener.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
