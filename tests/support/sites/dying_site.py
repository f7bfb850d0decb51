"""A WSGI and an ASGI application that never answer some requests."""

import os
import signal
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from typing import Any

Start = Callable[[str, list[tuple[str, str]]], object]


def half() -> Iterator[bytes]:
    """Yield half of a body of ten bytes, then die."""
    yield b"half-"
    die()


def die() -> None:
    """Kill this process, as the system does when no memory is left."""
    os.kill(os.getpid(), signal.SIGKILL)


def application(environ: Mapping[str, Any], start: Start) -> Iterable[bytes]:
    """Fail on /stuck, /killed and /half; serve every other path."""
    path = environ["PATH_INFO"]
    if path == "/stuck":
        time.sleep(60)
    if path == "/killed":
        die()
    start("200 OK", [("Content-Length", "10")])
    return half() if path == "/half" else [b"a whole on"]


async def asgi(
    scope: Mapping[str, Any],
    receive: Callable[[], Awaitable[Mapping[str, Any]]],
    send: Callable[[Mapping[str, Any]], Awaitable[None]],
) -> None:
    """Serve every path."""
    if scope["type"] == "http":
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})
