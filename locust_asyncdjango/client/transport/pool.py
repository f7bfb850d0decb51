"""Connections that several greenlets share: a Pool for each origin, and the Pools that go with a client pool.

Nothing here may keep a user alive. The settings may hold a method of a user (ssl_context_factory), so that connections,
which the event loop holds, must not hold the settings. Start reading at Pool.send.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import lru_cache, partial
from typing import Any

from gevent.queue import Empty, LifoQueue
from geventhttpclient.client import HTTPClientPool
from geventhttpclient.response import HTTPConnectionClosed, HTTPParseError
from geventhttpclient.url import URL

from locust_asyncdjango.client.transport.connection import PEER_CLOSED_ERRORS, Connection
from locust_asyncdjango.client.transport.settings import NO_TIMEOUT_S, PoolSettings
from locust_asyncdjango.client.transport.stream import Loan, StreamedResponse, StreamReader
from locust_asyncdjango.failures.normalize import safe_logger

MAX_ORIGINS = 64
"""Origins whose connections are kept. A server may redirect to any number of them."""

MAX_HOST_LENGTH = 255
"""A longer name does not exist."""

log = safe_logger(__name__)

POOLS_ATTRIBUTE = "_locust_asyncdjango_pools"
"""The attribute of a client pool that holds its Pools."""


class KeepAlive:
    """Whether the connections to an origin serve more than one request.

    After a server has sent what was not requested, they do not: its next response may be another one too late.
    """

    __slots__ = ("_origin", "allowed")

    def __init__(self, origin: str) -> None:
        """Allow it. origin: scheme, host and port."""
        self._origin = origin
        self.allowed = True

    def forbid(self) -> None:
        """Close each connection after its first response from now on."""
        self.allowed = False
        _log_surplus(self._origin)


@lru_cache(maxsize=64)
def _log_surplus(origin: str) -> None:
    """Log it once for each origin, not for each user."""
    log.warning(
        "%s sent bytes that were not requested. From now on, a user that sees this opens a connection for each request:"
        " otherwise a response could be taken for that of another request. Earlier responses may have been",
        origin,
    )


class PooledConnection:
    """One place in a pool. It holds one connection at a time, and opens a new one if that can no longer be used."""

    __slots__ = ("_connect", "_keep_alive", "connection")

    def __init__(self, connect: Callable[[], Connection], keep_alive: KeepAlive) -> None:
        """Make a place without a connection. connect: opens a connection, or raises OSError."""
        self._connect = connect
        self._keep_alive = keep_alive
        self.connection: Connection | None = None
        """The open connection. While there is none, the place is closed."""

    def send(
        self,
        request: bytes,
        repeatable: bool,
        bodyless: bool,
        body: Iterable[bytes] = (),
        stream: StreamReader | None = None,
    ) -> Any:
        """Send a request and return its response; see Pool and Connection. Close the connection on an error."""
        connection = self.connection
        reused = connection is not None and connection.is_quiet()
        try:
            if connection is None or not reused:
                if connection is not None and connection.has_surplus():
                    self._keep_alive.forbid()
                connection = self._reopen()
            try:
                response = connection.send(request, bodyless, body, stream)
            except (HTTPConnectionClosed, *PEER_CLOSED_ERRORS):
                if not (reused and repeatable and not connection.received):
                    raise
                reused = False
                response = self._reopen().send(request, bodyless, body, stream)
            if stream is None and not response.keep_alive and response.has_surplus:
                self._keep_alive.forbid()
                if reused:
                    raise HTTPParseError("more than one response came on a kept connection: which one is unknown")
        except BaseException:  # also what is thrown into the greenlet: the rest of the response may still come
            self.close()
            raise
        if stream is None and not (response.keep_alive and self._keep_alive.allowed):
            self.close()
        return response

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def __del__(self) -> None:
        # Python would not close the connection: the event loop's watchers keep it alive.
        self.close()

    def _reopen(self) -> Connection:
        self.close()
        self.connection = self._connect()
        return self.connection


class Pool:
    """The connections to one origin, which greenlets share."""

    def __init__(
        self, connect: Callable[[], Connection], size: int, origin: str = "", patience_s: float = NO_TIMEOUT_S
    ) -> None:
        """Make a pool without connections.

        connect: opens a connection, or raises OSError. size: most connections. origin: for messages. patience_s: how
        long a request waits for connections that unread streams have.
        """
        self._connect = connect
        self._keep_alive = KeepAlive(origin)
        # The place that was used last, while it is free; the others that are free; and how many more may be made.
        self._last: PooledConnection | None = None
        self._free: LifoQueue[PooledConnection] = LifoQueue()
        self._remaining = size
        self._waiting = 0
        self._streams = 0
        self._patience_s = patience_s

    def send(self, request: bytes, repeatable: bool, bodyless: bool, body: Iterable[bytes] = ()) -> Any:
        """Send a whole request on a free connection and return its response. Wait while all connections are in use.

        repeatable: the request may be sent again if a kept connection turns out to be closed (RFC 9110, section 9.2.2).
        bodyless: the response has no body, whatever its head says, as with HEAD. body: what follows the request, in
        pieces. Raise OSError (also TimeoutError), HTTPParseError, and ValueError for an invalid host.
        """
        place, self._last = self._last, None
        if place is None:
            place = self._next_free()
        try:
            return place.send(request, repeatable, bodyless, body)
        finally:
            if self._last is None and not self._waiting and place.connection is not None:
                self._last = place
            else:
                self._give_back(place)

    def open_stream(
        self, request: bytes, repeatable: bool, reader: StreamReader, body: Iterable[bytes] = ()
    ) -> StreamedResponse:
        """Send a whole request and return its response when the head has come; see ``send``.

        The connection stays in use until the response is read to its end, released or collected.
        """
        place, self._last = self._last, None
        if place is None:
            place = self._next_free()
        try:
            response: StreamedResponse = place.send(request, repeatable, bodyless=False, body=body, stream=reader)
        except BaseException:
            self._give_back(place)
            raise
        self._streams += 1
        response.borrow(Loan(place.connection, partial(self._end_stream, place)))
        return response

    def _end_stream(self, place: PooledConnection, keep: bool, surplus: bool) -> None:
        self._streams -= 1
        if surplus:
            self._keep_alive.forbid()
        if keep and place.connection is not None and self._keep_alive.allowed:
            place.connection.resume()
        else:
            place.close()
        self._give_back(place)

    def _give_back(self, place: PooledConnection) -> None:
        if place.connection is None and not self._waiting:
            # A closed place is given up, and may be made anew. So the next requests take the open ones first.
            self._remaining += 1
        elif self._waiting or self._last is not None:
            self._free.put(place)
        else:
            self._last = place

    def _next_free(self) -> PooledConnection:
        if self._remaining and self._free.empty():
            self._remaining -= 1
            return PooledConnection(self._connect, self._keep_alive)
        self._waiting += 1
        try:
            while True:
                with suppress(Empty):
                    place: PooledConnection = self._free.get(timeout=self._patience_s)
                    return place
                if self._streams:
                    raise TimeoutError(
                        f"no free connection within {self._patience_s:g} s (connection_timeout): {self._streams} are in"
                        " use by streams, which have to be read to their end or released"
                    )
        finally:
            self._waiting -= 1


class Pools:
    """A Pool for each origin, with the settings of a geventhttpclient HTTPClientPool."""

    def __init__(self, settings: PoolSettings) -> None:
        self.settings = settings
        self._pools: dict[tuple[str, str, int], Pool] = {}

    def pool_for(self, url: URL) -> Pool:
        """Return the pool for the origin of a URL. Raise ValueError for an invalid port, or a proxy without one."""
        origin = url.scheme, url.host, url.port or 80
        pool = self._pools.pop(origin, None)
        if pool is None:
            endpoint = self.settings.endpoint(*origin)
            name = "{}://{}:{}".format(*origin)
            connect = partial(Connection.open, endpoint)
            pool = Pool(connect, self.settings.concurrency, name, self.settings.connection_timeout_s)
        if len(url.host) <= MAX_HOST_LENGTH:
            self._pools[origin] = pool
            if len(self._pools) > MAX_ORIGINS:
                # The one that was used longest ago. A request that has it ends as usual.
                del self._pools[next(iter(self._pools))]
        return pool

    def for_proxy(self, url: URL) -> tuple[str, list[tuple[str, str]]]:
        """Return what a request's target and its fields need where a proxy reads them: not within a tunnel."""
        prefix = self.settings.target_prefix(url.scheme, url.host, url.port or 80)
        authorization = self.settings.proxy_authorization
        return prefix, [("Proxy-Authorization", authorization)] if prefix and authorization else []


def pools_of_client_pool(client_pool: HTTPClientPool) -> Pools | None:
    """Return the pools that all sessions with this client pool share, or None where our connections cannot be used.

    The client pool itself holds them, because these sessions have it in common, and pools should live as long as it.
    """
    pools: Pools | None = getattr(client_pool, POOLS_ATTRIBUTE, None)
    if pools is None:
        settings = PoolSettings.of_client_args(client_pool.client_args)
        if settings is None:
            return None
        pools = Pools(settings)
        setattr(client_pool, POOLS_ATTRIBUTE, pools)
    return pools
