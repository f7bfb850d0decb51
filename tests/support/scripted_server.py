"""A server that sends byte for byte what a script says, and keeps the requests that it received."""

import io
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass

CLOSE, RESET, END_TLS = "close", "reset", "end TLS"
Step = bytes | float | str
"""Bytes to send, seconds to wait, or CLOSE, RESET or the orderly END_TLS of the connection."""


@dataclass(frozen=True)
class ReceivedRequest:
    """One request as it came."""

    line: str
    headers: Mapping[str, str]
    """By name in lower case."""
    names: tuple[str, ...]
    """The names as they were written, sorted, without those that depend on the body."""
    body: bytes

    @property
    def path(self) -> str:
        """The path without its query."""
        return self.line.split()[1].partition("?")[0]


Script = Callable[[ReceivedRequest], Iterable[Step]]


class ScriptedServer:
    """The server: its address, and all requests that it received on any connection."""

    def __init__(self, script: Script, tls: ssl.SSLContext | None, tunnel_tls: ssl.SSLContext | None = None) -> None:
        """tunnel_tls: the server is also a proxy, and serves each tunnel itself, with this TLS."""
        self.script = script
        self._tunnel_tls = tunnel_tls
        self.received: list[ReceivedRequest] = []
        self.connections = 0
        self.completed = 0
        """Scripts that were carried out, including the closing of the connection."""
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def address(self) -> str:
        """The host and port, as in a URL."""
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    @property
    def url(self) -> str:
        """The URL of its root, without a slash."""
        return f"{'https' if self._tls else 'http'}://{self.address}"

    def stop(self) -> None:
        """Close the listener and all connections."""
        for each in (self._listener, *self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                accepted, _ = self._listener.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=[accepted], daemon=True).start()

    def _serve(self, accepted: socket.socket) -> None:
        with suppress(OSError):
            if self._tls:
                accepted = self._tls.wrap_socket(accepted, server_side=True)
            self._open.append(accepted)
            with accepted, accepted.makefile("rb") as incoming:
                while (received := _read(incoming)) is not None:
                    if self._tunnel_tls and received.line.startswith("CONNECT "):
                        self._serve_tunnel(accepted, self._tunnel_tls)
                        break
                    self.received.append(received)
                    if not perform(accepted, self.script(received)):
                        break
                    self.completed += 1
            self.completed += 1

    def _serve_tunnel(self, accepted: socket.socket, tls: ssl.SSLContext) -> None:
        accepted.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with tls.wrap_socket(accepted, server_side=True) as inner, inner.makefile("rb") as incoming:
            while (received := _read(incoming)) is not None:
                self.received.append(received)
                if not perform(inner, self.script(received)):
                    break


def perform(accepted: socket.socket, steps: Iterable[Step]) -> bool:
    """Carry out the steps, and return whether the connection stays open."""
    for step in steps:
        if isinstance(step, bytes):
            accepted.sendall(step)
        elif isinstance(step, float):
            time.sleep(step)
        else:
            if step == END_TLS and isinstance(accepted, ssl.SSLSocket):
                accepted.unwrap()
            if step == RESET:
                accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
    return True


def _read(incoming: io.BufferedReader) -> ReceivedRequest | None:
    line = incoming.readline().decode("latin-1").rstrip()
    if not line.endswith(" HTTP/1.1"):
        return None
    headers, names = {}, []
    while field := incoming.readline().decode("latin-1").rstrip():
        name, _, value = field.partition(": ")
        headers[name.lower()] = value
        if not name.lower().startswith("content-"):
            names.append(name)
    if headers.get("transfer-encoding") == "chunked":
        body = b""
        while size := int(incoming.readline() or b"0", 16):  # a request may be cut short
            body += incoming.read(size)
            incoming.readline()
        incoming.readline()
        return ReceivedRequest(line, headers, tuple(sorted(names)), body)
    return ReceivedRequest(line, headers, tuple(sorted(names)), incoming.read(int(headers.get("content-length", 0))))


@contextmanager
def serve_script(
    script: Script, tls: ssl.SSLContext | None = None, tunnel_tls: ssl.SSLContext | None = None
) -> Iterator[ScriptedServer]:
    """Start a server for this script, and stop it at the end."""
    server = ScriptedServer(script, tls, tunnel_tls)
    try:
        yield server
    finally:
        server.stop()
