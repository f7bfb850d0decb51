"""The description of a project that ``ask`` prints."""

import os
import sys
import traceback
from pathlib import Path
from typing import Any

from .middleware import describe_all_middleware, sync_only_middleware
from .migrations import list_migrations
from .origin import foreign_files
from .services import describe_caches, describe_databases, describe_mailers
from .url_patterns import list_patterns
from .versions import installed_packages, installed_servers, python_and_django

FORMAT, VERSION = "locust-asyncdjango project", 1
"""Members may be added within one version."""
SETTINGS_VARIABLE = "DJANGO_SETTINGS_MODULE"


def describe_project() -> dict[str, Any]:
    """Start Django and return what the project is. Raise what the start raises.

    An error in the URL patterns or the migrations is a member ``errors``, because the rest is of use without them.
    """
    import django
    from django.conf import settings

    django.setup()
    middleware = describe_all_middleware(settings)
    errors: dict[str, str] = {}
    return {
        "format": FORMAT,
        "version": VERSION,
        "settings": os.environ.get(SETTINGS_VARIABLE, ""),
        "python": sys.executable,
        "versions": python_and_django(),
        "servers": installed_servers(),
        "packages": installed_packages(),
        "debug": bool(settings.DEBUG),
        "allowed_hosts": [str(host) for host in settings.ALLOWED_HOSTS],
        "secure_ssl_redirect": bool(settings.SECURE_SSL_REDIRECT),
        "wsgi_application": settings.WSGI_APPLICATION or "",
        "asgi_application": getattr(settings, "ASGI_APPLICATION", None) or "",
        "root_urlconf": str(getattr(settings, "ROOT_URLCONF", "")),
        "login_url": str(settings.LOGIN_URL),
        "installed_apps": [str(app) for app in settings.INSTALLED_APPS],
        "middleware": middleware,
        "sync_only_middleware": sync_only_middleware(middleware),
        "databases": describe_databases(settings),
        "caches": describe_caches(settings),
        "mailers": describe_mailers(settings),
        "static": {"url": str(settings.STATIC_URL or ""), "root": str(settings.STATIC_ROOT or "")},
        "urls": _or_error(list_patterns, [], "urls", errors),
        "migrations": _or_error(list_migrations, {}, "migrations", errors),
        "foreign_files": foreign_files(settings),
        "errors": errors,
    }


def _or_error(read: Any, default: Any, name: str, errors: dict[str, str]) -> Any:
    try:
        return read()
    except Exception as error:  # noqa: BLE001 - whatever the project's modules raise
        traceback.print_exc()
        errors[name] = one_line(error)
        return default


def describe_error(error: BaseException) -> dict[str, Any]:
    """Return the description of a project that does not start.

    error: the class and the message in one line. where: the innermost line of the project's own code, "" without one.
    """
    folder = str(Path.cwd()) + os.sep
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_own(frame.filename, folder)]
    where = f"{frames[-1].filename.removeprefix(folder)}:{frames[-1].lineno}" if frames else ""
    return {"format": FORMAT, "version": VERSION, "error": one_line(error), "where": where}


def _is_own(name: str, folder: str) -> bool:
    return name.startswith(folder) and "site-packages" not in Path(name).parts


def one_line(error: BaseException) -> str:
    """Return the name of an exception's class and its message, in one line."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:500]
