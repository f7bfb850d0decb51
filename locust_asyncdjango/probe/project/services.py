"""The databases, caches and mail server of the settings, without passwords."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from .database_options import address, option_files, tls_options

SMTP_PORT = 25
"""The port of a mailer whose OPTIONS name none."""


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


def describe_mailers(settings: Any) -> dict[str, dict[str, Any]]:
    """Return where mail goes: backend, host and port, by the alias of MAILERS, which Django has since 6.1.

    The settings EMAIL_*, which Django refuses to read next to MAILERS, have the alias "".
    """
    if not hasattr(settings, "MAILERS"):
        return {"": _mailer(settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT)}
    return {str(alias): _mailer_of_alias(mailer) for alias, mailer in settings.MAILERS.items()}


def _mailer_of_alias(mailer: Mapping[str, Any]) -> dict[str, Any]:
    options = mailer.get("OPTIONS") or {}
    backend = mailer.get("BACKEND") or "django.core.mail.backends.smtp.EmailBackend"
    return _mailer(backend, options.get("host") or "localhost", options.get("port") or SMTP_PORT)


def _mailer(backend: Any, host: Any, port: Any) -> dict[str, Any]:
    return {"backend": str(backend), "host": str(host), "port": port}


def without_password(url: str) -> str:
    """Return an address without user, password, query and fragment, any of which may be secret."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "..."
    if not parts.netloc:
        return url
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
