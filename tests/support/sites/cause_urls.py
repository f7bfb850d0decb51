"""The target site's URLs, and views that fail by themselves. The client of the slow API waits for half a second."""

from typing import Any

from asgiref.sync import sync_to_async
from django.db import connection as orm_connection
from django.http import HttpRequest, HttpResponse
from django.urls import path

from target_site.database.connections import (
    asyncpg_connection,
    psycopg2_connection,
    psycopg_async_connection,
    psycopg_connection,
)
from target_site.routes import external
from target_site.urls import urlpatterns as site_urlpatterns

external.client_options()["timeout"] = 0.5


def own_error_sync(_request: HttpRequest) -> HttpResponse:
    """Raise an error that has to do with no service."""
    raise KeyError("title")


async def own_error_async(_request: HttpRequest) -> HttpResponse:
    """Raise the same error in an async view."""
    raise KeyError("title")


def limited(_request: HttpRequest) -> HttpResponse:
    """Return what Django's throttling packages do."""
    return HttpResponse("Request was throttled.", status=429, content_type="text/plain")


def sql_orm(request: HttpRequest) -> HttpResponse:
    """Execute the request's body through the ORM's connection; the views below do so with each driver."""
    with orm_connection.cursor() as cursor:
        cursor.execute(request.body.decode())
    return HttpResponse()


async def sql_orm_async(request: HttpRequest) -> HttpResponse:
    return await sync_to_async(sql_orm)(request)


def sql_psycopg2(request: HttpRequest) -> HttpResponse:
    with psycopg2_connection() as connection, connection.cursor() as cursor:
        cursor.execute(request.body.decode())
    return HttpResponse()


def sql_psycopg(request: HttpRequest) -> HttpResponse:
    with psycopg_connection() as connection:
        connection.execute(request.body)
    return HttpResponse()


async def sql_psycopg_async(request: HttpRequest) -> HttpResponse:
    async with psycopg_async_connection(request) as connection:
        await connection.execute(request.body)
    return HttpResponse()


async def sql_asyncpg(request: HttpRequest) -> HttpResponse:
    async with asyncpg_connection(request) as connection:
        await connection.execute(request.body.decode())
    return HttpResponse()


urlpatterns: list[Any] = [
    path("sql/sync/", sql_orm),
    path("sql/async/", sql_orm_async),
    path("sql/psycopg2/", sql_psycopg2),
    path("sql/psycopg/", sql_psycopg),
    path("sql/psycopg_async/", sql_psycopg_async),
    path("sql/asyncpg/", sql_asyncpg),
    *site_urlpatterns,
    path("own_error/sync/", own_error_sync),
    path("own_error/async/", own_error_async),
    path("limited/", limited),
]
