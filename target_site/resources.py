"""Connection pools and clients that requests share.

A resource is made when a request first needs it, so that each worker process has its own. It is closed when the process
ends. If it cannot be made, because a service is down, the next request tries again.

ProcessResource is for sync code: one for all threads of a process. EventLoopResource is for async code: one for an
event loop. REGISTRY closes both.
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


class ResourceRegistry:
    """The resources of this process that are closed at its end."""

    def __init__(self) -> None:
        self._close_functions: list[Callable[[], object]] = []
        self._event_loop_resources: list[EventLoopResource[Any]] = []

    def add_close_function(self, close: Callable[[], object]) -> None:
        """Register a function to be called when the process ends."""
        self._close_functions.append(close)

    def add_event_loop_resource(self, resource: "EventLoopResource[Any]") -> None:
        """Register a resource to be closed in close_all."""
        self._event_loop_resources.append(resource)

    def close_process_resources(self) -> None:
        """Close the resources that the threads of this process share. A later request makes new ones on demand."""
        with ExitStack() as stack:  # which continues with the others when one of them fails
            while self._close_functions:
                stack.callback(self._close_functions.pop(0))

    async def close_all(self) -> None:
        """Close the resources of the running event loop, and those that the threads of the process share.

        Call it at the end of an ASGI lifespan: uvicorn may end by the signal that stopped it, without Python's atexit.
        """
        try:
            await asyncio.gather(*(resource.close() for resource in self._event_loop_resources))
        finally:
            await asyncio.to_thread(self.close_process_resources)


REGISTRY = ResourceRegistry()
atexit.register(REGISTRY.close_process_resources)


class ProcessResource(Generic[T]):
    """An object that all threads of a process share."""

    def __init__(self, make: Callable[[], T], close: Callable[[T], object]) -> None:
        self._make = make
        self._close = close
        self._lock = threading.Lock()
        self._resource: T | None = None

    def get(self) -> T:
        """Return the object, and make it at the first call. Raise what making it raises."""
        with self._lock:
            if self._resource is None:
                self._resource = self._make()
                REGISTRY.add_close_function(self._close_resource)
            return self._resource

    def _close_resource(self) -> None:
        resource, self._resource = self._resource, None
        if resource is not None:
            self._close(resource)


class EventLoopResource(Generic[T]):
    """An object that all requests of an event loop share.

    An ASGI server has one event loop, whose requests share the object. On WSGI each request of an async view has an
    event loop of its own, which can share nothing: there the object is made and closed with the request.
    """

    def __init__(self, make: Callable[[], Awaitable[T]], close: Callable[[T], Awaitable[object]]) -> None:
        self._make = make
        self._close = close
        self._future: asyncio.Future[T] | None = None
        REGISTRY.add_event_loop_resource(self)

    @asynccontextmanager
    async def borrow(self, request: HttpRequest) -> AsyncIterator[T]:
        """Yield the object for the duration of a request. Raise what making it raises."""
        if event_loop_is_shared(request):
            yield await self._get()
            return
        resource = await self._make()
        try:
            yield resource
        finally:
            await self._close(resource)

    async def _get(self) -> T:
        future = self._future
        if future is None or _has_failed(future) or future.get_loop() is not asyncio.get_running_loop():
            future = self._future = asyncio.ensure_future(self._make())
        # With shield, a cancelled request does not cancel the future that other requests wait for.
        return future.result() if future.done() else await asyncio.shield(future)

    async def close(self) -> None:
        """Close the object of the running event loop, if there is one."""
        future, self._future = self._future, None
        if future is not None and future.get_loop() is asyncio.get_running_loop() and not _has_failed(future):
            await self._close(await future)


def event_loop_is_shared(request: HttpRequest) -> bool:
    """Return whether requests share an event loop: True on ASGI, False on WSGI, where each async view has its own."""
    return isinstance(request, ASGIRequest)


def _has_failed(future: "asyncio.Future[Any]") -> bool:
    return future.done() and (future.cancelled() or future.exception() is not None)
