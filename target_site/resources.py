"""Pools and clients that requests share: made when first asked for, so that each worker process has its own, and closed
when it ends. What cannot be made, because a service is down, is tried again by the next request.
"""

import asyncio
import atexit
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager
from typing import Any, Generic, TypeVar

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest

T = TypeVar("T")

_closers: list[Callable[[], object]] = []


def at_end(close: Callable[[], object]) -> None:
    """Has something closed when the process ends."""
    _closers.append(close)


@atexit.register
def close_shared() -> None:
    """Closes what the process's threads share. What is asked for afterwards is made anew."""
    with ExitStack() as stack:  # which goes on where one of them fails
        while _closers:
            stack.callback(_closers.pop(0))


def loop_outlives(request: HttpRequest) -> bool:
    """Whether the event loop of a request's async view goes on after it: on ASGI. On WSGI each has one of its own."""
    return isinstance(request, ASGIRequest)


class Shared(Generic[T]):
    """One of a kind for a process and all its threads."""

    def __init__(self, make: Callable[[], T], close: Callable[[T], object]) -> None:
        self._make = make
        self._close = close
        self._lock = threading.Lock()
        self._thing: T | None = None

    def get(self) -> T:
        """The thing. Raises what making it raises."""
        with self._lock:
            if self._thing is None:
                self._thing = self._make()
                at_end(self._end)
            return self._thing

    def _end(self) -> None:
        thing, self._thing = self._thing, None
        if thing is not None:
            self._close(thing)


class SharedByLoop(Generic[T]):
    """One of a kind for an event loop.

    An ASGI server has one loop, whose requests share the thing. On WSGI each request of an async view has a loop of its
    own, which can share nothing: there the thing is made and closed with the request.
    """

    def __init__(self, make: Callable[[], Awaitable[T]], close: Callable[[T], Awaitable[object]]) -> None:
        self._make = make
        self._close = close
        self._making: asyncio.Future[T] | None = None
        _by_loop.append(self)

    @asynccontextmanager
    async def lent(self, request: HttpRequest) -> AsyncIterator[T]:
        """The thing, for the time of a request. Raises what making it raises."""
        if loop_outlives(request):
            yield await self._get()
            return
        thing = await self._make()
        try:
            yield thing
        finally:
            await self._close(thing)

    async def _get(self) -> T:
        making = self._making
        if making is None or _failed(making) or making.get_loop() is not asyncio.get_running_loop():
            making = self._making = asyncio.ensure_future(self._make())
        # A request that is cancelled must not end what others wait for.
        return making.result() if making.done() else await asyncio.shield(making)

    async def close(self) -> None:
        """Closes the thing of the running loop, if there is one."""
        making, self._making = self._making, None
        if making is not None and making.get_loop() is asyncio.get_running_loop() and not _failed(making):
            await self._close(await making)


_by_loop: list[SharedByLoop[Any]] = []


async def close_all() -> None:
    """Closes what the running loop's requests share, and the process's threads: an ASGI server may end by a signal."""
    try:
        await asyncio.gather(*(shared.close() for shared in _by_loop))
    finally:
        await asyncio.to_thread(close_shared)


def _failed(future: "asyncio.Future[Any]") -> bool:
    return future.done() and (future.cancelled() or future.exception() is not None)
