"""A server that answers the first message of a PostgreSQL client in one of several wrong ways."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

FIRST_MESSAGE = 1024
Serve = Callable[[socket.socket], None]


def error_message(sqlstate: str, message: str) -> bytes:
    """Return what PostgreSQL sends where it refuses a connection."""
    fields = b"".join(
        f"{name}{value}".encode() + b"\0"
        for name, value in zip("SVCM", ("FATAL", "FATAL", sqlstate, message), strict=True)
    )
    return b"E" + (len(fields) + 5).to_bytes(4, "big") + fields + b"\0"


def says_nothing(client: socket.socket) -> None:
    """Keep the client waiting until it leaves."""
    while client.recv(FIRST_MESSAGE):
        pass


def offers_no_tls(client: socket.socket) -> None:
    """Refuse TLS, and wait until the client leaves."""
    client.recv(FIRST_MESSAGE)
    client.sendall(b"N")
    says_nothing(client)


def ends_in_the_tls_handshake(client: socket.socket) -> None:
    """Agree to TLS, and close the connection during the handshake."""
    client.recv(FIRST_MESSAGE)
    client.sendall(b"S")
    client.recv(FIRST_MESSAGE)


def ends_at_once(client: socket.socket) -> None:
    """Close the connection without an answer."""
    client.recv(FIRST_MESSAGE)


def speaks_http(client: socket.socket) -> None:
    """Answer as a web server does."""
    client.recv(FIRST_MESSAGE)
    client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def with_tls(context: ssl.SSLContext) -> Serve:
    """Return a server that agrees to TLS with this certificate."""

    def serve(client: socket.socket) -> None:
        client.recv(FIRST_MESSAGE)
        client.sendall(b"S")
        with context.wrap_socket(client, server_side=True) as secure:
            says_nothing(secure)

    return serve


def refuses_with(sqlstate: str, message: str) -> Serve:
    """Return a server that refuses a connection without TLS, with this error."""

    def serve(client: socket.socket) -> None:
        client.recv(FIRST_MESSAGE)
        client.sendall(error_message(sqlstate, message))

    return serve


@contextmanager
def fake_postgres(serve: Serve) -> Iterator[int]:
    """Run a server on a free port, which it yields. serve: called for each connection, which is closed after it."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as listener:
        thread = threading.Thread(target=_accept, args=[listener, serve], daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def _accept(listener: socket.socket, serve: Serve) -> None:
    with suppress(OSError):
        while True:
            client, _ = listener.accept()
            threading.Thread(target=_serve_one, args=[client, serve], daemon=True).start()


def _serve_one(client: socket.socket, serve: Serve) -> None:
    with suppress(OSError), client:
        serve(client)
