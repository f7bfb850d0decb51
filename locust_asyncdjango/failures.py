"""What broke, not just that it broke: a response or exception -> the kind of its failure.

The rules are tables. Machine-readable signs come before text: errno and exception classes, then the SQLSTATE of a JSON
problem (RFC 9457), then known phrases in the body of a 5xx answer, then the status. Text in a body never yields a
failure of the generator's own side.
"""

import errno
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

BODY_LIMIT = 64 * 1024
"""Bytes of a body that are looked at."""

MESSAGE_LIMIT = 200
"""Characters of a message that are kept."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed request: its kind, which part it comes from, a normalised message, and what to do about it."""

    kind: str
    origin: str
    message: str
    advice: str


# kind: (origin, advice)
KINDS: dict[str, tuple[str, str]] = {
    "db_too_many_clients": (
        "database",
        "raise max_connections, use a connection pool, or put PgBouncer in front of the database",
    ),
    "db_unreachable": ("database", "see whether the database runs and DATABASE_URL points to it"),
    "db_error": ("database", "look at the server's and the database's log"),
    "cache_unavailable": ("cache", "see whether Redis runs, REDIS_URL points to it, and its maxclients suffices"),
    "upstream_failure": ("upstream", "the server could not reach what it depends on: see whether that runs"),
    "gateway_bad": ("gateway", "the proxy got no good answer: see whether the application behind it still runs"),
    "unavailable_503": ("server", "the server sheds load: see its queue and worker limits"),
    "overloaded": ("server", "the server limits requests: slow down or raise its limit"),
    "server_error_opaque": ("server", "the answer hides its cause: add target_site's ProblemMiddleware to name it"),
    "app_error": ("server", "look at the application's log"),
    "client_error": ("check", "the request does not fit the server: check path, method and form"),
    "connect_refused": ("network", "nothing listens there: see whether the server runs and --host is right"),
    "unreachable": ("network", "check the route to the host"),
    "connection_dropped": (
        "server",
        "the server closed the connection: look for killed or restarted workers in its log",
    ),
    "timeout": ("server", "the server was too slow: fewer users, more slots, or a longer network_timeout"),
    "dns_failure": ("generator", "check the host's name"),
    "tls_failure": ("network", "check the certificate and whether the port speaks TLS"),
    "client_exhausted": ("generator", "raise the open-file limit (ulimit -n) or spread users over more machines"),
    "protocol_error": ("server", "the answer is not HTTP: check that the port belongs to the web server"),
    "no_response": ("network", "no answer and no known reason: look at both logs"),
    "check_failed": ("check", "the answer came but did not pass the locustfile's own check"),
}

_BY_ERRNO = {
    errno.ECONNREFUSED: "connect_refused",
    errno.EHOSTUNREACH: "unreachable",
    errno.ENETUNREACH: "unreachable",
    errno.ECONNRESET: "connection_dropped",
    errno.ECONNABORTED: "connection_dropped",
    errno.EPIPE: "connection_dropped",
    errno.ETIMEDOUT: "timeout",
    errno.EMFILE: "client_exhausted",
    errno.ENFILE: "client_exhausted",
    errno.EADDRNOTAVAIL: "client_exhausted",
}

# By the name of the exception's class or of one of its bases: no client library has to be imported to know its errors.
_BY_CLASS = {
    "gaierror": "dns_failure",
    "SSLError": "tls_failure",
    "Timeout": "timeout",
    "TimeoutError": "timeout",
    "ConnectionRefusedError": "connect_refused",
    "HTTPConnectionClosed": "connection_dropped",
    "RemoteDisconnected": "connection_dropped",
    "IncompleteRead": "connection_dropped",
    "ConnectionResetError": "connection_dropped",
    "BrokenPipeError": "connection_dropped",
    "HTTPParseError": "protocol_error",
    "BadStatusLine": "protocol_error",
}

# SQLSTATE or its class (first two characters), most particular first. PostgreSQL, appendix A.
_BY_SQLSTATE = {
    "53300": "db_too_many_clients",
    "57P03": "db_unreachable",
    "08": "db_unreachable",
    "57": "db_unreachable",
}

# Phrases in the body of a 5xx answer. PostgreSQL, src/backend: postmaster.c, proc.c, utils/init/postinit.c.
_BY_PHRASE = (
    (
        re.compile(
            r"too many clients already|remaining connection slots are reserved"
            r"|too many connections for (?:role|database)"
        ),
        "db_too_many_clients",
    ),
    (re.compile(r"the database system is (?:starting up|shutting down|in recovery mode)"), "db_unreachable"),
    # Django's answer to an exception when DEBUG is off and nothing names it.
    (re.compile(r"<h1>server error \(500\)</h1>", re.IGNORECASE), "server_error_opaque"),
)

