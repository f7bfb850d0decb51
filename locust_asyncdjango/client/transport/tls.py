"""TLS without a thread or a wrapped socket: OpenSSL over memory, with the methods of a socket that a Connection uses.

Nothing that a peer sends can make it block: it takes what the socket has, and returns. Start reading at TlsSocket.
"""

import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import gevent.socket
import gevent.ssl
from geventhttpclient.connectionpool import SSLConnectionPool, init_ssl_context
from geventhttpclient.response import HTTPConnectionClosed
from locust.contrib.fasthttp import insecure_ssl_context_factory

from locust_asyncdjango.client.http11 import InvalidRequestError

ContextFactory = Callable[..., ssl.SSLContext]

RECEIVE_BYTES = 32 * 1024
SEND_BYTES = 64 * 1024
"""What is encrypted at a time: a long request is not held in memory a second time."""

MAX_UNSENT_BYTES = 64 * 1024
"""What TLS itself may want to send, such as replies to key updates, to a peer that does not read."""

MAX_IDLE_READS = 16
"""How often an idle connection may receive messages of TLS itself, such as session tickets, before it is given up."""

_DEFAULT_FACTORIES = (None, insecure_ssl_context_factory, gevent.ssl.create_default_context)


@dataclass(frozen=True)
class TlsSettings:
    """How to verify servers; the parameters of geventhttpclient's HTTPClient with these names."""

    ssl_context_factory: ContextFactory | None = None
    insecure: bool = False
    ssl_options: dict[str, Any] | None = None

    @cached_property
    def context(self) -> ssl.SSLContext:
        """The context of all connections.

        Raise InvalidRequestError where a factory of the user's own makes none; OSError (also SSLError) and MemoryError
        as they are, because they have kinds of their own.
        """
        if self.ssl_context_factory in _DEFAULT_FACTORIES and not self.ssl_options:
            return _shared_context(self.insecure)
        try:
            context: ssl.SSLContext = init_ssl_context(
                self.ssl_context_factory or gevent.ssl.create_default_context,
                SSLConnectionPool.default_options["ca_certs"],
                check_hostname=not self.insecure,
                ssl_options=self.ssl_options,
            )
        except (OSError, MemoryError):
            raise
        except Exception as error:  # noqa: BLE001  # whatever a locustfile's factory raises
            text = f"ssl_context_factory and ssl_options make no TLS context: {type(error).__name__}"
            raise InvalidRequestError(text) from None
        return context


@lru_cache(maxsize=2)
def _shared_context(insecure: bool) -> ssl.SSLContext:
    """Return the default context. All users share it, because loading certificate authorities takes 20 ms."""
    context: ssl.SSLContext
    if insecure:
        context = insecure_ssl_context_factory()
    else:
        context = gevent.ssl.create_default_context(cafile=SSLConnectionPool.default_options["ca_certs"])
    context.set_alpn_protocols(["http/1.1"])
    return context


class TlsSession:
    """A TLS session and its two ends in memory: what was received, and what is to be sent."""

    def __init__(self, context: ssl.SSLContext, host: str) -> None:
        """Prepare a session as the client. host: to verify, and for SNI. Raise ValueError for an invalid name."""
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname=host)

    def shake_hands(self, connected: gevent.socket.socket) -> None:
        """Open the session over a connected socket. Raise OSError, of which SSLError is one."""
        while not self._advance(connected):
            received = connected.recv(RECEIVE_BYTES)
            if received:
                self.incoming.write(received)
            else:
                self.incoming.write_eof()

    def _advance(self, connected: gevent.socket.socket) -> bool:
        """Take the next step of the handshake, and return whether it was the last."""
        try:
            self.tls.do_handshake()
        except ssl.SSLWantReadError:
            done = False
        except ssl.SSLError:
            with suppress(OSError):  # the alert that tells the server why
                connected.sendall(self.outgoing.read())
            raise
        else:
            done = True
        connected.sendall(self.outgoing.read())
        return done


class TlsSocket:
    """A non-blocking socket with TLS. BlockingIOError means the same as of a plain one."""

    def __init__(self, plain: Any, session: TlsSession) -> None:
        """Take over a socket, and a session that was opened over it."""
        self._plain = plain
        self._tls, self._incoming, self._outgoing = session.tls, session.incoming, session.outgoing
        self._unsent = b""
        self._unsent_plain = 0
        self._idle_reads = 0
        self.ended = False
        """Whether the peer has ended the session. The end of the TCP connection may follow later, or never."""
        self.buffered = b""
        """Plain bytes that ``absorb`` has read, and ``recv`` returns."""
        self.fileno, self.close = plain.fileno, plain.close

    def send(self, data: bytes | memoryview) -> int:
        """Send the first bytes of data, and return how many; as with OpenSSL, call again with the same after an error.

        Raise BlockingIOError while none of them is sent entirely, and other OSErrors.
        """
        self._idle_reads = 0
        if not self._unsent_plain:
            self._unsent_plain = self._encrypt(memoryview(data)[:SEND_BYTES])
        while self._unsent:
            self._unsent = self._unsent[self._plain.send(self._unsent) :]
        sent, self._unsent_plain = self._unsent_plain, 0
        return sent

    def recv(self, _size: int) -> bytes:
        """Return all of the plain bytes that came with the next encrypted ones; b"" at the end of the session.

        Raise BlockingIOError if none have come. Raise HTTPConnectionClosed if the connection ends without TLS's own
        message: what came may have been cut short by anyone (RFC 9112, section 9.8).
        """
        if self.buffered or self.ended:
            plain, self.buffered = self.buffered, b""
            return plain
        received = self._plain.recv(RECEIVE_BYTES)
        if received:
            self._incoming.write(received)
        else:
            self._incoming.write_eof()
        plain = self._decrypt()
        self._send_replies()
        if not plain and not self.ended:
            raise BlockingIOError
        return plain

    def absorb(self) -> bool:
        """Read what came while idle, and return whether it was for TLS itself only, such as session tickets."""
        self._idle_reads += 1
        try:
            self.buffered = self.recv(RECEIVE_BYTES)
        except BlockingIOError:
            return self._idle_reads <= MAX_IDLE_READS
        except (OSError, HTTPConnectionClosed):
            return False
        return False

    def _encrypt(self, plain: memoryview) -> int:
        try:
            written = self._tls.write(plain)
        except ssl.SSLWantReadError:
            raise ssl.SSLError("the server renegotiates TLS before it has received the request") from None
        self._unsent += self._outgoing.read()
        return written

    def _decrypt(self) -> bytes:
        pieces = []
        while not self.ended:
            try:
                piece = self._tls.read(RECEIVE_BYTES)
            except ssl.SSLWantReadError:
                break
            except ssl.SSLEOFError:
                raise HTTPConnectionClosed("the connection was closed without the end of the TLS session") from None
            self.ended = not piece
            pieces.append(piece)
        return b"".join(pieces)

    def _send_replies(self) -> None:
        self._unsent += self._outgoing.read()
        if len(self._unsent) > MAX_UNSENT_BYTES + SEND_BYTES:
            raise ssl.SSLError("the server requests TLS messages and does not read them")
        with suppress(BlockingIOError, BrokenPipeError, ConnectionResetError):
            while self._unsent and not self._unsent_plain:
                self._unsent = self._unsent[self._plain.send(self._unsent) :]
