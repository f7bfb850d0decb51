"""A proxy that runs between sockets of a test."""

import contextlib
import http.client
import json
import select
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from locust_asyncdjango.lab.environment.process import python
from tests.support.programs import DEADLINE_S, Running, running

PROXY = python("-m", "locust_asyncdjango.lab.proxy")
LINGER_0 = struct.pack("ii", 1, 0)
MUCH = 32 * 2**20
"""Bytes: more than the system keeps for the sockets of a connection."""
BOUND = 64 * 2**20
CLEAR = {
    f"{prefix}{name}": value
    for prefix in ("", "upstream_")
    for name, value in {"latency_ms": 0, "jitter_ms": 0, "jitter": "uniform", "kb_per_s": None}.items()
}

Pair = tuple[socket.socket, socket.socket]


@dataclass
class Proxied:
    """A proxy that runs, and the socket that listens upstream of it."""

    program: Running
    listener: socket.socket
    address: tuple[str, int]
    control: str

    def patch(self, **values: object) -> tuple[int, dict[str, Any]]:
        """Change settings, and return the response of the control address."""
        return self.send("PATCH", json.dumps(values))

    def send(self, method: str, body: str = "") -> tuple[int, dict[str, Any]]:
        """Send a request to the control address, and return the status and the JSON object of its response."""
        with closing(http.client.HTTPConnection(self.control, timeout=DEADLINE_S)) as control:
            control.request(method, "/", body)
            response = control.getresponse()
            return response.status, json.loads(response.read())

    def client(self) -> socket.socket:
        """Return a new connection to the proxy."""
        return socket.create_connection(self.address, timeout=DEADLINE_S)

    @contextmanager
    def pair(self) -> Iterator[Pair]:
        """Yield a client and the server's socket for it."""
        with self.client() as client:
            server, _ = self.listener.accept()
            with server:
                server.settimeout(DEADLINE_S)
                yield client, server


@contextmanager
def proxied(*flags: str, path: Path | None = None) -> Iterator[Proxied]:
    """Start a proxy with these flags. path: of a Unix socket upstream; None for a TCP port."""
    with ExitStack() as stack:
        if path:
            listener = stack.enter_context(closing(socket.socket(socket.AF_UNIX)))
            listener.bind(str(path))
            listener.listen(4096)
            upstream = f"unix:{path}"
        else:
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=4096))
            upstream = f"127.0.0.1:{listener.getsockname()[1]}"
        listener.settimeout(DEADLINE_S)
        argv = [*PROXY, "--upstream", upstream, "--control", "127.0.0.1:0", *flags]
        program = stack.enter_context(running(*argv))
        ready = json.loads(program.wait_for(r'\{"listen.*\}\n').group())
        host, port = ready["listen"].split(":")
        yield Proxied(program, listener, (host, int(port)), ready["control"])


def receive_all(sock: socket.socket) -> bytes:
    """Return all that is received until the other side ends."""
    chunks = []
    while chunk := sock.recv(2**20):
        chunks.append(chunk)
    return b"".join(chunks)


def receive_exactly(sock: socket.socket, size: int) -> bytes:
    """Receive receive_exactly so many bytes."""
    received = b""
    while len(received) < size:
        chunk = sock.recv(size - len(received))
        assert chunk, f"it ended after {received!r}"
        received += chunk
    return received


def is_silent(sock: socket.socket, for_s: float = 0.0) -> bool:
    """Return whether nothing is received in that time."""
    return not select.select([sock], [], [], for_s)[0]


def reset(sock: socket.socket) -> None:
    """Close a socket with a RST."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_0)
    sock.close()


def duration_s(act: Callable[[], object]) -> float:
    """Return how many seconds a call takes."""
    begin_s = time.monotonic()
    act()
    return time.monotonic() - begin_s


def send_until_blocked(sock: socket.socket, data: bytes) -> int:
    """Send until the receiver, which does not read, stops the sender; return how many bytes were sent."""
    sock.settimeout(0.3)
    sent = 0
    with contextlib.suppress(TimeoutError):
        while sent < len(data):
            sent += sock.send(data[sent : sent + 2**20])
    sock.settimeout(DEADLINE_S)
    return sent


def send_chunks(sock: socket.socket, chunks: list[bytes]) -> None:
    """Send chunks, and a FIN."""
    for chunk in chunks:
        sock.sendall(chunk)
    sock.shutdown(socket.SHUT_WR)
