"""The settings of a geventhttpclient HTTPClientPool, as our connections obey them."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from geventhttpclient.connectionpool import ConnectionPool

from locust_asyncdjango.client.transport.opening import Endpoint, Proxy
from locust_asyncdjango.client.transport.tls import TlsSettings

NO_TIMEOUT_S = 10.0**9
"""What None becomes: thirty years."""

OBEYED_ARGUMENTS = frozenset(
    {
        "block_size",
        "concurrency",
        "connection_timeout",
        "disable_ipv6",
        "insecure",
        "network_timeout",
        "proxy_host",
        "proxy_password",
        "proxy_port",
        "proxy_user",
        "ssl_context_factory",
        "ssl_options",
    }
)
"""Arguments of a client pool that our connections obey. With others, geventhttpclient's own connections are used."""


@dataclass(frozen=True)
class PoolSettings:
    """concurrency: connections to an origin at once. For the others, see Endpoint, Proxy and TlsSettings."""

    concurrency: int
    connection_timeout_s: float
    network_timeout_s: float
    disable_ipv6: bool
    tls: TlsSettings
    proxy_host: str | None
    proxy_port: int | None
    proxy_authorization: str

    @classmethod
    def of_client_args(cls, args: Mapping[str, Any]) -> Self | None:
        """Return the settings that these arguments of a client pool make, or None where they make none of ours."""
        if not {name for name, value in args.items() if value is not None} <= OBEYED_ARGUMENTS:
            return None
        return cls(
            args.get("concurrency", 1),
            _seconds(args.get("connection_timeout", ConnectionPool.DEFAULT_CONNECTION_TIMEOUT)),
            _seconds(args.get("network_timeout", ConnectionPool.DEFAULT_NETWORK_TIMEOUT)),
            bool(args.get("disable_ipv6")),
            TlsSettings(args.get("ssl_context_factory"), bool(args.get("insecure")), args.get("ssl_options")),
            args.get("proxy_host"),
            args.get("proxy_port"),
            _proxy_authorization(args.get("proxy_user"), args.get("proxy_password")),
        )

    def endpoint(self, scheme: str, host: str, port: int) -> Endpoint:
        """Return the endpoint that leads to an origin. Raise ValueError if the proxy has no port."""
        return Endpoint(
            host,
            port,
            self.connection_timeout_s,
            self.network_timeout_s,
            tls=self.tls if scheme == "https" else None,
            proxy=self._proxy(),
            disable_ipv6=self.disable_ipv6,
        )

    def target_prefix(self, scheme: str, host: str, port: int) -> str:
        """Return what a request's target begins with, for a plain request to a proxy (RFC 9112, section 3.2.2)."""
        if scheme != "http" or self.proxy_host is None:
            return ""
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def _proxy(self) -> Proxy | None:
        if self.proxy_host is None:
            return None
        if self.proxy_port is None:
            raise ValueError("proxy_host needs a proxy_port")
        return Proxy(self.proxy_host, self.proxy_port, self.proxy_authorization)


def _seconds(timeout_s: float | None) -> float:
    return NO_TIMEOUT_S if timeout_s is None else timeout_s


def _proxy_authorization(user: str | None, password: str | None) -> str:
    if user is None and password is None:
        return ""
    credentials = f"{user or ''}:{password or ''}"
    return f"Basic {b64encode(credentials.encode()).decode()}"
