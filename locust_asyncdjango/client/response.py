"""What a locustfile sees of an answer: Locust's FastResponse, filled in only as far as somebody looks."""

from contextlib import suppress
from functools import cached_property
from typing import Any, Protocol

import brotli
from geventhttpclient.header import Headers
from geventhttpclient.response import HTTPParseError, HTTPSocketResponse
from geventhttpclient.useragent import CompatResponse
from locust.contrib.fasthttp import (
    FAILURE_EXCEPTIONS,
    FastRequest,
    FastResponse,
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

from locust_asyncdjango.client.content_coding import UndecodableBodyError, decoded
from locust_asyncdjango.client.exceptions import (
    FailedRequestError,
    classify_failure,
    failure_from_event,
    make_error,
    status_error,
    wrap_exception,
)
from locust_asyncdjango.client.http11 import RawResponse, headers_of

_CONTROL = (InterruptTaskSet, RescheduleTask, RescheduleTaskImmediately, StopTest, StopUser)
"""What a locustfile raises to go elsewhere; it says nothing of the request."""


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

    def __init__(self, answer: RawResponse, asked: Asked, body: bytes) -> None:
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
                    self.error = self.error or wrap_exception(self.url, error, self.status_code)
        content: bytes = self._cached_content
        return content

    @cached_property
    def _response(self) -> HTTPSocketResponse:  # type: ignore[override]
        """For the rest of FastResponse's API, which reads from it."""
        return _Arrived(self.answer, self.request.method)

    def status_error(self) -> FailedRequestError:
        """The exception for its status, which is none of a success."""
        return status_error(self.url, self.status_code, self.answer.head, self.content)


class SocketResponse(Readable):
    """An answer on one of geventhttpclient's own connections; what goes wrong while it is read is its ``error``."""

    error: Exception | None = None

    def _content(self) -> bytes:
        try:
            content: bytes = super()._content()  # type: ignore[no-untyped-call]
            return content
        except (*FAILURE_EXCEPTIONS, ValueError, brotli.error) as error:
            self.error = self.error or wrap_exception(self.url, error, self.status_code)
            return b""

    def status_error(self) -> FailedRequestError:
        """The exception for its status, which is none of a success."""
        status, content = self.status_code, getattr(self, "_cached_content", b"")  # a stream's is left unread
        return make_error(self.url, classify_failure(None, status, self.headers, content), status)


class _Arrived(HTTPSocketResponse):
    """An answer without its connection."""

    def __init__(self, answer: RawResponse, method: str) -> None:
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
        self._report_request()
        return False

    def _report_request(self) -> None:
        raised = self.request_meta["exception"]
        if raised is not None and not isinstance(raised, FailedRequestError):
            # A check of the locustfile's own.
            if isinstance(self, Response):
                self.content  # noqa: B018  # reads it
            failure = failure_from_event(raised, self)
            self.request_meta["exception"] = make_error(self.url, failure, self.status_code, raised)
        super()._report_request()  # type: ignore[no-untyped-call]


class CheckedResponse(Response, Checked):
    """A Response for a with-block."""

    __init__ = Checked.__init__
