"""What a client learns about a database's error: its SQLSTATE, and in fixed words why a connection was refused or lost.

Drivers are known by the names of their classes, so that none of them has to be installed.
"""

import re
from collections.abc import Sequence

from .refusals import (
    CLOSED_PHRASES,
    CONNECTING_PHRASES,
    OTHER_DATABASES_PHRASES,
    POOLER_PHRASES,
    UNREACHABLE,
    Refusal,
    refusal_by_message,
    refusal_by_phrase,
)

_DATABASES = ("django.db.", "psycopg2.", "psycopg.", "psycopg_pool.", "asyncpg.")
"""The beginnings of the modules whose exceptions are a database's."""
_SQLSTATE = re.compile(r"[0-9A-Z]{5}")
_OF_POOLERS = ("08", "58000", "XX000")
"""Classes and codes that poolers give to errors of all sorts."""

# Without an SQLSTATE, these mean that there is no connection, but for the texts below.
_CONNECTION_CLASSES = ("psycopg2.OperationalError", "psycopg.OperationalError", "psycopg.errors.ConnectionTimeout")
# A mistake in the use of a connection, and an error of a large object.
_ABOUT_NO_CONNECTION = re.compile(r"\AERROR:  |another command is already in progress")
# These mean many things, a closed connection among them.
_OTHER_CLASSES = ("psycopg2.InterfaceError", "psycopg2.DatabaseError", "asyncpg.exceptions._base.InterfaceError")
_OF_DJANGO = ("django.db.utils.OperationalError", "django.db.utils.InterfaceError")


def describe_database_error(chain: Sequence[BaseException], raising_module: str) -> dict[str, str]:
    """Return the members sqlstate and detail for a database's error, as far as they are known; {} for other errors.

    chain: the exception and those that it wraps. raising_module: the module of a library that raised the innermost.
    """
    for exception in chain if any(map(_is_of_database, chain)) else ():
        if sqlstate := _sqlstate(exception):
            return _members(Refusal(sqlstate, _words(sqlstate, _text(exception))))
    refusals = (_refusal(exception, raising_module) for exception in chain)
    return _members(next(filter(None, refusals), Refusal("", "")))


def _sqlstate(exception: BaseException) -> str:
    values = (_attribute(exception, name) for name in ("sqlstate", "pgcode"))
    return next((value for value in values if isinstance(value, str) and _SQLSTATE.fullmatch(value)), "")


def _words(sqlstate: str, text: str) -> str:
    """Return the words for an error with an SQLSTATE, if it is about a connection."""
    refusal = refusal_by_message(text)
    if not refusal and sqlstate.startswith(_OF_POOLERS):
        refusal = refusal_by_phrase(text, POOLER_PHRASES, CLOSED_PHRASES)
    return refusal.words if refusal else ""


def _refusal(exception: BaseException, raising_module: str) -> Refusal | None:
    """Return how a database refused or ended the connection, or None for what is no matter of a connection."""
    if isinstance(exception, OSError):
        return _refusal_by_system(exception, raising_module)
    name, text = f"{type(exception).__module__}.{type(exception).__qualname__}", _text(exception)
    if name in _CONNECTION_CLASSES and not _ABOUT_NO_CONNECTION.search(text):
        phrases = (POOLER_PHRASES, CLOSED_PHRASES, CONNECTING_PHRASES)
        return refusal_by_message(text) or refusal_by_phrase(text, *phrases) or UNREACHABLE
    if name in _OTHER_CLASSES:
        return refusal_by_message(text) or refusal_by_phrase(text, CLOSED_PHRASES)
    if name in _OF_DJANGO and not (exception.__cause__ and _is_of_database(exception.__cause__)):
        connecting = CONNECTING_PHRASES if "connection to server" in text else ()
        others = (POOLER_PHRASES, CLOSED_PHRASES, OTHER_DATABASES_PHRASES, connecting)
        return refusal_by_message(text) or refusal_by_phrase(text, *others)
    return None


def _refusal_by_system(exception: OSError, raising_module: str) -> Refusal | None:
    """Return the refusal for an error of the system that asyncpg passes on.

    A timeout outside of connecting is one of its pool or of a query.
    """
    is_connecting = raising_module.startswith("asyncpg.connect_utils")
    if not raising_module.startswith("asyncpg.") or (isinstance(exception, TimeoutError) and not is_connecting):
        return None
    text = f"{type(exception).__name__}: {_text(exception)}"
    return refusal_by_phrase(text, CLOSED_PHRASES, CONNECTING_PHRASES) or UNREACHABLE


def _is_of_database(exception: BaseException) -> bool:
    """Return whether an exception is of a class, or of a class derived from one, of a driver or of Django's."""
    return any(f"{base.__module__}.".startswith(_DATABASES) for base in type(exception).__mro__)


def _members(refusal: Refusal) -> dict[str, str]:
    members = {"sqlstate": refusal.sqlstate, "detail": refusal.words}
    return {name: value for name, value in members.items() if value}


def _attribute(exception: BaseException, name: str) -> object:
    try:
        return getattr(exception, name, None)
    except Exception:  # noqa: BLE001 - whatever a property of the project's own raises
        return None


def _text(exception: BaseException) -> str:
    try:
        return str(exception)
    except Exception:  # noqa: BLE001 - whatever a class of the project's own raises
        return ""
