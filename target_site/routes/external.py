"""external: three calls to a slow API (target_site.slow_api), which take ms, twice that and half of it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from functools import partial
from typing import Any

import httpx
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from target_site.config import FACTORS
from target_site.resources import Shared, SharedByLoop
from target_site.site_info.server_info import patched_by_gevent

from .parameters import number
from .route import Route, Variant, View

DEFAULT_MS = 300
LARGEST_MS = 5000
LARGEST_SEED = 10**9
MOST_THREADS = 300
LONGEST_CALL_S = 2 * LARGEST_MS / 1000 + 2
"""Well below the 30 s after which servers give up on a request."""

# As many connections at once as there are calls: with httpx's limit of 100, calls would wait for each other. No more
# than its usual 20 are kept: at each call its pool compares all idle connections with all others (encode/httpx#3215),
# and with 300 kept, a shared client is slower than a new one for each request. They are given up after 3 s, before
# uvicorn gives them up after 5. No proxy of the environment is asked.
_SETTINGS: dict[str, Any] = {
    "limits": httpx.Limits(max_connections=None, max_keepalive_connections=20, keepalive_expiry=3),
    "timeout": LONGEST_CALL_S,
    "trust_env": False,
}


async def _async_client() -> httpx.AsyncClient:
    return httpx.AsyncClient(**_SETTINGS)


ASYNC_CLIENT = SharedByLoop(_async_client, httpx.AsyncClient.aclose)
THREADS = Shared(lambda: ThreadPoolExecutor(MOST_THREADS, "external"), ThreadPoolExecutor.shutdown)

Calls = Callable[[httpx.Client, list[str]], list[str]]
"""Asks for all URLs and returns their answers in that order."""


def in_turn(client: httpx.Client, urls: list[str]) -> list[str]:
    return [country(client, url) for url in urls]


def in_threads(client: httpx.Client, urls: list[str]) -> list[str]:
    return list(THREADS.get().map(partial(country, client), urls))


def in_greenlets(client: httpx.Client, urls: list[str]) -> list[str]:
    if not patched_by_gevent():
        return in_threads(client, urls)
    from gevent.pool import Pool

    found: list[str] = Pool(len(urls)).map(partial(country, client), urls)
    return found


class Clients:
    """Clients that outlive a request, lent to one at a time, the last used first.

    Shared by many threads at once, httpx's pool closes surplus connections that another thread has just begun to use
    (seen: 4 httpx.ReadError in 1,896 requests at 100 users). In asyncio it cannot, and there is one client for all.
    """

    def __init__(self) -> None:
        self._free: list[httpx.Client] = []

    @contextmanager
    def lent(self) -> Iterator[httpx.Client]:
        """A client for the time of a request."""
        try:
            client = self._free.pop()
        except IndexError:
            client = httpx.Client(**_SETTINGS)
        try:
            yield client
        finally:
            self._free.append(client)

    def close(self) -> None:
        """Closes those that are not lent."""
        while self._free:
            self._free.pop().close()


CLIENTS = Shared(Clients, Clients.close)


def shared_client() -> AbstractContextManager[httpx.Client]:
    return CLIENTS.get().lent()


@contextmanager
def new_client() -> Iterator[httpx.Client]:
    with httpx.Client(**_SETTINGS) as client:
        yield client


@asynccontextmanager
async def new_async_client(_request: HttpRequest) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(**_SETTINGS) as client:
        yield client


def external(calls: Calls, lent_client: Callable[[], AbstractContextManager[httpx.Client]]) -> View:
    @require_safe
    def view(request: HttpRequest) -> JsonResponse:
        urls = urls_wanted(request)
        with lent_client() as client:
            return JsonResponse({"countries": calls(client, urls)})

    return view


def external_async(lent_client: Callable[[HttpRequest], Any]) -> View:
    @require_safe
    async def view(request: HttpRequest) -> JsonResponse:
        urls = urls_wanted(request)
        async with lent_client(request) as client:
            return JsonResponse({"countries": await asyncio.gather(*(acountry(client, url) for url in urls))})

    return view


def country(client: httpx.Client, url: str) -> str:
    """The API's answer. Raises httpx.HTTPError."""
    return str(client.get(url).raise_for_status().json()["country"])


async def acountry(client: httpx.AsyncClient, url: str) -> str:
    """The API's answer. Raises httpx.HTTPError."""
    return str((await client.get(url)).raise_for_status().json()["country"])


def urls_wanted(request: HttpRequest) -> list[str]:
    """The three calls that the query's ms and seed ask for. Raises BadInputError."""
    ms = number(request, "ms", LARGEST_MS, DEFAULT_MS)
    seed = number(request, "seed", LARGEST_SEED, None)
    return [
        f"{FACTORS.slow_api_url}/?ms={call_ms}" + ("" if seed is None else f"&seed={seed + n}")
        for n, call_ms in enumerate((ms, 2 * ms, ms // 2))
    ]


ROUTE = Route(
    name="external",
    method="GET",
    summary=f"Three calls to a slow API, of {DEFAULT_MS}, {2 * DEFAULT_MS} and {DEFAULT_MS // 2} ms. No query.",
    variants=(
        Variant("sync", external(in_turn, shared_client), "one call after the other"),
        Variant("sync_new_client", external(in_turn, new_client), "one after the other, a client per request"),
        Variant("threads", external(in_threads, shared_client), "a thread pool"),
        Variant("threads_new_client", external(in_threads, new_client), "a thread pool, a client per request"),
        Variant("gevent", external(in_greenlets, shared_client), "a gevent pool; threads where gevent has not patched"),
        Variant("gevent_new_client", external(in_greenlets, new_client), "the same, a client per request"),
        Variant("async", external_async(ASYNC_CLIENT.lent), "asyncio.gather"),
        Variant("async_new_client", external_async(new_async_client), "asyncio.gather, a client per request"),
    ),
    parameters={
        "ms": f"how long the first call takes, 0 to {LARGEST_MS}",
        "seed": f"makes the answer the same each time, 0 to {LARGEST_SEED}",
    },
)
