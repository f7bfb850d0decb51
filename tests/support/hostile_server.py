"""A program: a hostile server, in all the ways that a client can meet it. It runs until its standard input ends.

It prints one line of JSON: the URLs and ports of the servers, by name.
"""

import json
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

import trustme

from tests.support.hostile_answers import ANSWERS, HANDSHAKES, TUNNELS, Answer
from tests.support.responses import redirect
from tests.support.scripted_server import ReceivedRequest, Step, perform, serve_script


def script(received: ReceivedRequest) -> Iterable[Step]:
    """Return the steps of the answer that a path names; /to/SCHEME/STATUS/ADDRESS/NAME redirects to another server."""
    path = received.line.split()[1]
    if path.startswith("http://"):
        path = "/" + path.split("/", 3)[3]
    if path.startswith("/to/"):
        _, _, scheme, status, address, name = path.split("/", 5)
        return [redirect(int(status), f"{scheme}://{address}/{name}")]
    return ANSWERS[unquote(path[1:])].steps()


def serve_raw(table: Mapping[str, Answer], stack: ExitStack) -> dict[str, int]:
    """Start a listener for each row of a table of answers, and return their ports by name."""
    ports = {}
    for name, answer in table.items():
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        ports[name] = listener.getsockname()[1]
        threading.Thread(target=_accept, args=[listener, answer.steps], daemon=True).start()
    return ports


def _accept(listener: socket.socket, steps: Callable[[], Iterable[Step]]) -> None:
    with suppress(OSError):
        while True:
            accepted, _ = listener.accept()
            threading.Thread(target=_answer, args=[accepted, steps], daemon=True).start()


def _answer(accepted: socket.socket, steps: Callable[[], Iterable[Step]]) -> None:
    with accepted, suppress(OSError):
        accepted.recv(65536)
        perform(accepted, steps())


def tls(authority: trustme.CA, name: str = "127.0.0.1", expires: datetime | None = None) -> ssl.SSLContext:
    """Return the context of a server with a certificate for this name, which may have expired already."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    began = datetime.now(UTC) - timedelta(days=9)
    authority.issue_cert(name, not_before=began, not_after=expires).configure_cert(context)
    return context


def main() -> None:
    """Start the servers, print where they are, and wait."""
    authority = trustme.CA()
    good = tls(authority)
    contexts = {
        "https": good,
        "expired": tls(authority, expires=datetime.now(UTC) - timedelta(days=1)),
        "another host": tls(authority, "other.invalid"),
        "unknown": tls(trustme.CA()),
    }
    with ExitStack() as stack:
        servers = {name: stack.enter_context(serve_script(script, context)) for name, context in contexts.items()}
        servers["http"] = stack.enter_context(serve_script(script, tunnel_tls=good))
        where = {
            "urls": {name: server.url for name, server in servers.items()},
            "handshakes": serve_raw(HANDSHAKES, stack),
            "tunnels": serve_raw(TUNNELS, stack),
            "authority": authority.cert_pem.bytes().decode(),
        }
        print(json.dumps(where), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
