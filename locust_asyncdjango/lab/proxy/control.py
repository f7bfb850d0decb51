"""The proxy's control address: an HTTP server that shows the settings and changes them."""

import contextlib
import json
import socket
from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping
from typing import Any

import uvicorn

from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.proxy.server import ProxyServer

MAX_BODY_BYTES = 10_000
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class ControlServer(uvicorn.Server):
    """Leaves signals to the proxy."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Captures none."""
        yield


async def serve_control(proxy: ProxyServer, listener: socket.socket) -> None:
    """The HTTP server of the control address, in the same loop."""

    async def application(scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        status, answer = control_response(proxy, scope["method"], scope["path"], await read_body(receive))
        content = json.dumps(answer).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    config = uvicorn.Config(application, lifespan="off", ws="none", log_config=None, access_log=False)
    await ControlServer(config).serve(sockets=[listener])


async def read_body(receive: Receive) -> bytes:
    """A little more than MOST_BODY at most is kept."""
    body, more = b"", True
    while more:
        message = await receive()
        if len(body) <= MAX_BODY_BYTES:
            body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


def control_response(proxy: ProxyServer, method: str, path: str, body: bytes) -> tuple[int, dict[str, object]]:
    """Status and JSON of an answer."""
    if path != "/":
        return 404, {"error": "there is / alone"}
    if method not in ("GET", "PATCH"):
        return 405, {"error": "GET or PATCH"}
    try:
        if method == "PATCH":
            proxy.apply(parse_settings(body))
    except UsageError as error:
        return 400, {"error": str(error)}
    return 200, proxy.status()


def parse_settings(body: bytes) -> dict[str, object]:
    """The JSON object of a PATCH. Raises UsageError."""
    try:
        values = json.loads(body) if len(body) <= MAX_BODY_BYTES else None
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict):
        raise UsageError(f"the body must be a JSON object of at most {MAX_BODY_BYTES} bytes")
    return values
