"""external: calls a slow API (target_site.slow_api) three times. The calls take ms, twice ms and half of ms.

The variants differ in how they make the calls (one after the other, in threads, in greenlets, with asyncio) and in
whether requests share HTTP clients. httpx is imported when one of them is first requested.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from target_site.config import CONFIG
from target_site.database.greenlets import is_patched_by_gevent
from target_site.resources import EventLoopResource, ProcessResource

from .parameters import read_integer
from .route import Route, Variant, View

if TYPE_CHECKING:
    import httpx

DEFAULT_MS = 300
LARGEST_MS = 5000
LARGEST_SEED = 10**9
MAX_THREADS = 300
CALL_TIMEOUT_S = 2 * LARGEST_MS / 1000 + 2
"""Well below the 30 s after which servers give up on a request."""


@cache
def client_options() -> dict[str, Any]:
    """Return the options of each client."""
    import httpx

    # max_connections: with httpx's limit of 100, calls would wait for each other. max_keepalive_connections: httpx's
    # default. At each call its pool compares all idle connections with all others (encode/httpx#3215), and with 300 of
    # them a shared client is slower than a new client for each request. keepalive_expiry: uvicorn closes idle
    # connections after 5 s, and the client has to be first. trust_env: a proxy named in the environment must not come
    # in between.
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=20, keepalive_expiry=3)
    return {"limits": limits, "timeout": CALL_TIMEOUT_S, "trust_env": False}


def _client() -> "httpx.Client":
    import httpx

    return httpx.Client(**client_options())


async def _async_client() -> "httpx.AsyncClient":
    import httpx

    return httpx.AsyncClient(**client_options())


ASYNC_CLIENT = EventLoopResource(_async_client, lambda client: client.aclose())
THREAD_POOL = ProcessResource(lambda: ThreadPoolExecutor(MAX_THREADS, "external"), ThreadPoolExecutor.shutdown)

Calls = Callable[["httpx.Client", list[str]], list[str]]
"""Fetches all URLs and returns the countries in the order of the URLs."""


def call_sequentially(client: "httpx.Client", urls: list[str]) -> list[str]:
    return [fetch_country(client, url) for url in urls]


def call_in_threads(client: "httpx.Client", urls: list[str]) -> list[str]:
    return list(THREAD_POOL.get().map(partial(fetch_country, client), urls))


def call_in_greenlets(client: "httpx.Client", urls: list[str]) -> list[str]:
    if not is_patched_by_gevent():
        return call_in_threads(client, urls)
    from gevent.pool import Pool

    countries: list[str] = Pool(len(urls)).map(partial(fetch_country, client), urls)
    return countries


class HTTPClientPool:
    """HTTP clients that outlive a request. One request at a time uses a client; the one used last is used first.

    Threads cannot share one client: httpx's pool closes surplus connections that another thread has just begun to use
    (observed: 4 httpx.ReadError in 1,896 requests at 100 users). This cannot happen in asyncio, where one client serves
    all requests.
    """

    def __init__(self) -> None:
        self._idle: list[httpx.Client] = []

    @contextmanager
    def borrow(self) -> "Iterator[httpx.Client]":
        """Yield a client for the duration of a request."""
        try:
            client = self._idle.pop()
        except IndexError:
            client = _client()
        try:
            yield client
        finally:
            self._idle.append(client)

    def close(self) -> None:
        """Close the clients that no request uses."""
        while self._idle:
            self._idle.pop().close()


CLIENT_POOL = ProcessResource(HTTPClientPool, HTTPClientPool.close)


def shared_client() -> "AbstractContextManager[httpx.Client]":
    return CLIENT_POOL.get().borrow()


@contextmanager
def new_client() -> "Iterator[httpx.Client]":
    with _client() as client:
        yield client


@asynccontextmanager
async def new_async_client(_request: HttpRequest) -> "AsyncIterator[httpx.AsyncClient]":
    async with await _async_client() as client:
        yield client


def sync_view(calls: Calls, client_context: Callable[[], "AbstractContextManager[httpx.Client]"]) -> View:
    @require_safe
    def view(request: HttpRequest) -> JsonResponse:
        urls = requested_urls(request)
        with client_context() as client:
            return JsonResponse({"countries": calls(client, urls)})

    return view


def async_view(client_context: Callable[[HttpRequest], Any]) -> View:
    @require_safe
    async def view(request: HttpRequest) -> JsonResponse:
        urls = requested_urls(request)
        async with client_context(request) as client:
            return JsonResponse({"countries": await asyncio.gather(*(afetch_country(client, url) for url in urls))})

    return view


def fetch_country(client: "httpx.Client", url: str) -> str:
    """Return the country that the API sends. Raise httpx.HTTPError."""
    return str(client.get(url).raise_for_status().json()["country"])


async def afetch_country(client: "httpx.AsyncClient", url: str) -> str:
    """Return the country that the API sends, in async code. Raise httpx.HTTPError."""
    return str((await client.get(url)).raise_for_status().json()["country"])


def requested_urls(request: HttpRequest) -> list[str]:
    """Return the URLs of the three calls for the query's ms and seed. Raise BadInputError if one is out of range."""
    ms = read_integer(request, "ms", LARGEST_MS, DEFAULT_MS)
    seed = read_integer(request, "seed", LARGEST_SEED, None)
    return [
        f"{CONFIG.slow_api_url}/?ms={call_ms}" + ("" if seed is None else f"&seed={seed + n}")
        for n, call_ms in enumerate((ms, 2 * ms, ms // 2))
    ]


ROUTE = Route(
    name="external",
    method="GET",
    summary=f"Calls a slow API three times: {DEFAULT_MS}, {2 * DEFAULT_MS} and {DEFAULT_MS // 2} ms. No query.",
    variants=(
        Variant("sync", sync_view(call_sequentially, shared_client), "in sequence"),
        Variant("sync_new_client", sync_view(call_sequentially, new_client), "in sequence, a client per request"),
        Variant("threads", sync_view(call_in_threads, shared_client), "a thread pool"),
        Variant("threads_new_client", sync_view(call_in_threads, new_client), "a thread pool, a client per request"),
        Variant(
            "gevent",
            sync_view(call_in_greenlets, shared_client),
            "a gevent pool; threads without gevent",
        ),
        Variant("gevent_new_client", sync_view(call_in_greenlets, new_client), "the same, a client per request"),
        Variant("async", async_view(ASYNC_CLIENT.borrow), "asyncio.gather"),
        Variant("async_new_client", async_view(new_async_client), "asyncio.gather, a client per request"),
    ),
    parameters={
        "ms": f"how long the first call takes, 0 to {LARGEST_MS}",
        "seed": f"makes the response the same each time, 0 to {LARGEST_SEED}",
    },
)
