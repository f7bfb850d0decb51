"""cached: a response out of Redis. A miss makes it and puts it there."""

import asyncio
import hashlib
import json
import re

import aioredis
import redis
import redis.asyncio
from asgiref.sync import sync_to_async
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from target_site.config import FACTORS
from target_site.problems import BadInputError
from target_site.resources import Shared, SharedByLoop

from .route import Route, Variant

SECONDS_KEPT = 60
LONGEST_WAIT_S = 5
"""For Redis to answer, as redis-py has it; aioredis would wait for ever."""
LINES = 100


async def _redis_asyncio() -> "redis.asyncio.Redis":
    return redis.asyncio.from_url(FACTORS.redis_url)


async def _aioredis() -> aioredis.Redis:
    return await aioredis.create_redis_pool(FACTORS.redis_url, minsize=0)


async def _close_aioredis(client: aioredis.Redis) -> None:
    client.close()
    await client.wait_closed()


SYNC = Shared(lambda: redis.from_url(FACTORS.redis_url), redis.Redis.close)
ASYNC = SharedByLoop(_redis_asyncio, redis.asyncio.Redis.aclose)
AIOREDIS = SharedByLoop(_aioredis, _close_aioredis)


@require_safe
def cached_sync(request: HttpRequest) -> HttpResponse:
    key = key_wanted(request)
    client = SYNC.get()
    if (body := client.get(key)) is not None:
        return hit(body)
    body = made(key)
    client.set(key, body, ex=SECONDS_KEPT)
    return miss(body)


@require_safe
async def cached_async(request: HttpRequest) -> HttpResponse:
    key = key_wanted(request)
    async with ASYNC.lent(request) as client:
        if (body := await client.get(key)) is not None:
            return hit(body)
        body = made(key)
        await client.set(key, body, ex=SECONDS_KEPT)
        return miss(body)


@require_safe
async def cached_aioredis(request: HttpRequest) -> HttpResponse:
    key = key_wanted(request)
    async with AIOREDIS.lent(request) as client, asyncio.timeout(LONGEST_WAIT_S):
        if (body := await client.get(key)) is not None:
            return hit(body)
        body = made(key)
        await client.set(key, body, expire=SECONDS_KEPT)
        return miss(body)


@require_safe
async def cached_sync_to_async(request: HttpRequest) -> HttpResponse:
    key = key_wanted(request)
    client = SYNC.get()
    if (body := await sync_to_async(client.get)(key)) is not None:
        return hit(body)
    body = made(key)
    await sync_to_async(client.set)(key, body, ex=SECONDS_KEPT)
    return miss(body)


@require_safe
def cached_django_sync(request: HttpRequest) -> HttpResponse:
    key = key_wanted(request)
    if (body := cache.get(key)) is not None:
        return hit(body)
    body = made(key)
    cache.set(key, body, SECONDS_KEPT)
    return miss(body)


@require_safe
async def cached_django_async(request: HttpRequest) -> HttpResponse:
    key = key_wanted(request)
    if (body := await cache.aget(key)) is not None:
        return hit(body)
    body = made(key)
    await cache.aset(key, body, SECONDS_KEPT)
    return miss(body)


def key_wanted(request: HttpRequest) -> str:
    """The query's key, as Redis knows it. Raises BadInputError."""
    given = request.GET.get("key", "default")
    if not re.fullmatch(r"[\w-]{1,64}", given, re.ASCII):
        raise BadInputError("key must have 1 to 64 letters, digits, _ or -")
    return f"target_site:cached:{given}"


def made(key: str) -> bytes:
    """What a miss makes: lines that depend on the key alone, about 7 kB of JSON."""
    lines = [hashlib.sha256(f"{key} {n}".encode()).hexdigest() for n in range(LINES)]
    return json.dumps({"key": key, "lines": lines}).encode()


def hit(body: bytes | str) -> HttpResponse:
    """The answer out of the cache."""
    return HttpResponse(body, content_type="application/json", headers={"X-Cache": "hit"})


def miss(body: bytes) -> HttpResponse:
    """The answer that was just made."""
    return HttpResponse(body, content_type="application/json", headers={"X-Cache": "miss"})


ROUTE = Route(
    name="cached",
    method="GET",
    summary=f"About 7 kB of JSON out of Redis; a miss makes it and keeps it for {SECONDS_KEPT} s. No query.",
    variants=(
        Variant("sync", cached_sync, "redis-py"),
        Variant("async", cached_async, "redis-py's redis.asyncio"),
        Variant("aioredis", cached_aioredis, "aioredis 1.3"),
        Variant("sync_to_async", cached_sync_to_async, "redis-py in sync_to_async"),
        Variant("django_sync", cached_django_sync, "Django's cache.get"),
        Variant("django_async", cached_django_async, "Django's cache.aget"),
    ),
    parameters={"key": "which response, 1 to 64 letters, digits, _ or -"},
)
