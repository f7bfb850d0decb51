"""Connections of the drivers by themselves, without the ORM, to the database that Django's settings name.

Each driver connects for every request or lends from a bounded pool; where it is not told which, it does as
TARGET_SITE_CONNECTIONS says: close, or a pool, which for "persistent" is one without a bound worth naming. On WSGI an
async driver always connects for the request. All of them commit each query at once, as Django does, and a pool sends no
query of its own. A connection that broke is not lent again, so that a database that was gone is used when it is back.
"""

import queue
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from typing import Any
from urllib.parse import quote, urlencode

import asyncpg
import psycopg
import psycopg2.pool
import psycopg_pool
from django.db import connections
from django.http import HttpRequest

from target_site.config import FACTORS, LARGEST_POOL
from target_site.resources import Shared, SharedByLoop, loop_outlives

POOLED = FACTORS.connections != "close"
POOL_SIZE = LARGEST_POOL if FACTORS.connections == "persistent" else FACTORS.pool_size


class Psycopg2Pool:
    """Lends a connection to one thread at a time, the last used first. psycopg2's own pool raises where others wait."""

    def __init__(self, size: int, connect: Callable[[], Any]) -> None:
        self._connect = connect
        self._places: queue.LifoQueue[Any] = queue.LifoQueue()
        for _ in range(size):
            self._places.put(None)

    @contextmanager
    def connection(self) -> Iterator[Any]:
        """An open connection. Raises psycopg2.pool.PoolError when none becomes free."""
        try:
            held = self._places.get(timeout=FACTORS.pool_wait_s)
        except queue.Empty:
            raise psycopg2.pool.PoolError(f"no connection of the pool became free in {FACTORS.pool_wait_s} s") from None
        try:
            held = held or self._connect()
            yield held
        finally:
            self._places.put(held if held and not held.closed else None)

    def close(self) -> None:
        """Closes the connections that are not lent."""
        while not self._places.empty():
            if held := self._places.get():
                held.close()


def dsn() -> str:
    """The default database's address, as libpq and asyncpg read it."""
    database = connections["default"].settings_dict
    login = ":".join(quote(part, safe="") for part in (database["USER"], database["PASSWORD"]) if part)
    place = f"{quote(database['HOST'], safe='')}:{database['PORT']}".rstrip(":")
    options = {name: value for name, value in database["OPTIONS"].items() if isinstance(value, str)}
    options.pop("assume_role", None)  # Django's own
    address = f"postgresql://{login}@{place}" if login else f"postgresql://{place}"
    return f"{address}/{quote(str(database['NAME']), safe='')}" + (
        f"?{urlencode(options, quote_via=quote)}" if options else ""
    )


def _connect_psycopg2() -> Any:
    connection = psycopg2.connect(dsn())
    connection.autocommit = True
    return connection


_psycopg2_pool = Shared(lambda: Psycopg2Pool(POOL_SIZE, _connect_psycopg2), Psycopg2Pool.close)


@contextmanager
def psycopg2_connection(*, pooled: bool = POOLED) -> Iterator[Any]:
    """A connection of psycopg2."""
    with _psycopg2_pool.get().connection() if pooled else closing(_connect_psycopg2()) as connection:
        yield connection


_SETTINGS: dict[str, Any] = {
    "min_size": 0,
    "max_size": POOL_SIZE,
    "kwargs": {"autocommit": True},
    "timeout": FACTORS.pool_wait_s,
}

_psycopg_pool = Shared(
    lambda: psycopg_pool.ConnectionPool(dsn(), open=True, **_SETTINGS), psycopg_pool.ConnectionPool.close
)


@contextmanager
def psycopg_connection(*, pooled: bool = POOLED) -> Iterator[psycopg.Connection[Any]]:
    """A connection of psycopg 3."""
    lent = _psycopg_pool.get().connection() if pooled else psycopg.connect(dsn(), autocommit=True)
    with lent as connection:
        yield connection


async def _make_psycopg_async_pool() -> psycopg_pool.AsyncConnectionPool:
    pool = psycopg_pool.AsyncConnectionPool(dsn(), open=False, **_SETTINGS)
    await pool.open()
    return pool


_psycopg_async_pool = SharedByLoop(_make_psycopg_async_pool, psycopg_pool.AsyncConnectionPool.close)


@asynccontextmanager
async def psycopg_async_connection(
    request: HttpRequest, *, pooled: bool = POOLED
) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
    """An async connection of psycopg 3."""
    if not (pooled and loop_outlives(request)):
        async with await psycopg.AsyncConnection.connect(dsn(), autocommit=True) as connection:
            yield connection
        return
    async with _psycopg_async_pool.lent(request) as pool, pool.connection() as connection:
        yield connection


async def _no_reset(_connection: Any) -> None:
    """Instead of the query that asyncpg's pool sends after each loan, and the other pools do not."""


async def _make_asyncpg_pool() -> Any:
    return await asyncpg.create_pool(dsn(), min_size=0, max_size=POOL_SIZE, reset=_no_reset)


async def _close_asyncpg_pool(pool: Any) -> None:
    await pool.close()


_asyncpg_pool = SharedByLoop(_make_asyncpg_pool, _close_asyncpg_pool)


@asynccontextmanager
async def asyncpg_connection(request: HttpRequest, *, pooled: bool = POOLED) -> AsyncIterator[Any]:
    """A connection of asyncpg."""
    if not (pooled and loop_outlives(request)):
        connection = await asyncpg.connect(dsn())
        try:
            yield connection
        finally:
            await connection.close()
        return
    async with _asyncpg_pool.lent(request) as pool, pool.acquire(timeout=FACTORS.pool_wait_s) as connection:
        yield connection
