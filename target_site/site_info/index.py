"""The site's description for people (/) and programs (/routes.json), and its health check (/healthz)."""

import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import django
from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from target_site.config import CONFIG
from target_site.database.greenlets import is_patched_by_gevent
from target_site.routes import ROUTES
from target_site.routes.route import Route

PACKAGES = ("psycopg2", "psycopg2-binary", "psycopg", "psycopg-pool", "asyncpg", "redis", "aioredis", "httpx")


@require_safe
def index_page(request: HttpRequest) -> HttpResponse:
    """Show each route and variant with a link, and the settings in force."""
    return render(request, "target_site/index.html", describe_site(request))


@require_safe
def routes_json(request: HttpRequest) -> HttpResponse:
    """Return the content of the page as JSON."""
    return JsonResponse(describe_site(request))


@require_safe
def healthz(_request: HttpRequest) -> HttpResponse:
    """Return 200 as soon as the server runs. It uses neither database nor cache."""
    return HttpResponse("ok\n", content_type="text/plain")


def describe_site(request: HttpRequest) -> dict[str, Any]:
    """Return interface, routes, settings and versions. It contains no secrets, and needs no query."""
    prefix = request.path.removesuffix("routes.json")
    packages = {name: known for name in PACKAGES if (known := _version(name))}
    return {
        "interface": "asgi" if isinstance(request, ASGIRequest) else "wsgi",
        "routes": [_describe_route(route, prefix) for route in ROUTES],
        "settings": _describe_settings(),
        "versions": {"python": platform.python_version(), "django": django.get_version(), **packages},
    }


def _version(package: str) -> str:
    """Return a package's version, or "" where it is not installed: a project may have one driver only."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _describe_route(route: Route, prefix: str) -> dict[str, Any]:
    path = f"{prefix}{route.name}/"
    return {
        "name": route.name,
        "method": route.method,
        "summary": route.summary,
        "path": path,
        "natural": route.variant(route.natural).name,
        "parameters": dict(route.parameters),
        "aliases": dict(route.aliases),
        "variants": {
            variant.name: {"path": f"{path}{variant.name}/", "side": variant.side, "summary": variant.summary}
            for variant in route.variants
        },
    }


def _describe_settings() -> dict[str, Any]:
    """Return the settings in force. They are read where they take effect, not from the environment."""
    return {
        "orm_driver": connection.Database.__name__,  # type: ignore[attr-defined]
        "connections": _describe_connections(connection.settings_dict),
        "conn_max_age": connection.settings_dict["CONN_MAX_AGE"],
        "middleware": settings.MIDDLEWARE,
        "access_log": CONFIG.access_log,
        "cache": settings.CACHES["default"]["BACKEND"].rpartition(".")[2],
        "gevent": is_patched_by_gevent(),
        "debug": settings.DEBUG,
    }


def _describe_connections(database: Mapping[str, Any]) -> str:
    pool = database["OPTIONS"].get("pool")
    if pool:
        # Without max_size psycopg_pool opens at most four connections, and all other requests wait.
        return f"from a pool of {pool.get('max_size', 4)}" if isinstance(pool, dict) else "from a pool of 4, pool: True"
    return "persistent" if database["CONN_MAX_AGE"] != 0 else "closed after each request"
