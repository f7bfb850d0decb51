"""What the site tells a client about an exception: its name, and why a database refused or ended a connection.

A load generator needs that much to say what failed. Host and user names, SQL, rows and tracebacks stay in the server.
The only text of an exception that is passed on is a database's message about a connection, with names left out.
"""

import re
from collections.abc import Iterator
from traceback import walk_tb
from typing import Any

# A phrase about a refused or lost connection -> its SQLSTATE, for drivers that report none (observed with psycopg2 2.9
# and psycopg 3.3). The phrases are PostgreSQL's, from src/backend: tcop/backend_startup.c, storage/lmgr/proc.c and
# utils/init/postinit.c. Messages in other languages are passed on without an SQLSTATE.
_REFUSALS = (
    (re.compile(r"sorry, too many clients already"), "53300"),
    (re.compile(r"remaining connection slots are reserved"), "53300"),
    (re.compile(r"too many connections for (?:role|database)"), "53300"),
    (re.compile(r"the database system is (?:starting up|shutting down|in recovery mode)"), "57P03"),
    (re.compile(r"Connection refused|Connect call failed"), "08006"),
    (re.compile(r"server closed the connection unexpectedly"), "08006"),
)
# libpq writes a severity in any language, a colon, two spaces, and then the server's message (fe-protocol3.c). The text
# before it contains host, port and user; the lines after it may contain a row.
_SERVER_MESSAGE = re.compile(r":  ([^\n]+)")
_CONNECTION_CLASSES = ("08", "28", "3D", "53", "57P")
"""Classes of SQLSTATE whose messages are about connections. Their only data are quoted names, which _QUOTED matches."""
_QUOTED = re.compile(
    r"""
    "[^",]*(?:"|(?=,)|$) | "[^"]*"             # a comma ends a name: one Japanese message lacks a closing quote
    | «[^«»]*» | »[^«»]*« | <<[^<>]*>> | >>[^<>]*<<
    | „[^„“”]*[“”] | “[^“”]*” | \u2018[^\u2018\u2019]*\u2019 | 「[^「」]*」 | 『[^『』]*』
    | `[^`']*[`'] | (?<!\w)'[^']*'(?!\w)
    """,
    re.VERBOSE,
)
_MESSAGE_LIMIT = 200
"""Characters of a database's message that a client gets."""
_DATABASE_PACKAGES = ("django", "psycopg2", "psycopg", "psycopg_pool", "asyncpg")
_LIBRARIES = (*_DATABASE_PACKAGES, "redis", "aioredis", "httpx")


def describe_exception(exception: BaseException) -> dict[str, str]:
    """Return the members that describe an exception in a JSON problem.

    exception: its full name. cause: the full name of the library's own exception, where Django has wrapped it. library:
    the module that raised it, where the name does not show it (a bare OSError). sqlstate: of a database's error.
    detail: the database's message, where it refused or ended a connection.
    """
    members = {"exception": _full_name(exception)}
    causes = list(_chain(exception))
    from_libraries = [cause for cause in causes if _top_package(type(cause).__module__) in _LIBRARIES]
    if from_libraries and from_libraries[-1] is not exception:
        members["cause"] = _full_name(from_libraries[-1])
    library = type(exception).__module__
    if library == "builtins" and (library := _raising_module(causes)):
        members["library"] = library
    for cause in causes if _top_package(library) in _DATABASE_PACKAGES else ():
        if described := _describe_database_error(cause):
            return members | described
    return members


def _describe_database_error(cause: BaseException) -> dict[str, str]:
    """Return SQLSTATE and message of a refused or lost connection, and only the SQLSTATE of other errors."""
    code: Any = getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None)
    sqlstate = str(code or "")
    text = str(cause)
    is_about_connection = sqlstate.startswith(_CONNECTION_CLASSES)
    server_message = _SERVER_MESSAGE.search(text) if not sqlstate or is_about_connection else None
    message = server_message[1] if server_message else text.partition("\n")[0] if is_about_connection else ""
    for phrase, known_sqlstate in _REFUSALS if not sqlstate else ():
        if match := phrase.search(text):
            sqlstate, message = known_sqlstate, message or match[0]
            break
    detail = _QUOTED.sub('"..."', message)[:_MESSAGE_LIMIT].strip()
    return {name: value for name, value in (("sqlstate", sqlstate), ("detail", detail)) if value}


def _raising_module(causes: list[BaseException]) -> str:
    """Return the innermost module of a known library in the tracebacks, or "" where there is none.

    asyncpg and aioredis do not wrap a ConnectionRefusedError. asyncpg's pool does not wrap a TimeoutError either, and
    raises it in its copy of asyncio's code, which is skipped.
    """
    frames = (frame for cause in causes for frame, _ in walk_tb(cause.__traceback__))
    modules = [str(frame.f_globals.get("__name__", "")) for frame in frames]
    from_libraries = (name for name in reversed(modules) if _top_package(name) in _LIBRARIES)
    return next((name for name in from_libraries if not name.endswith("._asyncio_compat")), "")


def _top_package(module: str) -> str:
    return module.partition(".")[0]


def _chain(exception: BaseException | None) -> Iterator[BaseException]:
    while exception is not None:
        yield exception
        exception = exception.__cause__


def _full_name(exception: BaseException) -> str:
    kind = type(exception)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
