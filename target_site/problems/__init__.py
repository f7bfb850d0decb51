"""Failures as short JSON problems (RFC 9457) that name the exception, and never settings, SQL or a traceback."""

import re
from collections.abc import Iterator
from traceback import walk_tb
from typing import Any

from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.http.multipartparser import MultiPartParserError
from django.utils.deprecation import MiddlewareMixin

from target_site.models import Post

# What is said of a connection that is refused or lost -> SQLSTATE, where the driver gives none (seen with psycopg2 2.9
# and psycopg 3.3). PostgreSQL, src/backend: tcop/backend_startup.c, storage/lmgr/proc.c, utils/init/postinit.c. What it
# says in another language is passed on without.
_REFUSALS = (
    (re.compile(r"sorry, too many clients already"), "53300"),
    (re.compile(r"remaining connection slots are reserved"), "53300"),
    (re.compile(r"too many connections for (?:role|database)"), "53300"),
    (re.compile(r"the database system is (?:starting up|shutting down|in recovery mode)"), "57P03"),
    (re.compile(r"Connection refused|Connect call failed"), "08006"),
    (re.compile(r"server closed the connection unexpectedly"), "08006"),
)
# libpq puts the server's message after its severity, in any language, a colon and two spaces (fe-protocol3.c). What
# comes before holds host, port and user, and the lines after it may hold a row.
_AFTER_SEVERITY = re.compile(r":  ([^\n]+)")
_OF_CONNECTIONS = ("08", "28", "3D", "53", "57P")
"""Classes of SQLSTATE whose primary messages speak of connections, and hold no data but quoted names."""
_QUOTED = re.compile(
    r"""
    "[^",]*(?:"|(?=,)|$) | "[^"]*"             # a comma ends a name for ja, one of whose messages lacks a closing quote
    | «[^«»]*» | »[^«»]*« | <<[^<>]*>> | >>[^<>]*<<
    | „[^„“”]*[“”] | “[^“”]*” | \u2018[^\u2018\u2019]*\u2019 | 「[^「」]*」 | 『[^『』]*』
    | `[^`']*[`'] | (?<!\w)'[^']*'(?!\w)
    """,
    re.VERBOSE,
)
_MESSAGE_LIMIT = 200
_DATABASES = ("django", "psycopg2", "psycopg", "psycopg_pool", "asyncpg")
_LIBRARIES = (*_DATABASES, "redis", "aioredis", "httpx")


# Django answers these itself, with 4xx.
_DJANGOS_OWN = (Http404, PermissionDenied, SuspiciousOperation, BadRequest, MultiPartParserError)


class BadInputError(ValueError):
    """A view cannot use what the client sent; the message says why and is shown to the client."""


class ProblemMiddleware(MiddlewareMixin):
    """Answers an exception of a view, and a method that a view does not take, with a JSON problem."""

    # MiddlewareMixin would run process_response in a thread.
    def __call__(self, request: HttpRequest) -> Any:
        """The answer, or on ASGI an awaitable of it."""
        return self.__acall__(request) if self.async_mode else _told(self.get_response(request))

    async def __acall__(self, request: HttpRequest) -> HttpResponseBase:
        """The answer."""
        response: Any = self.get_response(request)
        return _told(await response)

    def process_exception(self, _request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """400 for bad input, 404 for a post that is not there, 500 for anything else."""
        if isinstance(exception, BadInputError):
            return problem(400, "Bad Request", detail=str(exception))
        if isinstance(exception, Post.DoesNotExist):
            return problem(404, "Not Found", detail="there is no such post")
        if isinstance(exception, _DJANGOS_OWN):
            return None
        return problem(500, "Internal Server Error", **_about(exception))


def problem(status: int, title: str, **members: Any) -> JsonResponse:
    """A response of media type application/problem+json."""
    body = {"type": "about:blank", "title": title, "status": status, **members}
    return JsonResponse(body, status=status, content_type="application/problem+json")


def _told(response: Any) -> HttpResponseBase:
    """The response, with a body where Django leaves a 405 without one."""
    if response.status_code != 405 or "Allow" not in response or response.streaming or response.content:
        answer: HttpResponseBase = response
        return answer
    told = problem(405, "Method Not Allowed", detail=f"this takes {response['Allow']}")
    told["Allow"] = response["Allow"]
    return told


def csrf_failure(_request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's CSRF_FAILURE_VIEW."""
    return problem(403, "Forbidden", detail=reason)


def forbidden(_request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django names it
    """Django's handler403."""
    return problem(403, "Forbidden")


def bad_request(_request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django names it
    """Django's handler400."""
    return problem(400, "Bad Request")


def not_found(_request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django names it
    """Django's handler404."""
    return problem(404, "Not Found", detail="the routes are listed at /")


def server_error(_request: HttpRequest) -> HttpResponse:
    """Django's handler500, for what fails outside a view."""
    return problem(500, "Internal Server Error")


def _about(exception: BaseException) -> dict[str, str]:
    """The exception's name, that of the library's own exception behind it, the module that raised it where the name
    does not tell, a database's SQLSTATE, and its words where it refuses or ends a connection."""
    members = {"exception": _name(exception)}
    causes = list(_causes(exception))
    of_libraries = [cause for cause in causes if _root(type(cause).__module__) in _LIBRARIES]
    if of_libraries and of_libraries[-1] is not exception:
        members["cause"] = _name(of_libraries[-1])
    library = type(exception).__module__
    if library == "builtins" and (library := _raised_in(causes)):
        members["library"] = library
    for cause in causes if _root(library) in _DATABASES else ():
        if told := _told_by_database(cause):
            return members | told
    return members


def _told_by_database(cause: BaseException) -> dict[str, str]:
    """SQLSTATE and words of a database's refusal, with names left out; the SQLSTATE alone of other errors."""
    code: Any = getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None)
    sqlstate = str(code or "")
    text = str(cause)
    said = _AFTER_SEVERITY.search(text) if not sqlstate or sqlstate.startswith(_OF_CONNECTIONS) else None
    message = said[1] if said else text.partition("\n")[0] if sqlstate.startswith(_OF_CONNECTIONS) else ""
    for phrase, known in _REFUSALS if not sqlstate else ():
        if match := phrase.search(text):
            sqlstate, message = known, message or match[0]
            break
    detail = _QUOTED.sub('"..."', message)[:_MESSAGE_LIMIT].strip()
    return {name: value for name, value in (("sqlstate", sqlstate), ("detail", detail)) if value}


def _raised_in(causes: list[BaseException]) -> str:
    """The library's module in whose code it was raised: asyncpg and aioredis let a bare ConnectionRefusedError through,
    and asyncpg's pool a TimeoutError, out of a copy of asyncio's code."""
    frames = (frame for cause in causes for frame, _ in walk_tb(cause.__traceback__))
    modules = [str(frame.f_globals.get("__name__", "")) for frame in frames]
    known = (name for name in reversed(modules) if _root(name) in _LIBRARIES)
    return next((name for name in known if not name.endswith("._asyncio_compat")), "")


def _root(module: str) -> str:
    return module.partition(".")[0]


def _causes(exception: BaseException | None) -> Iterator[BaseException]:
    while exception is not None:
        yield exception
        exception = exception.__cause__


def _name(exception: BaseException) -> str:
    kind = type(exception)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
