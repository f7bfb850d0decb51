"""What the site says about itself, for people (/), programs (/routes.json) and those who wait for it (/healthz)."""

import platform
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import django
from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from target_site.routes import ROUTES
from target_site.routes.route import Route
from target_site.site_info import server_info

PACKAGES = ("psycopg2-binary", "psycopg", "psycopg-pool", "asyncpg", "redis", "aioredis", "httpx")


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Every route and variant with a link, and what is configured."""
    return render(request, "target_site/index.html", about(request))


@require_safe
def routes_json(request: HttpRequest) -> HttpResponse:
    """The same as JSON."""
    return JsonResponse(about(request))


@require_safe
def healthz(_request: HttpRequest) -> HttpResponse:
    """Answers as soon as the server does, without database or cache."""
    return HttpResponse("ok\n", content_type="text/plain")


def about(request: HttpRequest) -> dict[str, Any]:
    """Routes, interface, versions and settings; nothing secret, and no query."""
    prefix = request.path.removesuffix("routes.json")
    packages = {name: version(name) for name in PACKAGES}
    return {
        "interface": "asgi" if isinstance(request, ASGIRequest) else "wsgi",
        "routes": [_about_route(route, prefix) for route in ROUTES],
        "settings": _settings(),
        "versions": {"python": platform.python_version(), "django": django.get_version(), **packages},
    }


def _about_route(route: Route, prefix: str) -> dict[str, Any]:
    path = f"{prefix}{route.name}/"
    return {
        "name": route.name,
        "method": route.method,
        "summary": route.summary,
        "path": path,
        "natural": route.named(route.natural).name,
        "parameters": dict(route.parameters),
        "aliases": dict(route.aliases),
        "variants": {
            variant.name: {"path": f"{path}{variant.name}/", "side": variant.side, "summary": variant.summary}
            for variant in route.variants
        },
    }


def _settings() -> dict[str, Any]:
    """What is in force, read where it takes effect."""
    return {
        "orm_driver": connection.Database.__name__,  # type: ignore[attr-defined]
        "connections": _connections(connection.settings_dict),
        "conn_max_age": connection.settings_dict["CONN_MAX_AGE"],
        "middleware": settings.MIDDLEWARE,
        "access_log": "on" if server_info.writes_access_log() else "off",
        "cache": settings.CACHES["default"]["BACKEND"].rpartition(".")[2],
        "gevent": server_info.patched_by_gevent(),
        "debug": settings.DEBUG,
    }


def _connections(database: Mapping[str, Any]) -> str:
    pool = database["OPTIONS"].get("pool")
    if pool:
        # Without max_size psycopg_pool has four, and all beyond wait.
        return f"from a pool of {pool.get('max_size', 4)}" if isinstance(pool, dict) else "from a pool of 4, pool: True"
    return "persistent" if database["CONN_MAX_AGE"] != 0 else "closed after each request"
