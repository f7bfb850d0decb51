"""Raise and report failures as exceptions, with a class for each kind.

So Locust's tables, reports and OpenTelemetry name the kind. The client makes its exceptions here, and the plugin's
listener reads here which failure a request event of any client reports.
"""

from functools import lru_cache
from time import time
from traceback import walk_tb
from typing import Any

import brotli
from geventhttpclient.header import Headers
from geventhttpclient.useragent import CompatResponse
from locust.contrib.fasthttp import LocustBadStatusCode
from locust.exception import CatchResponseError

from locust_asyncdjango.client.http11 import parse_headers
from locust_asyncdjango.client.invalid_request import invalid_request
from locust_asyncdjango.failures.classify import DEFAULT_CLASSIFIER, MESSAGE_LIMIT
from locust_asyncdjango.failures.evidence import exception_chain
from locust_asyncdjango.failures.kinds import KINDS
from locust_asyncdjango.failures.memory import remember
from locust_asyncdjango.failures.model import Failure
from locust_asyncdjango.failures.normalize import safe_line, safe_logger

STOCK_SESSIONS = frozenset({"locust.clients", "locust.contrib.fasthttp"})
"""The modules of Locust's HttpSession and FastHttpSession."""

NOT_OF_THE_REQUEST = (UnicodeDecodeError, MemoryError, brotli.error)
"""What Locust's own sessions raise for a body that cannot be decoded, or not in the memory that is left."""

WAITING_MODULES = frozenset({"gevent._greenlet_primitives", "gevent._gevent_c_greenlet_primitives"})
"""Where a greenlet waits for the event loop, in gevent's Python and compiled."""

log = safe_logger(__name__)


class FailedRequestError(LocustBadStatusCode):
    """Report a failed request with the Failure that says why.

    FastUser and the route users report it as the exception of Locust's ``request`` event, and a with-block of
    ``catch_response=True`` that calls ``response.failure(...)`` is reported by it too. Each kind of failure has a
    subclass of its own, whose name is the kind, such as ``db_too_many_clients``.

    failure: the Failure: kind, origin, message, advice and where.
    url: the URL that was requested, or None. code: the HTTP status, 0 where no response came.
    __cause__: what the client or a check raised, if anything was raised.
    text: the failure's message. str() and repr() are "kind: message", which Locust's failures table shows. A run shows
    200 different messages at most, then "kind: other".

    >>> @events.request.add_listener
    ... def on_request(exception, **_):
    ...     if isinstance(exception, FailedRequestError) and exception.failure.origin == "database":
    ...         print(exception.failure.kind, exception.failure.advice)
    """

    def __init__(self, url: str | None, failure: Failure, status: int) -> None:
        # The base class's __init__ would build a text that nobody reads.
        Exception.__init__(self, url, failure, status)
        self.url = url
        self.code = status
        self.failure = failure

    @property
    def text(self) -> str:  # type: ignore[override]
        """The message of the failure."""
        return self.failure.message

    @property
    def kw_text(self) -> str:  # type: ignore[override]
        """Return the status in the form in which geventhttpclient's exceptions show their arguments."""
        return f"code={self.code}"

    def __repr__(self) -> str:
        return f"{self.failure.kind}: {DEFAULT_CLASSIFIER.shown_message(self.failure.message)}"

    __str__ = __repr__


def make_error(
    url: str | None,
    failure: Failure,
    status: int,
    cause: BaseException | None = None,
) -> FailedRequestError:
    """Return the exception for a failure.

    status: of the response, 0 where none came. cause: what was raised, if anything was.
    """
    error = _error_class(failure.kind)(url, failure, status)
    error.__cause__ = cause
    return error


def check_error(url: str | None, kind: str, reason: str, status: int) -> FailedRequestError:
    """Return the exception for a response that did not pass a check of ours.

    kind: one of the built-in kinds. reason: in one line, which may have parts of the response. status: of the response.
    """
    message = safe_line(" ".join(reason.split()))[:MESSAGE_LIMIT]
    return make_error(url, Failure(kind, KINDS[kind].origin, message, DEFAULT_CLASSIFIER.advice(kind)), status)


def wrap_exception(url: str | None, exception: BaseException, status: int = 0) -> FailedRequestError:
    """Return the exception for a request that ended with an exception. status: of its response, if one came.

    The exception loses its traceback, because Locust keeps the first exception of each message until the run ends: the
    frames would keep the bodies of requests and responses.
    """
    for each in exception_chain(exception):
        each.__traceback__ = None
        if each.__suppress_context__:
            each.__context__ = None
    return make_error(url, classify_failure(exception, status=status), status, exception)


def status_error(url: str | None, status: int, head: bytes, content: bytes) -> FailedRequestError:
    """Return the exception for a response whose status does not mean success.

    head: the response's status line and header fields, as they came. content: the decoded body.
    """
    if status < 400:
        return make_error(url, classify_failure(None, status, _parse_head(head), content), status)
    return make_error(url, DEFAULT_CLASSIFIER.classify_raw(status, head, content, _parse_head), status)


