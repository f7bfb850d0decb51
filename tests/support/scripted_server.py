"""A server that says byte for byte what it is told to, and remembers what it was asked."""

import io
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

CLOSE, RESET = "close", "reset"
Step = bytes | float | str
"""Bytes to send, seconds to wait, or CLOSE or RESET."""


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    line: str
    headers: Mapping[str, str]
    """Their names in lower case."""
    names: tuple[str, ...]
    """As they were written, sorted; those that depend on the body aside."""
    body: bytes

    @property
    def path(self) -> str:
        """Without its query."""
        return self.line.split()[1].partition("?")[0]


Script = Callable[[Asked], Sequence[Step]]


class Scripted:
    """The server: its address, and all that it was asked, by any connection."""

    def __init__(self, script: Script, tls: ssl.SSLContext | None) -> None:
        self.script = script
        self.asked: list[Asked] = []
        self.connections = 0
        self.said = 0
        """Scripts that were carried out, with what they close."""
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def address(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    @property
    def url(self) -> str:
        """Of its root."""
        return f"{'https' if self._tls else 'http'}://{self.address}"

    def stop(self) -> None:
        """Closes everything."""
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
                while (asked := _read(incoming)) is not None:
                    self.asked.append(asked)
                    if not _say(accepted, self.script(asked)):
                        break
                    self.said += 1
            self.said += 1


def _say(accepted: socket.socket, steps: Sequence[Step]) -> bool:
    """Whether the connection goes on."""
    for step in steps:
        if isinstance(step, bytes):
            accepted.sendall(step)
        elif isinstance(step, float):
            time.sleep(step)
        else:
            if step == RESET:
                accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
    return True


def _read(incoming: io.BufferedReader) -> Asked | None:
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
        while size := int(incoming.readline(), 16):
            body += incoming.read(size)
            incoming.readline()
        incoming.readline()
        return Asked(line, headers, tuple(sorted(names)), body)
    return Asked(line, headers, tuple(sorted(names)), incoming.read(int(headers.get("content-length", 0))))


@contextmanager
def scripted(script: Script, tls: ssl.SSLContext | None = None) -> Iterator[Scripted]:
    """The server, stopped on leaving."""
    server = Scripted(script, tls)
    try:
        yield server
    finally:
        server.stop()
