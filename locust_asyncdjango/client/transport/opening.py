"""Open a connection to an endpoint: TCP, a proxy's tunnel, TLS. All of it within one deadline.

Start reading at open_socket.
"""

from dataclasses import dataclass
from typing import Any

import gevent
import gevent.socket
from geventhttpclient.response import HTTPConnectionClosed

from locust_asyncdjango.client.http11 import HeadResponseReader, field_lines
from locust_asyncdjango.client.transport.tls import RECEIVE_BYTES, TlsSession, TlsSettings


class ProxyRefusedError(OSError):
    """A proxy does not open a tunnel."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy's address, and the value of Proxy-Authorization, "" for none."""

    host: str
    port: int
    authorization: str = ""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What a connection leads to, and its time limits.

    connection_timeout_s: to open the connection, TLS and a proxy's tunnel included.
    network_timeout_s: to send what does not fit into the socket's buffer, and then for the whole response.
    tls: None for plain HTTP. proxy: None for none. disable_ipv6: IPv4 only.
    """

    host: str
    port: int
    connection_timeout_s: float
    network_timeout_s: float
    tls: TlsSettings | None = None
    proxy: Proxy | None = None
    disable_ipv6: bool = False


def open_socket(endpoint: Endpoint) -> tuple[gevent.socket.socket, TlsSession | None]:
    """Return a connected socket, and its TLS session if any. Raise OSError (also TimeoutError) and ValueError."""
    # Not a TimeoutError: create_connection takes an OSError for that of one address, and would try the next.
    deadline = gevent.Timeout.start_new(endpoint.connection_timeout_s)
    try:
        session = None if endpoint.tls is None else TlsSession(endpoint.tls.context, endpoint.host)
        connected = _connect(endpoint)
        if session is not None:
            _secure(connected, session, endpoint)
    except gevent.Timeout as timeout:
        if timeout is not deadline:
            raise
        text = f"no connection within {endpoint.connection_timeout_s:g} s (connection_timeout)"
        raise TimeoutError(text) from None
    finally:
        deadline.close()
    return connected, session


def _secure(connected: gevent.socket.socket, session: TlsSession, endpoint: Endpoint) -> None:
    """Open the TLS session, by a proxy's tunnel if there is a proxy. Close the socket on an error."""
    try:
        if endpoint.proxy is not None:
            _open_tunnel(connected, endpoint, endpoint.proxy)
        session.shake_hands(connected)
    except BaseException:
        connected.close()
        raise


def _connect(endpoint: Endpoint) -> gevent.socket.socket:
    address: Any = endpoint.proxy or endpoint
    host = address.host
    if endpoint.disable_ipv6:
        host = gevent.socket.getaddrinfo(host, address.port, gevent.socket.AF_INET)[0][4][0]
    connected = gevent.socket.create_connection((host, address.port), timeout=None)
    connected.setsockopt(gevent.socket.IPPROTO_TCP, gevent.socket.TCP_NODELAY, 1)
    return connected


def _open_tunnel(connected: gevent.socket.socket, endpoint: Endpoint, proxy: Proxy) -> None:
    host = f"[{endpoint.host}]" if ":" in endpoint.host else endpoint.host
    fields = [("Host", f"{host}:{endpoint.port}")]
    if proxy.authorization:
        fields.append(("Proxy-Authorization", proxy.authorization))
    connected.sendall(b"CONNECT %b:%d HTTP/1.1\r\n%b\r\n" % (host.encode("idna"), endpoint.port, field_lines(fields)))
    reader, response = HeadResponseReader(), None
    while response is None:
        received = connected.recv(RECEIVE_BYTES)
        if not received:
            raise HTTPConnectionClosed("the proxy closed the connection before it answered CONNECT")
        response = reader.feed(received)
    if not 200 <= response.status < 300:
        raise ProxyRefusedError(f"the proxy answered CONNECT with status {response.status}")
