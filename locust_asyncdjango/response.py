"""What a locustfile sees of an answer: Locust's FastResponse, filled in only as far as somebody looks."""

from contextlib import suppress
from functools import cached_property, lru_cache
from typing import Any, Protocol

import brotli
from geventhttpclient.header import Headers
from geventhttpclient.response import HTTPParseError, HTTPSocketResponse
from geventhttpclient.useragent import CompatResponse
from locust.contrib.fasthttp import (
    FAILURE_EXCEPTIONS,
    FastRequest,
    FastResponse,
    LocustBadStatusCode,
    ResponseContextManager,
)
from locust.exception import (
    InterruptTaskSet,
    RescheduleTask,
    RescheduleTaskImmediately,
    ResponseError,
    StopTest,
    StopUser,
)

from locust_asyncdjango.failures import Failure, classify
from locust_asyncdjango.wire import Answer, UndecodableBodyError, decoded, headers_of

_REMEMBERED_BYTES = 16 * 1024
"""A server that is overloaded says the same thousands of times; longer answers are classified each time."""

_CONTROL = (InterruptTaskSet, RescheduleTask, RescheduleTaskImmediately, StopTest, StopUser)
"""What a locustfile raises to go elsewhere; it says nothing of the request."""


class FailedRequestError(LocustBadStatusCode):
    """A request that failed, with the Failure that says why. Locust shows its repr in the failures table."""

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
        return f"{self.failure.kind}: {self.failure.message}"

    __str__ = __repr__


def failed(url: str | None, error: BaseException, status: int = 0) -> FailedRequestError:
    """The exception for a request that ended with an error. status: of its answer, if one came."""
    named = FailedRequestError(url, _classified(status, error), status)
    named.__cause__ = error
    return named


def _classified(status: int, error: BaseException | None, headers: Headers | None = None, body: bytes = b"") -> Failure:
    """Of an answer that is no success, if only because Locust does not know its status, or of an error."""
    failure = classify(
        exception=error or LocustBadStatusCode(None, code=status),
        status=status,
        headers=dict(headers.items()) if headers else None,
        body=body,
    )
    assert failure is not None, "an exception is always a failure"  # noqa: S101
    return failure


@lru_cache(maxsize=128)
def _remembered(status: int, head: bytes, content: bytes) -> Failure:
    return _classified(status, None, headers_of(head), content)


class Asked(Protocol):
    """What knows a request but for its body."""

    @property
    def url(self) -> str:
        """Its whole URL."""

    def request(self, body: bytes) -> FastRequest:
        """As geventhttpclient has it."""


class Readable(FastResponse):
    """Whatever a server says of its text, reading it raises nothing."""

    @property
    def text(self) -> str:
        """The content in the charset that its Content-Type names, or in the likeliest."""
        try:
            return super().text or ""
        except (AttributeError, LookupError, ValueError):  # two types, no such charset, or none that Python can use
            self.encoding = "utf-8"
            return self.content.decode("utf-8", "replace")


class Response(Readable):
    """An answer that came whole. Its header fields, content and request are made when they are asked for."""

    status_code: int = 0
    """HTTP's."""
    error: Exception | None = None
    # geventhttpclient keeps these in slots, which have no value until one is set.
    _elapsed: float | None = None
    _history: Any = ()
    _sent_request: str | None = None
    _cached_content: Any = None
    _headers: Headers | None = None
    _made_request: FastRequest | None = None

    def __init__(self, answer: Answer, asked: Asked, body: bytes) -> None:
        """asked, body: make the request, if it is asked for."""
        self.answer = answer
        self.status_code = answer.status
        self._asked = asked
        self._body = body

    @property
    def url(self) -> str:
        """That was asked for; after redirects, the last."""
        return self._asked.url

    @property
    def headers(self) -> Headers:  # type: ignore[override]
        """Case-insensitive; a field that came more than once has a list."""
        if self._headers is None:
            self._headers = headers_of(self.answer.head)
        return self._headers

    @property
    def request(self) -> FastRequest:  # type: ignore[override]
        """What was asked."""
        if self._made_request is None:
            self._made_request = self._asked.request(self._body)
        return self._made_request

    @property
    def history(self) -> list[CompatResponse]:
        """The redirects that led here, oldest first."""
        return list(self._history)

    @property
    def content(self) -> bytes:
        """The body without its content coding, or as it came, where that cannot be undone; then ``error`` says so."""
        if self._cached_content is None:
            self._cached_content = self.answer.body
            if self.answer.may_be_coded:
                try:
                    self._cached_content = decoded(self.answer.body, self.headers)
                except UndecodableBodyError as error:
                    self.error = self.error or failed(self.url, error, self.status_code)
        content: bytes = self._cached_content
        return content

    @cached_property
    def _response(self) -> HTTPSocketResponse:  # type: ignore[override]
        """For the rest of FastResponse's API, which reads from it."""
        return _Arrived(self.answer, self.request.method)

    def refused(self) -> FailedRequestError:
        """The exception for its status, which is none of a success."""
        status, content = self.status_code, self.content
        if len(content) <= _REMEMBERED_BYTES:
            failure = _remembered(status, self.answer.head, content)
        else:
            failure = _classified(status, None, self.headers, content)
        return FailedRequestError(self.url, failure, status)


class SocketResponse(Readable):
    """An answer on one of geventhttpclient's own connections; what goes wrong while it is read is its ``error``."""

    error: Exception | None = None

    def _content(self) -> bytes:
        try:
            content: bytes = super()._content()  # type: ignore[no-untyped-call]
            return content
        except (*FAILURE_EXCEPTIONS, ValueError, brotli.error) as error:
            self.error = self.error or failed(self.url, error, self.status_code)
            return b""

    def refused(self) -> FailedRequestError:
        """The exception for its status, which is none of a success."""
        status, content = self.status_code, getattr(self, "_cached_content", b"")  # a stream's is left unread
        return FailedRequestError(self.url, _classified(status, None, self.headers, content), status)


class _Arrived(HTTPSocketResponse):
    """An answer without its connection."""

    def __init__(self, answer: Answer, method: str) -> None:
        super(HTTPSocketResponse, self).__init__(method=method)
        self._sock = None
        self.block_size = self.DEFAULT_BLOCK_SIZE
        with suppress(HTTPParseError):  # of what came after it
            self.feed(answer.head)
        self._body_buffer[:] = answer.body
        self.headers_complete = self.message_complete = True


class Checked(ResponseContextManager):
    """For a with-block: a request is reported also where the block raises, which Locust's own leaves out."""

    def __exit__(self, exc: Any, value: Any, traceback: Any) -> Any:  # type: ignore[override]
        if exc is None or self._manual_result is not None or isinstance(value, ResponseError):
            return super().__exit__(exc, value, traceback)  # type: ignore[no-untyped-call]
        if isinstance(value, Exception) and not isinstance(value, _CONTROL):
            self.request_meta["exception"] = self.request_meta["exception"] or value
        self._report_request()  # type: ignore[no-untyped-call]
        return False


class CheckedResponse(Response, Checked):
    """A Response for a with-block."""

    __init__ = Checked.__init__
