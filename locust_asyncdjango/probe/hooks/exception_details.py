"""What a load generator learns about an exception: the names of classes, the SQLSTATE, and why a database refused.

Messages may contain rows and settings, so none is passed on but one: that of a database driver that gives no SQLSTATE,
because nothing else says why it got no connection. What the lab may ask for is in ``failure_details``.
"""

import re
import sys
from collections.abc import Iterator, Sequence
from traceback import walk_tb

from ..protocol import NAMES_LIMIT, ServerFailure, write_failure

CHAIN_LIMIT = 50
"""How many exceptions are read, of those that one wraps."""

_LIBRARIES = {
    *("django", "psycopg2", "psycopg", "psycopg_pool", "asyncpg", "MySQLdb", "pymysql", "sqlite3", "oracledb"),
    *("redis", "aioredis", "httpx", "requests", "urllib3", "aiohttp", "rest_framework"),
}
"""Packages that raise an error for one reason. What they were handling at that time is another error, which they
handled."""
# They run, or are called by, what counts: Python's own code, event loops, and what httpx and redis are made of.
_TRANSPARENT = {*sys.stdlib_module_names, "uvloop", "gevent", "greenlet", "asgiref", "httpcore", "anyio", "hiredis"}
# asyncpg's pool raises timeouts in its copy of asyncio's code.
_COPY_OF_ASYNCIO = "._asyncio_compat"
_SQLSTATE = re.compile(r"[0-9A-Z]{5}")
_WITHOUT_ROWS = {"OperationalError", "InterfaceError"}
"""PEP 249's errors about the connection and the operation of a database. Those about data are others."""
_PASSWORDS = ((re.compile(r"(://[^\s:/@]*):[^\s@]*@"), r"\1:...@"), (re.compile(r"(?i)(passw\w*\s*=\s*)\S+"), r"\1..."))


def failure_value(exception: BaseException) -> str:
    """Return the value of the failure header for an exception."""
    return write_failure(describe_failure(exception))


def describe_failure(exception: BaseException) -> ServerFailure:
    """Return what the header says about an exception and those that it wraps."""
    chain = exception_chain(exception)
    sqlstate = next(filter(None, map(_sqlstate, chain)), "")
    return ServerFailure(
        tuple(dict.fromkeys(map(full_name, chain)))[:NAMES_LIMIT],
        sqlstate,
        library=_raising_library(chain),
        text="" if sqlstate else _driver_text(chain),
    )


def exception_chain(exception: BaseException) -> list[BaseException]:
    """Return the exception and those that it wraps, outermost first.

    What an exception of a library was raised during is left out, unless the library names it as the cause. Of a group,
    the first member counts.
    """
    chain = [exception]
    visited = {id(exception)}
    while len(chain) < CHAIN_LIMIT:
        inner = _wrapped(chain[-1])
        if inner is None or id(inner) in visited:
            break
        visited.add(id(inner))
        chain.append(inner)
    return chain


def _wrapped(exception: BaseException) -> BaseException | None:
    members = getattr(exception, "exceptions", None)
    if isinstance(members, tuple) and members and isinstance(members[0], BaseException):
        return members[0]
    if exception.__cause__ is not None or exception.__suppress_context__ or _is_of_library(exception):
        return exception.__cause__
    return exception.__context__


def _is_of_library(exception: BaseException) -> bool:
    return str(type(exception).__module__).partition(".")[0] in _LIBRARIES


def full_name(exception: BaseException) -> str:
    """Return the dotted name of an exception's class; the bare name of one that is built in."""
    kind = type(exception)
    name = kind.__qualname__.rpartition("<locals>.")[2]
    return name if kind.__module__ == "builtins" else f"{kind.__module__}.{name}"


def _sqlstate(exception: BaseException) -> str:
    for name in ("sqlstate", "pgcode"):
        value = _attribute(exception, name)
        if isinstance(value, str) and _SQLSTATE.fullmatch(value):
            return value
    return ""


def _attribute(exception: BaseException, name: str) -> object:
    try:
        return getattr(exception, name, None)
    except Exception:  # noqa: BLE001 - whatever a property of the project's own raises
        return None


def _driver_text(chain: Sequence[BaseException]) -> str:
    """Return the message of the innermost error of a database driver, without passwords; "" where there is none."""
    for exception in reversed(chain):
        if _is_of_library(exception) and any(base.__name__ in _WITHOUT_ROWS for base in type(exception).__mro__):
            text = _message(exception)
            for pattern, replacement in _PASSWORDS:
                text = pattern.sub(replacement, text)
            return text
    return ""


def _message(exception: BaseException) -> str:
    try:
        return str(exception)
    except Exception:  # noqa: BLE001 - whatever a class of the project's own raises
        return ""


def _raising_library(chain: Sequence[BaseException]) -> str:
    """Return the module of a library that raised an exception of the standard library, innermost first, or ""."""
    if str(type(chain[0]).__module__).partition(".")[0] not in sys.stdlib_module_names:
        return ""
    return next(filter(None, map(_raising_module, reversed(chain))), "")


def _raising_module(exception: BaseException) -> str:
    """Return the module of a library whose code raised the exception, or "" where other code did.

    asyncpg and aioredis do not wrap a ConnectionRefusedError, which Python's own code raises.
    """
    for module in _modules_of_frames(exception):
        package = module.partition(".")[0]
        if package in _LIBRARIES and not module.endswith(_COPY_OF_ASYNCIO):
            return module
        if package not in _TRANSPARENT and package not in _LIBRARIES:
            return ""
    return ""


def _modules_of_frames(exception: BaseException) -> Iterator[str]:
    """Yield the modules of the traceback's frames, innermost first."""
    modules = [str(frame.f_globals.get("__name__", "")) for frame, _ in walk_tb(exception.__traceback__)]
    return reversed(modules)
