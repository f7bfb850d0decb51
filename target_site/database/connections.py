"""Connections of each driver without the ORM, to the database that Django's settings name.

There is one function per driver. Each opens a connection for the request, or borrows one from a bounded pool. Where the
caller does not choose, TARGET_SITE_CONNECTIONS does: "close" opens, "pool" borrows, and "persistent" borrows from a
pool that is so large that nobody waits. On WSGI an async driver always opens a connection for the request.

All drivers commit each query at once, as Django does, and no pool sends queries of its own. A broken connection is not
used again, so that requests succeed as soon as a database that was down is up again.

A driver is imported when a request first needs it: a project with these routes may have one of them only.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest

from target_site.config import CONFIG, LARGEST_POOL
from target_site.resources import EventLoopResource, ProcessResource, event_loop_is_shared

from .dsn import asyncpg_arguments, database_dsn
from .greenlets import let_psycopg2_yield

if TYPE_CHECKING:
    import psycopg
    import psycopg_pool

    from .psycopg2_pool import Psycopg2Pool

POOLED = CONFIG.connections != "close"
POOL_SIZE = LARGEST_POOL if CONFIG.connections == "persistent" else CONFIG.pool_size


def _connect_psycopg2() -> Any:
    import psycopg2

    let_psycopg2_yield()
    connection = psycopg2.connect(database_dsn())
    connection.autocommit = True
    return connection


def _make_psycopg2_pool() -> "Psycopg2Pool":
    from .psycopg2_pool import Psycopg2Pool

    return Psycopg2Pool(POOL_SIZE, CONFIG.pool_wait_s, _connect_psycopg2)


_psycopg2_pool = ProcessResource(_make_psycopg2_pool, lambda pool: pool.close())


@contextmanager
def psycopg2_connection(*, pooled: bool = POOLED) -> Iterator[Any]:
    """Yield a connection of psycopg2: from the pool, or a new one that is closed after use."""
    with _psycopg2_pool.get().connection() if pooled else closing(_connect_psycopg2()) as connection:
        yield connection


_PSYCOPG_POOL_OPTIONS: dict[str, Any] = {
    "min_size": 0,
    "max_size": POOL_SIZE,
    "kwargs": {"autocommit": True},
    "timeout": CONFIG.pool_wait_s,
}


def _make_psycopg_pool() -> "psycopg_pool.ConnectionPool":
    import psycopg_pool

    return psycopg_pool.ConnectionPool(database_dsn(), open=True, **_PSYCOPG_POOL_OPTIONS)


_psycopg_pool = ProcessResource(_make_psycopg_pool, lambda pool: pool.close())


@contextmanager
def psycopg_connection(*, pooled: bool = POOLED) -> "Iterator[psycopg.Connection[Any]]":
    """Yield a connection of psycopg 3: from the pool, or a new one that is closed after use."""
    import psycopg

    opened = _psycopg_pool.get().connection() if pooled else psycopg.connect(database_dsn(), autocommit=True)
    with opened as connection:
        yield connection


async def _make_psycopg_async_pool() -> "psycopg_pool.AsyncConnectionPool":
    import psycopg_pool

    pool = psycopg_pool.AsyncConnectionPool(database_dsn(), open=False, **_PSYCOPG_POOL_OPTIONS)
    await pool.open()
    return pool


_psycopg_async_pool = EventLoopResource(_make_psycopg_async_pool, lambda pool: pool.close())


@asynccontextmanager
async def psycopg_async_connection(
    request: HttpRequest, *, pooled: bool = POOLED
) -> "AsyncIterator[psycopg.AsyncConnection[Any]]":
    """Yield an async connection of psycopg 3. request: the one that needs it, which tells WSGI from ASGI."""
    import psycopg

    if not (pooled and event_loop_is_shared(request)):
        async with await psycopg.AsyncConnection.connect(database_dsn(), autocommit=True) as connection:
            yield connection
        return
    async with _psycopg_async_pool.borrow(request) as pool, pool.connection() as connection:
        yield connection


async def _skip_reset(_connection: Any) -> None:
    """Replace the query that asyncpg's pool sends when a connection comes back. The other pools send none."""


async def _make_asyncpg_pool() -> Any:
    import asyncpg

    return await asyncpg.create_pool(**asyncpg_arguments(), min_size=0, max_size=POOL_SIZE, reset=_skip_reset)


async def _close_asyncpg_pool(pool: Any) -> None:
    await pool.close()


_asyncpg_pool = EventLoopResource(_make_asyncpg_pool, _close_asyncpg_pool)


@asynccontextmanager
async def asyncpg_connection(request: HttpRequest, *, pooled: bool = POOLED) -> AsyncIterator[Any]:
    """Yield a connection of asyncpg. request: the one that needs it, which tells WSGI from ASGI."""
    import asyncpg

    if not (pooled and event_loop_is_shared(request)):
        connection = await asyncpg.connect(**asyncpg_arguments())
        try:
            yield connection
        finally:
            await connection.close()
        return
    async with _asyncpg_pool.borrow(request) as pool, pool.acquire(timeout=CONFIG.pool_wait_s) as connection:
        yield connection
