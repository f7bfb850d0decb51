"""The target site's URLs, and views that fail by themselves. The slow API gets half a second."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import path

from target_site.routes import external
from target_site.urls import urlpatterns as of_the_site

external.CLIENT_OPTIONS["timeout"] = 0.5


def own_error_sync(_request: HttpRequest) -> HttpResponse:
    """A mistake that does not tell of any service."""
    raise KeyError("title")


async def own_error_async(_request: HttpRequest) -> HttpResponse:
    """The same."""
    raise KeyError("title")


def limited(_request: HttpRequest) -> HttpResponse:
    """As Django's throttling packages answer."""
    return HttpResponse("Request was throttled.", status=429, content_type="text/plain")


urlpatterns: list[Any] = [
    *of_the_site,
    path("own_error/sync/", own_error_sync),
    path("own_error/async/", own_error_async),
    path("limited/", limited),
]
