"""io_read: reads the first 25 posts and the number of all posts, with two queries."""

from asgiref.sync import sync_to_async
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from target_site.database.connections import asyncpg_connection, psycopg2_connection
from target_site.models import Post, post_as_json

from .posts import COLUMNS
from .route import Route, Variant

PAGE_LENGTH = 25
SELECT_PAGE = f"SELECT {COLUMNS} FROM target_site_post ORDER BY id LIMIT {PAGE_LENGTH}"  # noqa: S608 - constants
SELECT_COUNT = "SELECT count(*) FROM target_site_post"


@require_safe
def io_read_sync(_request: HttpRequest) -> JsonResponse:
    posts = [post.as_json() for post in Post.objects.order_by("pk")[:PAGE_LENGTH]]
    return JsonResponse({"count": Post.objects.count(), "posts": posts})


@require_safe
async def io_read_async(_request: HttpRequest) -> JsonResponse:
    posts = [post.as_json() async for post in Post.objects.order_by("pk")[:PAGE_LENGTH]]
    return JsonResponse({"count": await Post.objects.acount(), "posts": posts})


@require_safe
async def io_read_sync_to_async(_request: HttpRequest) -> JsonResponse:
    posts = await sync_to_async(lambda: [post.as_json() for post in Post.objects.order_by("pk")[:PAGE_LENGTH]])()
    return JsonResponse({"count": await sync_to_async(Post.objects.count)(), "posts": posts})


@require_safe
def io_read_psycopg2(_request: HttpRequest) -> JsonResponse:
    with psycopg2_connection() as connection, connection.cursor() as cursor:
        cursor.execute(SELECT_PAGE)
        posts = [post_as_json(*row) for row in cursor.fetchall()]
        cursor.execute(SELECT_COUNT)
        (count,) = cursor.fetchone()
    return JsonResponse({"count": count, "posts": posts})


@require_safe
async def io_read_asyncpg(request: HttpRequest) -> JsonResponse:
    async with asyncpg_connection(request) as connection:
        posts = [post_as_json(*row) for row in await connection.fetch(SELECT_PAGE)]
        count = await connection.fetchval(SELECT_COUNT)
    return JsonResponse({"count": count, "posts": posts})


ROUTE = Route(
    name="io_read",
    method="GET",
    summary="Reads the first 25 posts and the number of all posts: two queries.",
    variants=(
        Variant("sync", io_read_sync, "the ORM"),
        Variant("async", io_read_async, "the ORM's async for and acount"),
        Variant("sync_to_async", io_read_sync_to_async, "the ORM in sync_to_async, once for each query"),
        Variant("psycopg2", io_read_psycopg2, "psycopg2 without the ORM"),
        Variant("asyncpg", io_read_asyncpg, "asyncpg without the ORM"),
    ),
)
