"""What the site says about itself, for people (/), programs (/routes.json) and those who wait for it (/healthz)."""

import platform
from importlib.metadata import version
from typing import Any

import django
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from target_site.routes import ROUTES


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """Every route and variant with a link, and what is configured."""
    return render(request, "target_site/overview.html", about())


@require_GET
def routes_json(_request: HttpRequest) -> HttpResponse:
    """The same as JSON."""
    return JsonResponse(about())


@require_GET
def healthz(_request: HttpRequest) -> HttpResponse:
    """Answers as soon as the server does, without database or cache."""
    return HttpResponse("ok\n", content_type="text/plain")


def about() -> dict[str, Any]:
    """Routes, interface, versions and settings; nothing secret, and no query."""
    return {
        "interface": settings.INTERFACE,
        "routes": [
            {
                "name": route.name,
                "method": route.method,
                "summary": route.summary,
                "path": f"/{route.name}/",
                "natural": route.natural,
                "variants": {variant: f"/{route.name}/{variant}/" for variant in route.variants},
            }
            for route in ROUTES
        ],
        "versions": {"python": platform.python_version(), "django": django.get_version(), **_driver()},
        "settings": {
            "conn_max_age": settings.DATABASES["default"]["CONN_MAX_AGE"],
            "cache": settings.CACHES["default"]["BACKEND"].rpartition(".")[2],
            "middleware": settings.MIDDLEWARE,
            "debug": settings.DEBUG,
        },
    }


def _driver() -> dict[str, str]:
    """The ORM's driver and its version: Django takes psycopg 3 where it is installed, and psycopg2 otherwise."""
    driver = connection.Database.__name__  # type: ignore[attr-defined]
    return {driver: version("psycopg2-binary" if driver == "psycopg2" else driver)}
