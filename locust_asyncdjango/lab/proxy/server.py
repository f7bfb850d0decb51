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
    """All lines, and what is set for them."""

    def __init__(self, toxics: Toxics, dial: Connect) -> None:
        self.toxics, self.dial = toxics, dial
        self.lines: set[ProxiedConnection] = set()
        self.connections = 0
        self.passed_upstream = self.passed_downstream = 0
        """Bytes of the lines that are no more."""

    def accept(self) -> Endpoint:
        """The protocol of a client that has come."""
        line = ProxiedConnection(self.toxics, self.dial, self.end)
        self.lines.add(line)
        self.connections += 1
        return line.client

    def end(self, line: ProxiedConnection) -> None:
        """A line is no more."""
        if line in self.lines:
            self.lines.remove(line)
            upstream, downstream = line.traffic()
            self.passed_upstream += upstream
            self.passed_downstream += downstream

    def change(self, values: Mapping[str, object]) -> None:
        """For lines that are there and those to come. Raises UsageError, and then nothing has changed."""
        self.toxics = with_settings(self.toxics, values)
        for line in list(self.lines):
            line.change(self.toxics)

    def state(self) -> dict[str, object]:
        """The settings by their names, and counters."""
        live = [line.traffic() for line in self.lines]
        counters = {
            "connections_open": len(self.lines),
            "connections": self.connections,
            "bytes_upstream": self.passed_upstream + sum(up for up, _ in live),
            "bytes_downstream": self.passed_downstream + sum(down for _, down in live),
        }
        return {**settings_values(self.toxics), "counters": counters}


def connector_to(upstream: Address | str) -> Connect:
    """What connects to upstream."""
    loop = asyncio.get_running_loop()
    if isinstance(upstream, str):
        return functools.partial(loop.create_unix_connection, path=upstream)
    return functools.partial(loop.create_connection, host=upstream[0], port=upstream[1])


def listen(where: Address) -> socket.socket:
    """A socket that listens. Raises UsageError."""
    try:
        family, *_, sockaddr = socket.getaddrinfo(*where, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        return socket.create_server(sockaddr[:2], family=family, backlog=BACKLOG)
    except (OSError, UnicodeError) as error:
        raise UsageError(f"cannot listen on {where[0]}:{where[1]}: {_reason(error)}") from None


def _reason(error: OSError | UnicodeError) -> str:
    if isinstance(error, UnicodeError) or error.errno is None:
        return str(error)
    # create_server() adds to the system's words; getaddrinfo() has words and numbers of its own.
    return os.strerror(error.errno) if error.errno in errno.errorcode else str(error.strerror)


def address_text(listener: socket.socket) -> str:
    """HOST:PORT."""
    host, port = listener.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
