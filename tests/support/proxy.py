"""A proxy that runs between a test's own sockets."""

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
    """A proxy that runs, and what listens upstream of it."""

    program: Running
    listener: socket.socket
    address: tuple[str, int]
    control: str

    def patch(self, **values: object) -> tuple[int, dict[str, Any]]:
        """Changes settings."""
        return self.ask("PATCH", json.dumps(values))

    def ask(self, method: str, body: str = "") -> tuple[int, dict[str, Any]]:
        """Status and JSON of the control's answer."""
        with closing(http.client.HTTPConnection(self.control, timeout=DEADLINE_S)) as asked:
            asked.request(method, "/", body)
            response = asked.getresponse()
            return response.status, json.loads(response.read())

    def client(self) -> socket.socket:
        """A connection to the proxy."""
        return socket.create_connection(self.address, timeout=DEADLINE_S)

    @contextmanager
    def pair(self) -> Iterator[Pair]:
        """A client and the server's socket for it."""
        with self.client() as client:
            server, _ = self.listener.accept()
            with server:
                server.settimeout(DEADLINE_S)
                yield client, server


@contextmanager
def proxied(*flags: str, path: Path | None = None) -> Iterator[Proxied]:
    """path: of a Unix socket upstream; a TCP port without."""
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


def rest_of(sock: socket.socket) -> bytes:
    """All that comes until the other side ends."""
    found = []
    while chunk := sock.recv(2**20):
        found.append(chunk)
    return b"".join(found)


def exactly(sock: socket.socket, size: int) -> bytes:
    """So many bytes."""
    found = b""
    while len(found) < size:
        chunk = sock.recv(size - len(found))
        assert chunk, f"it ended after {found!r}"
        found += chunk
    return found


def is_silent(sock: socket.socket, for_s: float = 0.0) -> bool:
    """Whether nothing comes in that time."""
    return not select.select([sock], [], [], for_s)[0]


def reset(sock: socket.socket) -> None:
    """Closes with a RST."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_0)
    sock.close()


def taken_s(act: Callable[[], object]) -> float:
    """How long it takes."""
    begin_s = time.monotonic()
    act()
    return time.monotonic() - begin_s


def sent_until_stuck(sock: socket.socket, data: bytes) -> int:
    """How many bytes a receiver that does not read lets a sender send."""
    sock.settimeout(0.3)
    sent = 0
    with contextlib.suppress(TimeoutError):
        while sent < len(data):
            sent += sock.send(data[sent : sent + 2**20])
    sock.settimeout(DEADLINE_S)
    return sent


def send_chunks(sock: socket.socket, chunks: list[bytes]) -> None:
    """And FIN."""
    for chunk in chunks:
        sock.sendall(chunk)
    sock.shutdown(socket.SHUT_WR)
