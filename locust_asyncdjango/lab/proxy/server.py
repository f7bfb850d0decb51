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


class ProxyServer:
    """All connections, and what is set for them."""

    def __init__(self, toxics: Toxics, connect: Connect) -> None:
        self.toxics, self.connect = toxics, connect
        self.open_connections: set[ProxiedConnection] = set()
        self.accepted = 0
        self.closed_upstream_bytes = self.closed_downstream_bytes = 0
        """Bytes of the connections that are no more."""

    def accept(self) -> Endpoint:
        """The protocol of a client that has come."""
        connection = ProxiedConnection(self.toxics, self.connect, self.forget)
        self.open_connections.add(connection)
        self.accepted += 1
        return connection.client

    def forget(self, connection: ProxiedConnection) -> None:
        """A connection is no more."""
        if connection in self.open_connections:
            self.open_connections.remove(connection)
            upstream, downstream = connection.traffic()
            self.closed_upstream_bytes += upstream
            self.closed_downstream_bytes += downstream

    def apply(self, values: Mapping[str, object]) -> None:
        """For connections that are there and those to come. Raises UsageError, and then nothing has changed."""
        self.toxics = with_settings(self.toxics, values)
        for connection in list(self.open_connections):
            connection.apply(self.toxics)

    def status(self) -> dict[str, object]:
        """The settings by their names, and counters."""
        live = [connection.traffic() for connection in self.open_connections]
        counters = {
            "connections_open": len(self.open_connections),
            "connections": self.accepted,
            "bytes_upstream": self.closed_upstream_bytes + sum(up for up, _ in live),
            "bytes_downstream": self.closed_downstream_bytes + sum(down for _, down in live),
        }
        return {**settings_values(self.toxics), "counters": counters}


def connector_to(upstream: Address | str) -> Connect:
    """What connects to upstream."""
    loop = asyncio.get_running_loop()
    if isinstance(upstream, str):
        return functools.partial(loop.create_unix_connection, path=upstream)
    return functools.partial(loop.create_connection, host=upstream[0], port=upstream[1])


def listen(address: Address) -> socket.socket:
    """A socket that listens. Raises UsageError."""
    try:
        family, *_, sockaddr = socket.getaddrinfo(*address, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        return socket.create_server(sockaddr[:2], family=family, backlog=BACKLOG)
    except (OSError, UnicodeError) as error:
        raise UsageError(f"cannot listen on {address[0]}:{address[1]}: {_reason(error)}") from None


def _reason(error: OSError | UnicodeError) -> str:
    if isinstance(error, UnicodeError) or error.errno is None:
        return str(error)
    # create_server() adds to the system's words; getaddrinfo() has words and numbers of its own.
    return os.strerror(error.errno) if error.errno in errno.errorcode else str(error.strerror)


def address_text(listener: socket.socket) -> str:
    """HOST:PORT."""
    host, port = listener.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
