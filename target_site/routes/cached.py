"""cached: a response from Redis. On a miss, the view builds the response and stores it in Redis.

A client is imported when a variant that uses it is first requested.
"""

import asyncio
import hashlib
import json
import re
from typing import TYPE_CHECKING

from asgiref.sync import sync_to_async
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from target_site.config import CONFIG
from target_site.problems import BadInputError
from target_site.resources import EventLoopResource, ProcessResource

from .route import Route, Variant

if TYPE_CHECKING:
    import aioredis
    import redis.asyncio

TTL_S = 60
AIOREDIS_TIMEOUT_S = 5
"""Seconds that a request waits for Redis: redis-py's default. aioredis would wait forever."""
LINES = 100


def _redis() -> "redis.Redis":
    import redis

    return redis.from_url(CONFIG.redis_url)


async def _redis_asyncio() -> "redis.asyncio.Redis":
    import redis.asyncio

    return redis.asyncio.from_url(CONFIG.redis_url)


async def _aioredis() -> "aioredis.Redis":
    import aioredis

    return await aioredis.create_redis_pool(CONFIG.redis_url, minsize=0)


async def _close_aioredis(client: "aioredis.Redis") -> None:
    client.close()
    await client.wait_closed()


SYNC = ProcessResource(_redis, lambda client: client.close())
ASYNC = EventLoopResource(_redis_asyncio, lambda client: client.aclose())
AIOREDIS = EventLoopResource(_aioredis, _close_aioredis)


@require_safe
def cached_sync(request: HttpRequest) -> HttpResponse:
    key = requested_key(request)
    client = SYNC.get()
    if (body := client.get(key)) is not None:
        return hit_response(body)
    body = build_body(key)
    client.set(key, body, ex=TTL_S)
    return miss_response(body)


@require_safe
async def cached_async(request: HttpRequest) -> HttpResponse:
    key = requested_key(request)
    async with ASYNC.borrow(request) as client:
        if (body := await client.get(key)) is not None:
            return hit_response(body)
        body = build_body(key)
        await client.set(key, body, ex=TTL_S)
        return miss_response(body)


@require_safe
async def cached_aioredis(request: HttpRequest) -> HttpResponse:
    key = requested_key(request)
    async with AIOREDIS.borrow(request) as client, asyncio.timeout(AIOREDIS_TIMEOUT_S):
        if (body := await client.get(key)) is not None:
            return hit_response(body)
        body = build_body(key)
        await client.set(key, body, expire=TTL_S)
        return miss_response(body)


@require_safe
async def cached_sync_to_async(request: HttpRequest) -> HttpResponse:
    key = requested_key(request)
    client = SYNC.get()
    if (body := await sync_to_async(client.get)(key)) is not None:
        return hit_response(body)
    body = build_body(key)
    await sync_to_async(client.set)(key, body, ex=TTL_S)
    return miss_response(body)


@require_safe
def cached_django_sync(request: HttpRequest) -> HttpResponse:
    key = requested_key(request)
    if (body := cache.get(key)) is not None:
        return hit_response(body)
    body = build_body(key)
    cache.set(key, body, TTL_S)
    return miss_response(body)


@require_safe
async def cached_django_async(request: HttpRequest) -> HttpResponse:
    key = requested_key(request)
    if (body := await cache.aget(key)) is not None:
        return hit_response(body)
    body = build_body(key)
    await cache.aset(key, body, TTL_S)
    return miss_response(body)


def requested_key(request: HttpRequest) -> str:
    """Return the key in Redis for the query's ``key``. Raise BadInputError if it has other characters or length."""
    value = request.GET.get("key", "default")
    if not re.fullmatch(r"[\w-]{1,64}", value, re.ASCII):
        raise BadInputError("key must have 1 to 64 letters, digits, _ or -")
    return f"target_site:cached:{value}"


def build_body(key: str) -> bytes:
    """Return about 7 kB of JSON that depends on the key only. A miss stores it in Redis."""
    lines = [hashlib.sha256(f"{key} {n}".encode()).hexdigest() for n in range(LINES)]
    return json.dumps({"key": key, "lines": lines}).encode()


def hit_response(body: bytes | str) -> HttpResponse:
    """Return a response with a body from the cache."""
    return HttpResponse(body, content_type="application/json", headers={"X-Cache": "hit"})


def miss_response(body: bytes) -> HttpResponse:
    """Return a response with a body that was built for it."""
    return HttpResponse(body, content_type="application/json", headers={"X-Cache": "miss"})


ROUTE = Route(
    name="cached",
    method="GET",
    summary=f"About 7 kB of JSON from Redis; a miss builds it and stores it for {TTL_S} s. No query.",
    variants=(
        Variant("sync", cached_sync, "redis-py"),
        Variant("async", cached_async, "redis-py's redis.asyncio"),
        Variant("aioredis", cached_aioredis, "aioredis 1.3"),
        Variant("sync_to_async", cached_sync_to_async, "redis-py in sync_to_async"),
        Variant("django_sync", cached_django_sync, "Django's cache.get"),
        Variant("django_async", cached_django_async, "Django's cache.aget"),
    ),
    parameters={"key": "which response: 1 to 64 letters, digits, _ or -"},
)
