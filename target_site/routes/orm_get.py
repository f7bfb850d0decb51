"""orm_get: reads one post by its key, with one query."""

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

from .posts import COLUMNS, ID_PARAMETER, requested_post_id
from .route import Route, Variant

SELECT_BY_ID = f"SELECT {COLUMNS} FROM target_site_post WHERE id = %s"  # noqa: S608 - constants
SELECT_BY_ID_ASYNCPG = SELECT_BY_ID.replace("%s", "$1")


@require_safe
def orm_get_sync(request: HttpRequest) -> JsonResponse:
    post = Post.objects.get(pk=requested_post_id(request))
    return JsonResponse(post.as_json())


@require_safe
async def orm_get_async(request: HttpRequest) -> JsonResponse:
    post = await Post.objects.aget(pk=requested_post_id(request))
    return JsonResponse(post.as_json())


@require_safe
async def orm_get_sync_to_async(request: HttpRequest) -> JsonResponse:
    post = await sync_to_async(Post.objects.get)(pk=requested_post_id(request))
    return JsonResponse(post.as_json())


@require_safe
def orm_get_psycopg2(request: HttpRequest) -> JsonResponse:
    post_id = str(requested_post_id(request))
    with psycopg2_connection() as connection, connection.cursor() as cursor:
        cursor.execute(SELECT_BY_ID, [post_id])
        row = cursor.fetchone()
    return post_response(row)


@require_safe
def orm_get_psycopg(request: HttpRequest) -> JsonResponse:
    post_id = requested_post_id(request)
    with psycopg_connection() as connection:
        row = connection.execute(SELECT_BY_ID, [post_id]).fetchone()
    return post_response(row)


@require_safe
async def orm_get_psycopg_async(request: HttpRequest) -> JsonResponse:
    post_id = requested_post_id(request)
    async with psycopg_async_connection(request) as connection:
        row = await (await connection.execute(SELECT_BY_ID, [post_id])).fetchone()
    return post_response(row)


@require_safe
async def orm_get_asyncpg(request: HttpRequest) -> JsonResponse:
    post_id = requested_post_id(request)
    async with asyncpg_connection(request) as connection:
        row = await connection.fetchrow(SELECT_BY_ID_ASYNCPG, post_id)
    return post_response(row)


def post_response(row: Any) -> JsonResponse:
    """Return the response to a driver's row. Raise Post.DoesNotExist if there is no row, as the ORM does."""
    if row is None:
        raise Post.DoesNotExist
    return JsonResponse(post_as_json(*row))


ROUTE = Route(
    name="orm_get",
    method="GET",
    summary="Reads one post by its key: one query.",
    variants=(
        Variant("sync", orm_get_sync, "the ORM's get"),
        Variant("async", orm_get_async, "the ORM's aget"),
        Variant("sync_to_async", orm_get_sync_to_async, "the ORM's get in sync_to_async"),
        Variant("psycopg2", orm_get_psycopg2, "psycopg2 without the ORM"),
        Variant("psycopg", orm_get_psycopg, "psycopg 3 without the ORM"),
        Variant("psycopg_async", orm_get_psycopg_async, "psycopg 3 without the ORM, async"),
        Variant("asyncpg", orm_get_asyncpg, "asyncpg without the ORM"),
    ),
    parameters=ID_PARAMETER,
)
