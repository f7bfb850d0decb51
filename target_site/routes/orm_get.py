"""orm_get: one post by its key, one query."""

from typing import Any

from asgiref.sync import sync_to_async
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from target_site.database.connections import (
    asyncpg_connection,
    psycopg2_connection,
    psycopg_async_connection,
    psycopg_connection,
)
from target_site.models import Post, post_as_json

from .posts import COLUMNS, ID_PARAMETER, post_wanted
from .route import Route, Variant

BY_KEY = f"SELECT {COLUMNS} FROM target_site_post WHERE id = %s"  # noqa: S608 - constants
BY_KEY_ASYNCPG = BY_KEY.replace("%s", "$1")


@require_safe
def orm_get_sync(request: HttpRequest) -> JsonResponse:
    post = Post.objects.get(pk=post_wanted(request))
    return JsonResponse(post.as_json())


@require_safe
async def orm_get_async(request: HttpRequest) -> JsonResponse:
    post = await Post.objects.aget(pk=post_wanted(request))
    return JsonResponse(post.as_json())


@require_safe
async def orm_get_sync_to_async(request: HttpRequest) -> JsonResponse:
    post = await sync_to_async(Post.objects.get)(pk=post_wanted(request))
    return JsonResponse(post.as_json())


@require_safe
def orm_get_psycopg2(request: HttpRequest) -> JsonResponse:
    wanted = str(post_wanted(request))
    with psycopg2_connection() as connection, connection.cursor() as cursor:
        cursor.execute(BY_KEY, [wanted])
        row = cursor.fetchone()
    return found(row)


@require_safe
def orm_get_psycopg(request: HttpRequest) -> JsonResponse:
    wanted = post_wanted(request)
    with psycopg_connection() as connection:
        row = connection.execute(BY_KEY, [wanted]).fetchone()
    return found(row)


@require_safe
async def orm_get_psycopg_async(request: HttpRequest) -> JsonResponse:
    wanted = post_wanted(request)
    async with psycopg_async_connection(request) as connection:
        row = await (await connection.execute(BY_KEY, [wanted])).fetchone()
    return found(row)


@require_safe
async def orm_get_asyncpg(request: HttpRequest) -> JsonResponse:
    wanted = post_wanted(request)
    async with asyncpg_connection(request) as connection:
        row = await connection.fetchrow(BY_KEY_ASYNCPG, wanted)
    return found(row)


def found(row: Any) -> JsonResponse:
    """The answer to a driver's row, or None. Raises Post.DoesNotExist, as the ORM does."""
    if row is None:
        raise Post.DoesNotExist
    return JsonResponse(post_as_json(*row))


ROUTE = Route(
    name="orm_get",
    method="GET",
    summary="One post by its key: one query.",
    variants=(
        Variant("sync", orm_get_sync, "the ORM's get"),
        Variant("async", orm_get_async, "the ORM's aget"),
        Variant("sync_to_async", orm_get_sync_to_async, "the ORM's get in sync_to_async"),
        Variant("psycopg2", orm_get_psycopg2, "psycopg2 by itself"),
        Variant("psycopg", orm_get_psycopg, "psycopg 3 by itself"),
        Variant("psycopg_async", orm_get_psycopg_async, "psycopg 3 by itself, async"),
        Variant("asyncpg", orm_get_asyncpg, "asyncpg by itself"),
    ),
    parameters=ID_PARAMETER,
)
