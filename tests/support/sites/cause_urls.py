"""The target site's URLs, and views that fail by themselves. The client of the slow API waits for half a second."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import path

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


urlpatterns: list[Any] = [
    *site_urlpatterns,
    path("own_error/sync/", own_error_sync),
    path("own_error/async/", own_error_async),
    path("limited/", limited),
]
