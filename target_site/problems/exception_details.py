"""What a client learns about an exception: names of classes and modules, and what database_errors.py adds.

A load generator needs that much to say what failed. Nothing of an exception's message is passed on, but for the words
of the tables in refusals.py: messages contain rows, SQL, hosts and users.
"""

import re
import sys
from collections.abc import Iterator
from traceback import walk_tb

from .database_errors import describe_database_error

_LIBRARIES = ("django", "psycopg2", "psycopg", "psycopg_pool", "asyncpg", "redis", "aioredis", "httpx")
# They run, or are called by, what counts: Python's own code, event loops, and what httpx and redis are made of.
_TRANSPARENT = {*sys.stdlib_module_names, "uvloop", "gevent", "greenlet", "asgiref", "httpcore", "anyio", "hiredis"}
# asyncpg's pool raises timeouts in its copy of asyncio's code.
_COPY_OF_ASYNCIO = "._asyncio_compat"
_DOTTED_NAME = re.compile(r"\w+(?:\.\w+)*")
_NAME_LIMIT = 200
"""Characters of a name. A longer one is no name that anybody wrote."""
_CHAIN_LIMIT = 50
"""How many exceptions are read, of those that one wraps."""


def describe_exception(exception: BaseException) -> dict[str, str]:
    """Return the members that describe an exception in a JSON problem.

    exception: its full name. cause: the full name of the library's own exception, where another has wrapped it.
    library: the module that raised it, where the name does not show it (a bare OSError).
    sqlstate: of a database's error. detail: in fixed words, why the database refused or ended a connection.
    """
    members = {"exception": _full_name(exception)}
    chain = _chain(exception, set())
    from_libraries = [each for each in chain if _is_from_library(each)]
    if from_libraries and from_libraries[-1] is not exception:
        members["cause"] = _full_name(from_libraries[-1])
    raising_modules = [module for each in chain if (module := _raising_module(each))]
    library = raising_modules[-1] if raising_modules else ""
    if library and _top_package(type(exception)) in sys.stdlib_module_names:
        members["library"] = library
    return members | describe_database_error(chain, library)


def _chain(exception: BaseException, visited: set[int]) -> list[BaseException]:
    """Return the exception and those that it wraps, outermost first.

    Of a group, the first member counts that has to do with a library. What a library's exception was raised during is
    another error, which the project handled.
    """
    chain = [exception]
    while len(visited) < _CHAIN_LIMIT and id(chain[-1]) not in visited:
        last = chain[-1]
        visited.add(id(last))
        if isinstance(last, BaseExceptionGroup):
            members = [_chain(each, visited) for each in last.exceptions[:_CHAIN_LIMIT]]
            return chain + next((each for each in members if any(map(_is_from_library, each))), members[0])
        context = None if last.__suppress_context__ or _is_from_library(last) else last.__context__
        if (wrapped := last.__cause__ or context) is None:
            break
        chain.append(wrapped)
    return chain


def _raising_module(exception: BaseException) -> str:
    """Return the module of a known library whose code raised the exception, or "" where other code did.

    asyncpg and aioredis do not wrap a ConnectionRefusedError, which Python's own code raises.
    """
    modules = [str(frame.f_globals.get("__name__", "")) for frame, _ in walk_tb(exception.__traceback__)]
    for module in reversed(modules):
        package = module.partition(".")[0]
        if package in _LIBRARIES and not module.endswith(_COPY_OF_ASYNCIO):
            return module if _DOTTED_NAME.fullmatch(module) else ""
        if package not in _TRANSPARENT and package not in _LIBRARIES:
            return ""
    return ""


def _is_from_library(exception: BaseException) -> bool:
    return _top_package(type(exception)) in _LIBRARIES


def _top_package(kind: type[BaseException]) -> str:
    return str(kind.__module__).partition(".")[0]


def _full_name(exception: BaseException) -> str:
    """Return the dotted name of the exception's class, or of the nearest base whose name is one."""
    return next(name for name in _names(exception) if len(name) <= _NAME_LIMIT and _DOTTED_NAME.fullmatch(name))


def _names(exception: BaseException) -> Iterator[str]:
    for kind in type(exception).__mro__:
        name = kind.__qualname__.rpartition("<locals>.")[2]
        yield name if kind.__module__ == "builtins" else f"{kind.__module__}.{name}"
