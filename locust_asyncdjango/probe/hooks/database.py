"""Time the connections and the queries of Django's ORM.

With a pool Django's ``connect`` takes a connection out of it, so that its time is the wait for the pool. Parallel
queries of one request add up. What goes past Django's connections, such as asyncpg, is not counted.
"""

from collections.abc import Callable
from time import perf_counter
from typing import Any

from ..recording.record import CURRENT
from .patching import replace_method


def install() -> None:
    """Time what any connection of Django does from now on."""
    from django.db import connections
    from django.db.backends.base.base import BaseDatabaseWrapper

    replace_method(BaseDatabaseWrapper, "connect", _timing_connect)
    for name in ("_commit", "_rollback"):
        replace_method(BaseDatabaseWrapper, name, _timing_commit)
    # The project may have connected while it was imported.
    for connection in connections.all(initialized_only=True):
        time_queries_of(connection)


def time_queries_of(connection: Any) -> None:
    """Time all queries of a connection of Django."""
    # First, because ``execute_wrapper`` of the project takes its own away from the end.
    if time_query not in connection.execute_wrappers:
        connection.execute_wrappers.insert(0, time_query)


def time_query(execute: Callable[..., Any], sql: Any, params: Any, many: Any, context: Any) -> Any:
    """Run a query and note its time. Django calls it as a wrapper of ``execute``."""
    record = CURRENT.get()
    if record is None:
        return execute(sql, params, many, context)
    begin_s = perf_counter()
    try:
        return execute(sql, params, many, context)
    finally:
        record.events.append(("query", perf_counter() - begin_s))


def _timing_connect(connect: Any) -> Callable[..., Any]:
    def timed_connect(connection: Any) -> Any:
        record = CURRENT.get()
        begin_s = perf_counter()
        try:
            return connect(connection)
        finally:
            if record is not None:
                kind = "pool_wait" if has_pool(connection.settings_dict) else "connect"
                record.events.append((kind, perf_counter() - begin_s))
            time_queries_of(connection)

    return timed_connect


def has_pool(settings: Any) -> bool:
    """Return whether connections with these settings (of DATABASES) are taken from Django's own pool."""
    return bool((settings.get("OPTIONS") or {}).get("pool"))


def _timing_commit(end_transaction: Any) -> Callable[..., Any]:
    def timed_end(connection: Any) -> Any:
        record = CURRENT.get()
        if record is None or connection.connection is None:
            return end_transaction(connection)
        begin_s = perf_counter()
        try:
            return end_transaction(connection)
        finally:
            record.events.append(("commit", perf_counter() - begin_s))

    return timed_end
