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

# What PostgreSQL says when it refuses a connection -> SQLSTATE. The drivers give no SQLSTATE for it (seen with psycopg2
# 2.9), and the rest of the message holds host, port and user, so only the matched words are passed on.
# PostgreSQL, src/backend: tcop/backend_startup.c, storage/lmgr/proc.c, utils/init/postinit.c.
_REFUSALS = (
    (re.compile(r"sorry, too many clients already"), "53300"),
    (re.compile(r"remaining connection slots are reserved"), "53300"),
    (re.compile(r"too many connections for (?:role|database)"), "53300"),
    (re.compile(r"the database system is (?:starting up|shutting down|in recovery mode)"), "57P03"),
    (re.compile(r"Connection refused|Connect call failed"), "08006"),
)
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
    """The exception's name, the library that raised it where the name does not tell, and, for a known refusal of the
    database, its SQLSTATE and PostgreSQL's own words."""
    members = {"exception": _name(exception)}
    library = type(exception).__module__.partition(".")[0]
    if library == "builtins" and (library := _raised_in(exception)):
        members["library"] = library
    for cause in _causes(exception) if library in _DATABASES else ():
        sqlstate: Any = getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None)
        if sqlstate:
            return {**members, "sqlstate": str(sqlstate)}
        for phrase, known in _REFUSALS:
            if match := phrase.search(str(cause)):
                return {**members, "sqlstate": known, "detail": match[0]}
    return members


def _raised_in(exception: BaseException) -> str:
    """The library in whose code it was raised: asyncpg and aioredis let a bare ConnectionRefusedError through."""
    found = ""
    frames = (frame for cause in _causes(exception) for frame, _ in walk_tb(cause.__traceback__))
    for frame in frames:
        package = frame.f_globals.get("__name__", "").partition(".")[0]
        found = package if package in _LIBRARIES else found
    return found


def _causes(exception: BaseException | None) -> Iterator[BaseException]:
    while exception is not None:
        yield exception
        exception = exception.__cause__


def _name(exception: BaseException) -> str:
    kind = type(exception)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