def unreported_request(error: BaseException) -> dict[str, Any] | None:
    """Return the event of a request of Locust's own sessions that raised an error in the task, and so was not reported.

    error: what ended the task. Return None if no such request raised it. The exception of the event shows nothing of
    what the locustfile has passed.
    """
    for frame, _ in walk_tb(error.__traceback__):
        if frame.f_code.co_name == "request" and frame.f_globals.get("__name__") in STOCK_SESSIONS:
            variables = frame.f_locals
            start_s = variables.get("start_time", time())
            url = str(variables.get("complete_url") or variables.get("built_url") or variables["url"])
            reason = _reason(error)
            return {
                "request_type": str(variables["method"]),
                "name": safe_line(str(variables["name"] or variables["url"])),
                "response_time": (time() - start_s) * 1000,
                "response_length": 0,
                "response": None,
                "context": {},
                "exception": make_error(safe_line(url), classify_failure(reason), 0, reason),
                "start_time": start_s,
                "url": safe_line(url),
            }
    return None


def _reason(error: BaseException) -> BaseException:
    """Return why a request failed that raised an error in the task."""
    if isinstance(error, NOT_OF_THE_REQUEST):
        return error
    *_, (innermost, _line) = walk_tb(error.__traceback__)
    if innermost.f_globals.get("__name__") in WAITING_MODULES:
        # Nothing raises there by itself: it was thrown in, as by a gevent.Timeout with an exception of its own.
        return TimeoutError(f"{type(error).__name__} ended the request while it waited")
    return invalid_request(error)


def failure_from_event(exception: Any, response: Any) -> Failure:
    """Return the failure that a request event reports, whichever client fired it.

    exception: that of the event, of any type. response: any client's response, or None. An event that cannot be read
    counts as no_response.
    """
    if isinstance(exception, FailedRequestError):
        return exception.failure
    try:
        return _read_event(exception, response)
    except Exception:
        log.exception("A failure could not be classified; it counts as no_response")
        return Failure("no_response", "network", type(exception).__name__, DEFAULT_CLASSIFIER.advice("no_response"))


def _read_event(exception: Any, response: Any) -> Failure:
    if not isinstance(exception, BaseException):
        exception = CatchResponseError(exception)
    if response is None:
        response = getattr(exception, "response", None)
    status = response_status(response)
    response_error = None if status else getattr(response, "error", None)
    if isinstance(response_error, FailedRequestError):
        return response_error.failure
    if isinstance(response_error, BaseException):
        # A check of the locustfile failed because the response never came.
        exception = response_error
    return classify_failure(exception, status, getattr(response, "headers", None), response_body(response))


def classify_failure(
    error: BaseException | None = None,
    status: int = 0,
    headers: Any = None,
    body: bytes = b"",
) -> Failure:
    """Return the failure of a request that is known to have failed.

    error: what was raised; None if the request failed by its status, which may be one that only Locust does not accept
    as a success. headers: of any client's type. The other parameters are those of ``classify``.
    """
    failure = DEFAULT_CLASSIFIER.classify(
        exception=error if error or status >= 400 else LocustBadStatusCode(None, code=status),
        status=status,
        headers=headers,
        body=body,
    )
    assert failure is not None, "an exception is always a failure"  # noqa: S101
    return failure


def response_status(response: Any) -> int:
    """Return the status of any client's response, 0 where there is none."""
    status = getattr(response, "status_code", 0)
    return int(status) if isinstance(status, int) or (isinstance(status, str) and status.isdecimal()) else 0


def response_body(response: Any) -> bytes:
    """Return the body of any client's response as far as it was read.

    The rest of a streamed body is left for the locustfile to read.
    """
    if isinstance(response, CompatResponse):
        content = getattr(response, "_cached_content", None)
    elif getattr(response, "_content", None) is False:  # how requests marks a body that was not read
        content = None
    else:
        content = getattr(response, "content", None)
    if isinstance(content, str):
        return content.encode("utf-8", "replace")
    return bytes(content) if isinstance(content, (bytes, bytearray, memoryview)) else b""


def sample_fields(url: str | None, exception: BaseException, response: Any) -> dict[str, Any]:
    """Return what a FailureSample shows of a request event: url, status, exception and body.

    exception: that of the event; of a FailedRequestError its cause is shown.
    """
    cause = exception.__cause__ if isinstance(exception, FailedRequestError) else exception
    return {
        "url": url or str(getattr(response, "url", None) or ""),
        "status": response_status(response),
        "exception": "" if cause is None else repr(cause),
        "body": response_body(response),
    }


# The heads of a server's responses are the same for a second, until their Date changes.
@remember(16, len)
def _parse_head(head: bytes) -> Headers:
    return parse_headers(head)


@lru_cache(maxsize=256)
def _error_class(kind: str) -> type[FailedRequestError]:
    return type(
        kind, (FailedRequestError,), {"__module__": __name__, "__doc__": f"Report a request that failed: {kind}."}
    )
