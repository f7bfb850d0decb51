"""list_detail: reads 800 posts, and one post with all columns, with two queries and without the ORM.

The variants differ in the driver, in how they connect, and in whether they run the queries one after the other.
"""

import asyncio
import uuid
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from target_site.database.connections import (
    asyncpg_connection,
    psycopg2_connection,
    psycopg_async_connection,
    psycopg_connection,
)
from target_site.models import Post, post_as_json

from .orm_get import SELECT_BY_ID, SELECT_BY_ID_ASYNCPG
from .posts import ID_PARAMETER, requested_post_id
from .route import Route, Variant, View

LIST_LENGTH = 800
# Keys as text: with the ORM loaded, psycopg2 makes an object of each UUID, and 800 of them take longer than the rest.
SELECT_LIST = f"SELECT id::text AS key, title FROM target_site_post ORDER BY id LIMIT {LIST_LENGTH}"  # noqa: S608 - constants


def psycopg2_view(*, pooled: bool) -> View:
    @require_safe
    def view(request: HttpRequest) -> JsonResponse:
        post_id = str(requested_post_id(request))
        with psycopg2_connection(pooled=pooled) as connection, connection.cursor() as cursor:
            cursor.execute(SELECT_LIST)
            rows = cursor.fetchall()
            cursor.execute(SELECT_BY_ID, [post_id])
            row = cursor.fetchone()
        return list_detail_response(rows, row)

    return view


def psycopg_view(*, pooled: bool) -> View:
    @require_safe
    def view(request: HttpRequest) -> JsonResponse:
        post_id = requested_post_id(request)
        with psycopg_connection(pooled=pooled) as connection:
            rows = connection.execute(SELECT_LIST).fetchall()
            row = connection.execute(SELECT_BY_ID, [post_id]).fetchone()
        return list_detail_response(rows, row)

    return view


def psycopg_async_view(*, pooled: bool) -> View:
    @require_safe
    async def view(request: HttpRequest) -> JsonResponse:
        post_id = requested_post_id(request)
        async with psycopg_async_connection(request, pooled=pooled) as connection:
            rows = await (await connection.execute(SELECT_LIST)).fetchall()
            row = await (await connection.execute(SELECT_BY_ID, [post_id])).fetchone()
        return list_detail_response(rows, row)

    return view


def asyncpg_serial_view(*, pooled: bool) -> View:
    @require_safe
    async def view(request: HttpRequest) -> JsonResponse:
        post_id = requested_post_id(request)
        async with asyncpg_connection(request, pooled=pooled) as connection:
            rows = await connection.fetch(SELECT_LIST)
            row = await connection.fetchrow(SELECT_BY_ID_ASYNCPG, post_id)
        return list_detail_response(rows, row)

    return view


def asyncpg_gather_view(*, pooled: bool) -> View:
    @require_safe
    async def view(request: HttpRequest) -> JsonResponse:
        post_id = requested_post_id(request)

        async def fetch_list() -> Any:
            async with asyncpg_connection(request, pooled=pooled) as connection:
                return await connection.fetch(SELECT_LIST)

        async def fetch_detail(key: uuid.UUID) -> Any:
            async with asyncpg_connection(request, pooled=pooled) as connection:
                return await connection.fetchrow(SELECT_BY_ID_ASYNCPG, key)

        return list_detail_response(*await asyncio.gather(fetch_list(), fetch_detail(post_id)))

    return view


def list_detail_response(rows: Any, row: Any) -> JsonResponse:
    """Return the response to the rows of the list and the row of the post. Raise Post.DoesNotExist if row is None."""
    if row is None:
        raise Post.DoesNotExist
    items = [{"id": id_, "title": title} for id_, title in rows]
    return JsonResponse({"items": items, "detail": post_as_json(*row)})


ROUTE = Route(
    name="list_detail",
    method="GET",
    summary=f"Reads key and title of {LIST_LENGTH} posts, and all of one post, without the ORM: two queries.",
    variants=(
        Variant("psycopg2", psycopg2_view(pooled=False), "psycopg2, a connection per request"),
        Variant("psycopg2_pool", psycopg2_view(pooled=True), "psycopg2, from a pool"),
        Variant("psycopg", psycopg_view(pooled=False), "psycopg 3, a connection per request"),
        Variant("psycopg_pool", psycopg_view(pooled=True), "psycopg 3, from a pool"),
        Variant("psycopg_async", psycopg_async_view(pooled=False), "psycopg 3, async, a connection per request"),
        Variant("psycopg_async_pool", psycopg_async_view(pooled=True), "psycopg 3, async, from a pool"),
        Variant("asyncpg", asyncpg_gather_view(pooled=False), "asyncpg, both queries at once, two new connections"),
        Variant("asyncpg_pool", asyncpg_gather_view(pooled=True), "asyncpg, both queries at once, two from a pool"),
        Variant("asyncpg_in_turn", asyncpg_serial_view(pooled=False), "asyncpg, in sequence, a connection per request"),
        Variant("asyncpg_in_turn_pool", asyncpg_serial_view(pooled=True), "asyncpg, in sequence, from a pool"),
    ),
    parameters=ID_PARAMETER,
    aliases={"sync": "psycopg2", "async": "asyncpg"},
)
