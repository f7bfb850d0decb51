"""Which driver the ORM uses. Django's PostgreSQL backend takes psycopg 3 wherever it is installed, and asks nobody."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

from django.core.exceptions import ImproperlyConfigured

BACKEND = "django.db.backends.postgresql"


def choose_orm_driver(name: str) -> None:
    """Imports Django's backend so that it finds only this driver. Raises ImproperlyConfigured when it is late."""
    if f"{BACKEND}.psycopg_any" not in sys.modules:
        with _hidden("psycopg" if name == "psycopg2" else "psycopg2"):
            import_module(f"{BACKEND}.base")
    found = "psycopg" if import_module(f"{BACKEND}.psycopg_any").is_psycopg3 else "psycopg2"
    if found != name:
        raise ImproperlyConfigured(f"{name} has to be chosen before Django's backend is imported, which took {found}")


@contextmanager
def _hidden(name: str) -> Iterator[None]:
    """Within it the module cannot be imported."""
    before = sys.modules.pop(name, None)
    sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[name]
        if before is not None:
            sys.modules[name] = before
