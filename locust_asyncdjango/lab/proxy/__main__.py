"""A TCP proxy that delays, throttles and breaks connections: ``python -m locust_asyncdjango.lab.proxy``.

It prints a JSON object with its addresses when it is ready, and ends with exit code 0 on SIGTERM and SIGINT. At the
control address GET / tells the settings, and PATCH / with a JSON object changes those named in it.
"""

import argparse
import asyncio
import contextlib
import errno
import functools
import gc
import json
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import uvicorn
import uvloop

from locust_asyncdjango.lab.environment.process import allow_many_files
from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.proxy.connection import Dial, ProxiedConnection
from locust_asyncdjango.lab.proxy.stream import Endpoint
from locust_asyncdjango.lab.proxy.toxics import (
    JITTERS,
    SETTINGS,
    Toxics,
    as_values,
    changed,
)

BACKLOG = 4096
MOST_BODY = 10_000
UNIX = "unix:"

Address = tuple[str, int]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Options:
    """The command line. upstream is the path of a Unix socket where it is a str."""

    listen: Address
    upstream: Address | str
    control: Address | None
    toxics: Toxics


class Flags(argparse.ArgumentParser):
    """Raises UsageError."""

    def error(self, message: str) -> NoReturn:
        """One line, and where to read on."""
        raise UsageError(f"{message} (see --help)")


class Proxy:
    """All lines, and what is set for them."""

    def __init__(self, toxics: Toxics, dial: Dial) -> None:
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
        self.toxics = changed(self.toxics, values)
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
        return {**as_values(self.toxics), "counters": counters}


class ControlServer(uvicorn.Server):
    """Leaves signals to the proxy."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Captures none."""
        yield


def main(arguments: Sequence[str] | None = None) -> int:
    """Proxies until it is told to end."""
    try:
        uvloop.run(serve(parse(arguments)))
    except UsageError as error:
        print(f"proxy: error: {error}", file=sys.stderr)
        return 2
    return 0


def parse(arguments: Sequence[str] | None) -> Options:
    """Raises UsageError."""
    flags = Flags(prog="python -m locust_asyncdjango.lab.proxy", description=__doc__, allow_abbrev=False)
    flags.add_argument("--listen", metavar="HOST:PORT", default="127.0.0.1:0", help="(default: %(default)s)")
    flags.add_argument("--upstream", metavar="HOST:PORT|unix:/PATH", required=True, help="where connections lead")
    flags.add_argument("--control", metavar="HOST:PORT", help="settings by HTTP (default: none)")
    for name in SETTINGS:
        metavar = "|".join(JITTERS) if name.endswith("jitter") else "N"
        flags.add_argument(f"--{name.replace('_', '-')}", metavar=metavar, default=argparse.SUPPRESS)
    given = vars(flags.parse_args(arguments))
    return Options(
        address(given.pop("listen")),
        upstream_address(given.pop("upstream")),
        address(control) if (control := given.pop("control")) is not None else None,
        changed(Toxics(), given),
    )


def upstream_address(text: str) -> Address | str:
    """A path for unix:/path. Raises UsageError."""
    if not text.startswith(UNIX):
        return address(text, least_port=1)
    path = text.removeprefix(UNIX)
    if not path or "\0" in path:
        raise UsageError(f"{text!r} names no Unix socket; say unix:/path")
    return path


def address(text: str, least_port: int = 0) -> Address:
    """Host and port of HOST:PORT or [HOST]:PORT. Raises UsageError."""
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]") if host.startswith("[") else host
    if not (colon and host and port.isascii() and port.isdecimal() and least_port <= int(port[:6]) < 65536):
        raise UsageError(f"{text!r} is no address; say HOST:PORT, with a port from {least_port} to 65535")
    return host, int(port)


async def serve(options: Options) -> None:
    """Until SIGTERM or SIGINT. Raises UsageError where it cannot listen."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stop.set)
    allow_many_files()
    proxy = Proxy(options.toxics, dial_to(options.upstream))
    with contextlib.ExitStack() as sockets:
        listener = sockets.enter_context(listening(options.listen))
        control = sockets.enter_context(listening(options.control)) if options.control else None
        ready = json.dumps({"listen": name_of(listener), "control": name_of(control) if control else None})
        server = await loop.create_server(proxy.accept, sock=listener, backlog=BACKLOG)
        controlling = loop.create_task(serve_control(proxy, control)) if control else None
        # What has been made so far stays: it need not be looked at again while connections come and go.
        gc.freeze()
        print(ready, flush=True)
        await stop.wait()
        server.close()
        for line in list(proxy.lines):
            line.abort()
        if controlling:
            controlling.cancel()
        await asyncio.sleep(0)


def dial_to(upstream: Address | str) -> Dial:
    """What connects to upstream."""
    loop = asyncio.get_running_loop()
    if isinstance(upstream, str):
        return functools.partial(loop.create_unix_connection, path=upstream)
    return functools.partial(loop.create_connection, host=upstream[0], port=upstream[1])


def listening(where: Address) -> socket.socket:
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


def name_of(listener: socket.socket) -> str:
    """HOST:PORT."""
    host, port = listener.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


async def serve_control(proxy: Proxy, listener: socket.socket) -> None:
    """The HTTP server of the control address, in the same loop."""

    async def application(scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        status, answer = respond(proxy, scope["method"], scope["path"], await body_of(receive))
        content = json.dumps(answer).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    config = uvicorn.Config(application, lifespan="off", ws="none", log_config=None, access_log=False)
    await ControlServer(config).serve(sockets=[listener])


async def body_of(receive: Receive) -> bytes:
    """A little more than MOST_BODY at most is kept."""
    body, more = b"", True
    while more:
        message = await receive()
        if len(body) <= MOST_BODY:
            body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


def respond(proxy: Proxy, method: str, path: str, body: bytes) -> tuple[int, dict[str, object]]:
    """Status and JSON of an answer."""
    if path != "/":
        return 404, {"error": "there is / alone"}
    if method not in ("GET", "PATCH"):
        return 405, {"error": "GET or PATCH"}
    try:
        if method == "PATCH":
            proxy.change(settings_in(body))
    except UsageError as error:
        return 400, {"error": str(error)}
    return 200, proxy.state()


def settings_in(body: bytes) -> dict[str, object]:
    """The JSON object of a PATCH. Raises UsageError."""
    try:
        values = json.loads(body) if len(body) <= MOST_BODY else None
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict):
        raise UsageError(f"the body must be a JSON object of at most {MOST_BODY} bytes")
    return values


if __name__ == "__main__":
    sys.exit(main())
