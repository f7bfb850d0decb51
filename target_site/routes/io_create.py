"""io_create: creates one post from the form fields title and content, with one query."""

import uuid
from datetime import datetime

from asgiref.sync import sync_to_async
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from target_site.database.connections import asyncpg_connection, psycopg2_connection
from target_site.models import Post, post_as_json
from target_site.problems import BadInputError

from .posts import COLUMNS, CONTENT_LIMIT, TITLE_LIMIT
from .route import Route, Variant

INSERT = f"INSERT INTO target_site_post ({COLUMNS}) VALUES (%s, %s, %s, %s, %s)"  # noqa: S608 - constants
INSERT_ASYNCPG = f"INSERT INTO target_site_post ({COLUMNS}) VALUES ($1, $2, $3, $4, $5)"  # noqa: S608 - constants


@csrf_exempt
@require_POST
def io_create_sync(request: HttpRequest) -> JsonResponse:
    post = Post.objects.create(**post_fields(request))
    return JsonResponse(post.as_json(), status=201)


@csrf_exempt
@require_POST
async def io_create_async(request: HttpRequest) -> JsonResponse:
    post = await Post.objects.acreate(**post_fields(request))
    return JsonResponse(post.as_json(), status=201)


@csrf_exempt
@require_POST
async def io_create_sync_to_async(request: HttpRequest) -> JsonResponse:
    post = await sync_to_async(Post.objects.create)(**post_fields(request))
    return JsonResponse(post.as_json(), status=201)


@csrf_exempt
@require_POST
def io_create_psycopg2(request: HttpRequest) -> JsonResponse:
    row = new_row(**post_fields(request))
    with psycopg2_connection() as connection, connection.cursor() as cursor:
        cursor.execute(INSERT, [str(row[0]), *row[1:]])
    return JsonResponse(post_as_json(*row), status=201)


@csrf_exempt
@require_POST
async def io_create_asyncpg(request: HttpRequest) -> JsonResponse:
    row = new_row(**post_fields(request))
    async with asyncpg_connection(request) as connection:
        await connection.execute(INSERT_ASYNCPG, *row)
    return JsonResponse(post_as_json(*row), status=201)


def new_row(title: str, content: str) -> tuple[uuid.UUID, str, str, datetime, datetime]:
    """Return a new row. Key and times come from the site, as with the ORM, not from the database."""
    now = timezone.now()
    return uuid.uuid4(), title, content, now, now


def post_fields(request: HttpRequest) -> dict[str, str]:
    """Return title and content from the form. Raise BadInputError if one is missing, too long or contains NUL."""
    fields = {}
    for name, limit in (("title", TITLE_LIMIT), ("content", CONTENT_LIMIT)):
        value = request.POST.get(name, "")
        if not 0 < len(value) <= limit:
            raise BadInputError(f"the form field {name} must have 1 to {limit} characters")
        if "\x00" in value:
            raise BadInputError(f"the form field {name} must not hold a NUL character")
        fields[name] = value
    return fields


ROUTE = Route(
    name="io_create",
    method="POST",
    summary="Creates one post from the form fields title and content: one query.",
    variants=(
        Variant("sync", io_create_sync, "the ORM's create"),
        Variant("async", io_create_async, "the ORM's acreate"),
        Variant("sync_to_async", io_create_sync_to_async, "the ORM's create in sync_to_async"),
        Variant("psycopg2", io_create_psycopg2, "psycopg2 without the ORM"),
        Variant("asyncpg", io_create_asyncpg, "asyncpg without the ORM"),
    ),
    parameters={
        "title": f"1 to {TITLE_LIMIT} characters",
        "content": f"1 to {CONTENT_LIMIT} characters",
    },
)
