"""Failures as exceptions: one class a kind, so that Locust's tables, reports and OpenTelemetry name it."""

import logging
from functools import cache, lru_cache
from typing import Any

from geventhttpclient.useragent import CompatResponse
from locust.contrib.fasthttp import LocustBadStatusCode
from locust.exception import CatchResponseError

from locust_asyncdjango.client.http11 import parse_headers
from locust_asyncdjango.failures.classify import MESSAGES_LIMIT, OTHER, advice, classify
from locust_asyncdjango.failures.custom_rules import rules_added
from locust_asyncdjango.failures.model import Failure

log = logging.getLogger(__name__)

REMEMBERED_BYTES = 16 * 1024
"""A server that is overloaded says the same thousands of times; longer answers are looked at each time."""


class FailedRequestError(LocustBadStatusCode):
    """A request that failed, with the Failure that says why. Locust shows its repr in the failures table.

    Each kind has a class of its own, whose name is the kind.
    """

    def __init__(self, url: str | None, failure: Failure, status: int) -> None:
        # geventhttpclient's would put a text together that nobody reads.
        Exception.__init__(self, url, failure, status)
        self.url = url
        self.code = status
        self.failure = failure

    @property
    def text(self) -> str:  # type: ignore[override]
        """What geventhttpclient's exceptions say."""
        return self.failure.message

    @property
    def kw_text(self) -> str:  # type: ignore[override]
        """What geventhttpclient's exceptions were made with."""
        return f"code={self.code}"

    def __repr__(self) -> str:
        return f"{self.failure.kind}: {_bounded(self.failure.message)}"

    __str__ = __repr__


def make_error(
    url: str | None, failure: Failure, status: int, cause: BaseException | None = None
) -> FailedRequestError:
    """The exception for a failure. status: of the answer, 0 if none came. cause: what was raised, if anything was."""
    error = _class_of(failure.kind)(url, failure, status)
    error.__cause__ = cause
    return error


def wrap_exception(url: str | None, error: BaseException, status: int = 0) -> FailedRequestError:
    """The exception for a request that ended with an error. status: of its answer, if one came."""
    return make_error(url, classify_failure(error, status=status), status, error)


def status_error(url: str | None, status: int, head: bytes, content: bytes) -> FailedRequestError:
    """The exception for an answer whose status is none of a success. head: as it came. content: decoded."""
    if len(content) <= REMEMBERED_BYTES:
        return make_error(url, _remembered(rules_added(), status, head, content), status)
    return make_error(url, classify_failure(status=status, headers=_fields(head), body=content), status)


def failure_from_event(exception: Any, response: Any) -> Failure:
    """The failure that a request event tells of, whoever fired it: any exception, and any client's response or None.

    What cannot be read is no reason to lose a request: it counts, with what is known of it.
    """
    if isinstance(exception, FailedRequestError):
        return exception.failure
    try:
        return _failure_of(exception, response)
    except Exception:
        log.exception("A failure could not be classified, and counts as no_response")
        return Failure("no_response", "network", type(exception).__name__, advice("no_response"))


def _failure_of(exception: Any, response: Any) -> Failure:
    if not isinstance(exception, BaseException):
        exception = CatchResponseError(exception)
    if response is None:
        response = getattr(exception, "response", None)
    status = response_status(response)
    hidden = None if status else getattr(response, "error", None)
    if isinstance(hidden, FailedRequestError):
        return hidden.failure
    if isinstance(hidden, BaseException):
        # A check of an answer that never came.
        exception = hidden
    return classify_failure(exception, status, getattr(response, "headers", None), response_body(response))


def classify_failure(
    error: BaseException | None = None, status: int = 0, headers: Any = None, body: bytes = b""
) -> Failure:
    """Of an answer that is no success, if only because Locust does not know its status, or of an error.

    headers: any client's.
    """
    failure = classify(
        exception=error if error or status >= 400 else LocustBadStatusCode(None, code=status),
        status=status,
        headers=headers,
        body=body,
    )
    assert failure is not None, "an exception is always a failure"  # noqa: S101
    return failure


def response_status(response: Any) -> int:
    """The status of any client's response, 0 where there is none."""
    status = getattr(response, "status_code", 0)
    return int(status) if isinstance(status, int) or (isinstance(status, str) and status.isdecimal()) else 0


def response_body(response: Any) -> bytes:
    """The body of any client's response as far as it was read; the rest of a stream is the locustfile's to read."""
    if isinstance(response, CompatResponse):
        content = getattr(response, "_cached_content", None)
    elif getattr(response, "_content", None) is False:  # requests has it so
        content = None
    else:
        content = getattr(response, "content", None)
    if isinstance(content, str):
        return content.encode("utf-8", "replace")
    return bytes(content) if isinstance(content, (bytes, bytearray, memoryview)) else b""


def sample_fields(url: str | None, exception: BaseException, response: Any) -> dict[str, Any]:
    """What a sample of a failure shows of its request: address, status and body, and what was raised by the client."""
    raised = exception.__cause__ if isinstance(exception, FailedRequestError) else exception
    return {
        "url": url or str(getattr(response, "url", None) or ""),
        "status": response_status(response),
        "exception": "" if raised is None else repr(raised),
        "body": response_body(response),
    }


def forget_messages() -> None:
    """Lets a new run have messages of its own."""
    _messages.clear()


_messages: set[str] = set()
"""That Locust's table has got of this process; it has a row for each, however many."""


def _bounded(message: str) -> str:
    if message in _messages:
        return message
    if len(_messages) >= MESSAGES_LIMIT:
        return OTHER
    _messages.add(message)
    return message


@lru_cache(maxsize=128)
def _remembered(_rules: int, status: int, head: bytes, content: bytes) -> Failure:
    return classify_failure(status=status, headers=_fields(head), body=content)


# Within a second a server's heads are the same.
_fields = lru_cache(maxsize=16)(parse_headers)


@cache
def _class_of(kind: str) -> type[FailedRequestError]:
    return type(kind, (FailedRequestError,), {"__module__": __name__, "__doc__": f"A request that failed: {kind}."})
