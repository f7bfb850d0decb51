"""Pools that lend connections: one for each origin."""

from typing import Any, ClassVar
from weakref import WeakKeyDictionary

from gevent.queue import LifoQueue
from geventhttpclient.client import HTTPClientPool
from geventhttpclient.connectionpool import ConnectionPool
from geventhttpclient.response import HTTPConnectionClosed
from geventhttpclient.url import URL

from locust_asyncdjango.client.connection import CUT_OFF, Connection
from locust_asyncdjango.client.http11 import RawResponse


class Pool:
    """The connections to one origin, at most ``size`` at once; for several greenlets."""

    def __init__(self, host: str, port: int, settings: dict[str, Any]) -> None:
        self._origin = host, port
        self._timeouts_s = (
            settings.get("connection_timeout", ConnectionPool.DEFAULT_CONNECTION_TIMEOUT),
            settings.get("network_timeout", ConnectionPool.DEFAULT_NETWORK_TIMEOUT),
        )
        # The connection that was used last, if it is free; the others, and None for each that may be opened.
        self._last: Connection | None = None
        self._free: LifoQueue[Connection | None] = LifoQueue(items=[None] * settings.get("concurrency", 1))
        self._waiting = 0

    def ask(self, request: bytes, repeatable: bool, bodyless: bool) -> RawResponse:
        """The answer to a whole request, on a connection that is kept if it can be used again.

        repeatable: may be sent anew where a kept connection turns out to be closed (RFC 9110, section 9.2.2).
        bodyless: to HEAD. Raises OSError (TimeoutError) and HTTPParseError.
        """
        connection, self._last, kept = self._last, None, None
        if connection is None:
            connection = self._next_free()
        try:
            # What may not be sent anew must not go out on a connection that was closed a moment ago.
            if connection is None or not (connection.undisturbed if repeatable else connection.is_quiet()):
                connection = self._opened(connection)
                answer = connection.ask(request, bodyless)
            else:
                try:
                    answer = connection.ask(request, bodyless)
                except (HTTPConnectionClosed, *CUT_OFF):
                    if not (repeatable and connection.no_bytes_received):
                        raise
                    connection = self._opened(connection)
                    answer = connection.ask(request, bodyless)
            if answer.keep_alive:
                kept = connection
            return answer
        finally:
            if kept is None and connection is not None:
                connection.close()
            if kept is None or self._waiting or self._last is not None:
                self._free.put(kept)
            else:
                self._last = kept

    def __del__(self) -> None:
        for connection in (self._last, *self._free.queue):
            if connection is not None:
                connection.close()

    def _next_free(self) -> Connection | None:
        self._waiting += 1
        try:
            connection: Connection | None = self._free.get()
            return connection
        finally:
            self._waiting -= 1

    def _opened(self, stale: Connection | None) -> Connection:
        if stale is not None:
            stale.close()
        return Connection(*self._origin, *self._timeouts_s)


class Pools:
    """A Pool for each origin, with the settings of a geventhttpclient HTTPClientPool."""

    OBEYED: ClassVar[tuple[str, ...]] = ("concurrency", "connection_timeout", "network_timeout")
    KNOWN = frozenset({*OBEYED, "insecure", "ssl_context_factory"})
    """Settings that they obey or that are not for them; with others, all is left to geventhttpclient."""

    _shared: ClassVar[WeakKeyDictionary[HTTPClientPool, "Pools"]] = WeakKeyDictionary()

    def __init__(self, settings: dict[str, Any]) -> None:
        self._settings = settings
        self._pools: dict[tuple[str, int], Pool] = {}

    @classmethod
    def beside(cls, client_pool: HTTPClientPool) -> "Pools | None":
        """Those of everybody who uses this client pool; None where they do not serve."""
        given = client_pool.client_args
        settings: dict[str, Any] = {name: given[name] for name in cls.OBEYED if name in given}
        others = {name for name, value in given.items() if value is not None}
        if None in settings.values() or not others <= cls.KNOWN:
            return None
        # Nothing else of the settings is kept: a factory may be a method, whose user would never go.
        return cls._shared.setdefault(client_pool, cls(settings))

    def to(self, url: URL) -> Pool:
        """The pool for a URL's origin."""
        origin = url.host, url.port or 80
        pool = self._pools.get(origin)
        if pool is None:
            pool = self._pools[origin] = Pool(*origin, self._settings)
        return pool
