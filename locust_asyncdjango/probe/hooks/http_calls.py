"""Time the HTTP calls that a project makes, where its client is one of those below.

``http.client`` is below urllib, requests, urllib3 and botocore. The time of a call goes from its beginning to the head
of the response. Clients that are not in the table, and calls in threads of the project's own, are not counted.
"""

import http.client
import sys
from collections.abc import Callable
from time import perf_counter
from typing import Any

from ..recording.record import CURRENT
from .patching import replace_method

CLIENTS = (
    ("httpx", "HTTPTransport", "handle_request", False),
    ("httpx", "AsyncHTTPTransport", "handle_async_request", True),
    ("aiohttp", "ClientSession", "_request", True),
)
"""Module, class and method that sends a request, and whether it is async."""
_BEGIN = "_locust_asyncdjango_begin_s"


def install() -> None:
    """Time the calls of all clients that are imported by now. Call it again for those that are imported later."""
    replace_method(http.client.HTTPConnection, "putrequest", _noting_begin)
    replace_method(http.client.HTTPConnection, "getresponse", _timing_response)
    for module, owner, method, is_async in CLIENTS:
        kind = getattr(sys.modules.get(module), owner, None)
        if kind is not None:
            replace_method(kind, method, _timing_async_call if is_async else _timing_call)


def _noting_begin(putrequest: Any) -> Callable[..., Any]:
    def begin_request(connection: Any, *args: Any, **options: Any) -> Any:
        setattr(connection, _BEGIN, perf_counter())
        return putrequest(connection, *args, **options)

    return begin_request


def _timing_response(getresponse: Any) -> Callable[..., Any]:
    def timed_response(connection: Any, *args: Any, **options: Any) -> Any:
        record = CURRENT.get()
        begin_s = getattr(connection, _BEGIN, None)
        try:
            return getresponse(connection, *args, **options)
        finally:
            if record is not None and begin_s is not None:
                record.events.append(("http", perf_counter() - begin_s))

    return timed_response


def _timing_call(send: Any) -> Callable[..., Any]:
    def timed_call(*args: Any, **options: Any) -> Any:
        record = CURRENT.get()
        begin_s = perf_counter()
        try:
            return send(*args, **options)
        finally:
            if record is not None:
                record.events.append(("http", perf_counter() - begin_s))

    return timed_call


def _timing_async_call(send: Any) -> Callable[..., Any]:
    async def timed_call(*args: Any, **options: Any) -> Any:
        record = CURRENT.get()
        begin_s = perf_counter()
        try:
            return await send(*args, **options)
        finally:
            if record is not None:
                record.events.append(("http", perf_counter() - begin_s))

    return timed_call
