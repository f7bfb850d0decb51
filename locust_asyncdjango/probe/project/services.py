"""The databases, caches and mail server of the settings, without passwords."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from .database_options import address, option_files, tls_options


def describe_databases(settings: Any) -> dict[str, dict[str, Any]]:
    """Return each database by its alias: engine, host, port, name and how connections are kept.

    tls, option_files: the names of options that demand TLS, and of those that name a file of more options.
    No backend is imported: its driver may be missing.
    """
    from django.db import connections

    databases: Mapping[str, Mapping[str, Any]] = connections.settings if settings.DATABASES else {}
    return {alias: _describe_database(database) for alias, database in databases.items()}


def _describe_database(database: Mapping[str, Any]) -> dict[str, Any]:
    options, engine = database.get("OPTIONS") or {}, str(database.get("ENGINE") or "")
    return {
        "engine": engine,
        **address(database, options),
        "conn_max_age": database.get("CONN_MAX_AGE"),
        "conn_health_checks": bool(database.get("CONN_HEALTH_CHECKS")),
        "atomic_requests": bool(database.get("ATOMIC_REQUESTS")),
        "pool": _describe_pool(options.get("pool")),
        "tls": tls_options(engine, options),
        "option_files": option_files(engine, options),
    }


def _describe_pool(pool: Any) -> Any:
    """Return None without a pool, else its plain settings. ``pool: True`` is one of psycopg's default size."""
    if not pool:
        return None
    settings = pool if isinstance(pool, Mapping) else {}
    return {
        str(name): value for name, value in settings.items() if value is None or isinstance(value, (bool, int, float))
    }


def describe_caches(settings: Any) -> dict[str, dict[str, Any]]:
    """Return each cache by its alias: backend and locations, without passwords."""
    return {
        str(alias): {"backend": str(cache.get("BACKEND", "")), "locations": _locations(cache.get("LOCATION"))}
        for alias, cache in settings.CACHES.items()
    }


def _locations(location: Any) -> list[str]:
    locations = location if isinstance(location, (list, tuple)) else str(location or "").split(";")
    return [without_password(str(each)) for each in locations if each]


def describe_email(settings: Any) -> dict[str, Any]:
    """Return where mail goes."""
    return {
        "backend": str(settings.EMAIL_BACKEND),
        "host": str(settings.EMAIL_HOST),
        "port": settings.EMAIL_PORT,
    }


def without_password(url: str) -> str:
    """Return an address without user, password, query and fragment, any of which may be secret."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "..."
    if not parts.netloc:
        return url
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
