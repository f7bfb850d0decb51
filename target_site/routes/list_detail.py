"""list_detail: 800 posts and one of them whole, two queries, without the ORM."""

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

from .orm_get import BY_KEY, BY_KEY_ASYNCPG
from .posts import ID_PARAMETER, post_wanted
from .route import Route, Variant, View

LENGTH = 800
# Keys as text: the ORM has psycopg2 make an object of each UUID, which for 800 of them takes longer than the rest.
LIST = f"SELECT id::text AS key, title FROM target_site_post ORDER BY id LIMIT {LENGTH}"  # noqa: S608 - constants


def by_psycopg2(*, pooled: bool) -> View:
    @require_safe
    def view(request: HttpRequest) -> JsonResponse:
        wanted = str(post_wanted(request))
        with psycopg2_connection(pooled=pooled) as connection, connection.cursor() as cursor:
            cursor.execute(LIST)
            rows = cursor.fetchall()
            cursor.execute(BY_KEY, [wanted])
            row = cursor.fetchone()
        return answer(rows, row)

    return view


def by_psycopg(*, pooled: bool) -> View:
    @require_safe
    def view(request: HttpRequest) -> JsonResponse:
        wanted = post_wanted(request)
        with psycopg_connection(pooled=pooled) as connection:
            rows = connection.execute(LIST).fetchall()
            row = connection.execute(BY_KEY, [wanted]).fetchone()
        return answer(rows, row)

    return view


def by_psycopg_async(*, pooled: bool) -> View:
    @require_safe
    async def view(request: HttpRequest) -> JsonResponse:
        wanted = post_wanted(request)
        async with psycopg_async_connection(request, pooled=pooled) as connection:
            rows = await (await connection.execute(LIST)).fetchall()
            row = await (await connection.execute(BY_KEY, [wanted])).fetchone()
        return answer(rows, row)

    return view


def by_asyncpg_in_turn(*, pooled: bool) -> View:
    @require_safe
    async def view(request: HttpRequest) -> JsonResponse:
        wanted = post_wanted(request)
        async with asyncpg_connection(request, pooled=pooled) as connection:
            rows = await connection.fetch(LIST)
            row = await connection.fetchrow(BY_KEY_ASYNCPG, wanted)
        return answer(rows, row)

    return view


def by_asyncpg_gathered(*, pooled: bool) -> View:
    @require_safe
    async def view(request: HttpRequest) -> JsonResponse:
        wanted = post_wanted(request)

        async def the_list() -> Any:
            async with asyncpg_connection(request, pooled=pooled) as connection:
                return await connection.fetch(LIST)

        async def the_detail(key: uuid.UUID) -> Any:
            async with asyncpg_connection(request, pooled=pooled) as connection:
                return await connection.fetchrow(BY_KEY_ASYNCPG, key)

        return answer(*await asyncio.gather(the_list(), the_detail(wanted)))

    return view


def answer(rows: Any, row: Any) -> JsonResponse:
    """The list's rows and the detail's, or None. Raises Post.DoesNotExist."""
    if row is None:
        raise Post.DoesNotExist
    items = [{"id": id_, "title": title} for id_, title in rows]
    return JsonResponse({"items": items, "detail": post_as_json(*row)})


ROUTE = Route(
    name="list_detail",
    method="GET",
    summary=f"Key and title of {LENGTH} posts, and one post whole, without the ORM: two queries.",
    variants=(
        Variant("psycopg2", by_psycopg2(pooled=False), "psycopg2, a connection per request"),
        Variant("psycopg2_pool", by_psycopg2(pooled=True), "psycopg2, from a pool"),
        Variant("psycopg", by_psycopg(pooled=False), "psycopg 3, a connection per request"),
        Variant("psycopg_pool", by_psycopg(pooled=True), "psycopg 3, from a pool"),
        Variant("psycopg_async", by_psycopg_async(pooled=False), "psycopg 3, async, a connection per request"),
        Variant("psycopg_async_pool", by_psycopg_async(pooled=True), "psycopg 3, async, from a pool"),
        Variant("asyncpg", by_asyncpg_gathered(pooled=False), "asyncpg, both queries at once on two new connections"),
        Variant("asyncpg_pool", by_asyncpg_gathered(pooled=True), "asyncpg, both queries at once on two from a pool"),
        Variant("asyncpg_in_turn", by_asyncpg_in_turn(pooled=False), "asyncpg, in turn on a connection per request"),
        Variant("asyncpg_in_turn_pool", by_asyncpg_in_turn(pooled=True), "asyncpg, in turn on one from a pool"),
    ),
    parameters=ID_PARAMETER,
    aliases={"sync": "psycopg2", "async": "asyncpg"},
)
