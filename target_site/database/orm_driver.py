"""Choose the driver of Django's ORM. By itself, Django's PostgreSQL backend uses psycopg 3 wherever it is installed."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

from django.core.exceptions import ImproperlyConfigured

BACKEND = "django.db.backends.postgresql"


def choose_orm_driver(name: str) -> None:
    """Import Django's PostgreSQL backend so that it uses this driver.

    name: psycopg2 or psycopg (3). Raise ImproperlyConfigured if the backend is imported already, with the other driver.
    """
    if f"{BACKEND}.psycopg_any" not in sys.modules:
        with _hidden_module("psycopg" if name == "psycopg2" else "psycopg2"):
            import_module(f"{BACKEND}.base")
    driver = "psycopg" if import_module(f"{BACKEND}.psycopg_any").is_psycopg3 else "psycopg2"
    if driver != name:
        raise ImproperlyConfigured(
            f"the ORM cannot use {name}: Django's PostgreSQL backend was imported before the settings, and uses"
            f" {driver}; import target_site.settings first, or choose {driver}"
        )


@contextmanager
def _hidden_module(name: str) -> Iterator[None]:
    """Make imports of this module fail within the context."""
    before = sys.modules.pop(name, None)
    sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[name]
        if before is not None:
            sys.modules[name] = before
