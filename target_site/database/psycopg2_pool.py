"""A connection pool for psycopg2 in which requests wait for a free connection. psycopg2's own pool raises at once."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2.pool


class Psycopg2Pool:
    """A pool of up to ``size`` connections, each for one thread at a time. The one that was used last is used first."""

    def __init__(self, size: int, wait_s: float, connect: Callable[[], Any]) -> None:
        self._wait_s = wait_s
        self._connect = connect
        self._free_slots = threading.BoundedSemaphore(size)
        self._idle: list[Any] = []

    @contextmanager
    def connection(self) -> Iterator[Any]:
        """Yield an open connection. Raise psycopg2.pool.PoolError if none is free within wait_s seconds."""
        if not self._free_slots.acquire(timeout=self._wait_s):
            raise psycopg2.pool.PoolError(f"no connection of the pool became free in {self._wait_s} s")
        try:
            connection = self._take_idle() or self._connect()
            try:
                yield connection
            finally:
                if not connection.closed:
                    self._idle.append(connection)
        finally:
            self._free_slots.release()

    def close(self) -> None:
        """Close the connections that no thread uses."""
        while connection := self._take_idle():
            connection.close()

    def _take_idle(self) -> Any:
        try:
            return self._idle.pop()
        except IndexError:  # list.pop is atomic, which a check of the length before it would not be
            return None
