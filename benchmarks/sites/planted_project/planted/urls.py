"""Two equal views, and no other."""

from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.urls import path

from .work import QUERY_S


def wait(_request: HttpRequest) -> JsonResponse:
    """Let the database work for the planted time."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(%s), 1", [QUERY_S])
        (row,) = cursor.fetchall()
    return JsonResponse({"rows": row[1]})


urlpatterns = [path("one/", wait), path("two/", wait)]
