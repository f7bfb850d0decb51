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
"""Size of the largest body that a PATCH may have."""
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class ControlServer(uvicorn.Server):
    """A uvicorn server that leaves signals to the proxy."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Do nothing, in place of uvicorn's method, which installs signal handlers."""
        yield


async def serve_control(proxy: ProxyServer, listener: socket.socket) -> None:
    """Serve the control address on a socket, in the running event loop, until the task is cancelled."""

    async def application(scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        status, content = control_response(proxy, scope["method"], scope["path"], await read_body(receive))
        payload = json.dumps(content).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(payload)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": payload})

    config = uvicorn.Config(application, lifespan="off", ws="none", log_config=None, access_log=False)
    await ControlServer(config).serve(sockets=[listener])


async def read_body(receive: Receive) -> bytes:
    """Return the body of a request. Of a body that is too long, return just enough to show that."""
    body, more = b"", True
    while more:
        message = await receive()
        if len(body) <= MAX_BODY_BYTES:
            body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


def control_response(proxy: ProxyServer, method: str, path: str, body: bytes) -> tuple[int, dict[str, object]]:
    """Return the status and the JSON object of the response to a request; a PATCH changes the settings."""
    if path != "/":
        return 404, {"error": f"there is no {path}; use /"}
    if method not in ("GET", "PATCH"):
        return 405, {"error": f"{method} is not allowed; use GET or PATCH"}
    try:
        if method == "PATCH":
            proxy.apply(parse_settings(body))
    except UsageError as error:
        return 400, {"error": str(error)}
    return 200, proxy.status()


def parse_settings(body: bytes) -> dict[str, object]:
    """Return the JSON object in the body of a PATCH. Raise UsageError where there is none, or it is too long."""
    try:
        values = json.loads(body) if len(body) <= MAX_BODY_BYTES else None
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict):
        raise UsageError(f"the body must be a JSON object of at most {MAX_BODY_BYTES} bytes")
    return values