# By where the exception that a JSON problem names is from.
_BY_MODULE = (
    (("django.db.", "psycopg", "asyncpg."), "db_error"),
    (("redis.", "aioredis."), "cache_unavailable"),
    (("httpx.", "httpcore."), "upstream_failure"),
)

_BY_STATUS = {429: "overloaded", 502: "gateway_bad", 503: "unavailable_503", 504: "gateway_bad"}


def classify(
    *,
    exception: BaseException | None = None,
    status: int = 0,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
) -> Failure | None:
    """The failure that a request's end means, or None for a success.

    status: the HTTP status, 0 when there was no answer. headers: of the answer, any case. body: decoded bytes of the
    answer. exception: what the client raised, also a check of the locustfile's own on an answer that came.
    """
    if status >= 400:
        return _by_response(status, headers or {}, body)
    if exception is None:
        return None
    kind, cause = _by_exception(exception)
    if kind == "no_response" and status:
        return _failure("check_failed", str(exception))
    return _failure(kind, _named(cause))


def advice(kind: str) -> str:
    """What to do about a kind, in one line; "" for a kind of the user's own."""
    return KINDS.get(kind, ("", ""))[1]


def _failure(kind: str, message: str, status: int = 0) -> Failure:
    origin, what_to_do = KINDS[kind]
    # Numbers are folded, so that failures that differ in a port or an id count as one.
    folded = re.sub(r"\d+", "N", message)[:MESSAGE_LIMIT]
    return Failure(kind, origin, ", ".join(filter(None, (f"HTTP {status}" if status else "", folded))), what_to_do)


def _by_exception(exception: BaseException) -> tuple[str, BaseException]:
    """The kind, and which of the exception's causes tells it."""
    for cause in _causes(exception):
        number = getattr(cause, "errno", None)
        if number in _BY_ERRNO:
            return _BY_ERRNO[number], cause
        for base in type(cause).__mro__:
            if base.__name__ in _BY_CLASS:
                return _BY_CLASS[base.__name__], cause
    return "no_response", exception


def _causes(exception: BaseException) -> Iterator[BaseException]:
    """The exception and what it wraps, outermost first, each once."""
    queue: list[Any] = [exception]
    seen: set[int] = set()
    while queue:
        current = queue.pop(0)
        if isinstance(current, BaseException) and id(current) not in seen:
            seen.add(id(current))
            yield current
            # urllib3 keeps what it wraps in reason, geventhttpclient in original.
            wrapped = (getattr(current, name, None) for name in ("reason", "original"))
            queue += [current.__cause__, current.__context__, *wrapped, *current.args]


def _named(exception: BaseException) -> str:
    number = getattr(exception, "errno", None)
    detail = os.strerror(number) if isinstance(number, int) and number in errno.errorcode else str(exception)
    return f"{type(exception).__name__}: {detail}" if detail else type(exception).__name__


def _by_response(status: int, headers: Mapping[str, str], body: bytes) -> Failure:
    problem = _problem(headers, body)
    sqlstate = str(problem.get("sqlstate", ""))
    raised = str(problem.get("exception", ""))
    kind = _BY_SQLSTATE.get(sqlstate) or _BY_SQLSTATE.get(sqlstate[:2]) or ""
    if not kind and status >= 500:
        kind = _by_phrase(body)
    if not kind:
        library = f"{problem['library']}." if "library" in problem else raised
        kind = next((named for modules, named in _BY_MODULE if library.startswith(modules)), "")
    if not kind:
        kind = _BY_STATUS.get(status) or ("app_error" if status >= 500 else "client_error")
    return _failure(kind, ": ".join(filter(None, (raised, str(problem.get("detail", ""))))), status)


def _by_phrase(body: bytes) -> str:
    text = body[:BODY_LIMIT].decode("utf-8", "replace")
    return next((kind for pattern, kind in _BY_PHRASE if pattern.search(text)), "")


def _problem(headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    content_type = next((value for name, value in headers.items() if name.lower() == "content-type"), "")
    if not content_type.startswith("application/problem+json"):
        return {}
    try:
        problem = json.loads(body[:BODY_LIMIT])
    except ValueError:
        return {}
    return problem if isinstance(problem, dict) else {}
