"""The response that a locustfile gets: Locust's FastResponse, whose parts are made when they are first read.

A whole response is a Response, one that is read on demand (``stream=True``) a SocketResponse. For a with-block
(``catch_response=True``) both are made into a ResponseContext.
"""

from contextlib import suppress
from functools import cached_property
from typing import Any, Protocol

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

from locust_asyncdjango.client.content_coding import Share, UndecodableBodyError, decode_body
from locust_asyncdjango.client.exceptions import (
    FailedRequestError,
    classify_failure,
    failure_from_event,
    make_error,
    status_error,
    wrap_exception,
)
from locust_asyncdjango.client.http11 import RawResponse, parse_headers

_CONTROL_EXCEPTIONS = (InterruptTaskSet, RescheduleTask, RescheduleTaskImmediately, StopTest, StopUser)
"""A locustfile raises these to leave a task. They say nothing about the request."""


class RequestSource(Protocol):
    """Makes the request object of a response, if somebody reads it."""

    @property
    def url(self) -> str:
        """The whole URL of the request."""

    def request(self, body: bytes) -> FastRequest:
        """Return the request object, with this body."""


class LenientResponse(FastResponse):
    """A response whose text can always be read, whatever the server says of its charset."""

    @property
    def text(self) -> str:
        """The content as text, in the charset that its Content-Type names, or else in the likeliest one."""
        try:
            return super().text or ""
        except (AttributeError, LookupError, ValueError):  # two Content-Types, or a charset that Python does not know
            self.encoding = "utf-8"
            return self.content.decode("utf-8", "replace")


class Response(LenientResponse):
    """A whole response that our connections received.

    Header fields, content and request object are made when they are first read.
    """

    status_code: int = 0
    """The HTTP status."""
    error: Exception | None = None
    """The FailedRequestError of a failure; None for a success."""
    # geventhttpclient keeps these in slots, which have no value until one is set.
    _elapsed: float | None = None
    _history: Any = ()
    _sent_request: str | None = None
    _cached_content: Any = None
    _content_share: Share | None = None
    """What the content takes of the decoded bytes that this process may hold."""
    _headers: Headers | None = None
    _made_request: FastRequest | None = None

    def __init__(self, raw: RawResponse, source: RequestSource, body: bytes) -> None:
        """Wrap a received response. source, body: make the request object."""
        self.raw = raw
        self.status_code = raw.status
        self._source = source
        self._body = body

    @property
    def url(self) -> str:
        """The URL that was requested; after redirects, the last one."""
        return self._source.url

    @property
    def headers(self) -> Headers:  # type: ignore[override]
        """The header fields, by name in any case. A field that came more than once has a list of values."""
        if self._headers is None:
            self._headers = parse_headers(self.raw.head)
        return self._headers

    @property
    def request(self) -> FastRequest:  # type: ignore[override]
        """The request as it was sent: its method, URL, headers and body."""
        if self._made_request is None:
            self._made_request = self._source.request(self._body)
        return self._made_request

    @property
    def history(self) -> list[CompatResponse]:
        """The redirects that led here, oldest first."""
        return list(self._history)

    @property
    def content(self) -> bytes:
        """The body without its content coding. If it cannot be decoded, the received body; then ``error`` says why."""
        if self._cached_content is None:
            self._cached_content = self._decode() if self.raw.may_be_coded else self.raw.body
        content: bytes = self._cached_content
        return content

    def _decode(self) -> bytes:
        share = Share()
        try:
            content = decode_body(self.raw.body, self.headers, share)
        except (UndecodableBodyError, MemoryError) as error:
            self.error = self.error or wrap_exception(self.url, error, self.status_code)
            return self.raw.body
        self._content_share = share
        return content

    @cached_property
    def _response(self) -> HTTPSocketResponse:  # type: ignore[override]
        """The object from which FastResponse's other methods read."""
        return _ReceivedResponse(self.raw, self.request.method)

    def status_error(self) -> FailedRequestError:
        """Return the error of a response whose status does not mean success."""
        return status_error(self.url, self.status_code, self.raw.head, self.content)


class SocketResponse(LenientResponse):
    """A response that is read on demand. An error while ``content`` is read becomes its ``error``."""

    error: Exception | None = None
    """The FailedRequestError of a failure; None for a success."""
    _content_share: Share | None = None

    def _content(self) -> bytes:
        content, share = b"", Share()
        try:
            content = self._response.read()  # type: ignore[union-attr]
            content = decode_body(content, self.headers, share)  # type: ignore[arg-type]
            self._content_share = share
        except (*FAILURE_EXCEPTIONS, MemoryError) as error:
            self.error = self.error or wrap_exception(self.url, error, self.status_code)
        self.release()
        return content

    def status_error(self) -> FailedRequestError:
        """Return the error of a response whose status does not mean success. A stream is not read for it."""
        status, content = self.status_code, getattr(self, "_cached_content", b"")
        return make_error(self.url, classify_failure(None, status, self.headers, content), status)


class _ReceivedResponse(HTTPSocketResponse):
    """An HTTPSocketResponse of geventhttpclient for a response that was received already, without its connection."""

    def __init__(self, raw: RawResponse, method: str) -> None:
        super(HTTPSocketResponse, self).__init__(method=method)
        self._sock = None
        self.block_size = self.DEFAULT_BLOCK_SIZE
        with suppress(HTTPParseError):  # about bytes after the response
            self.feed(raw.head)
        self._body_buffer[:] = raw.body
        self.headers_complete = self.message_complete = True


class ResponseContext(ResponseContextManager):
    """A response for a with-block. The request is also reported if the block raises, unlike with Locust's own class."""

    def __exit__(self, exc: Any, value: Any, traceback: Any) -> Any:  # type: ignore[override]
        if exc is None or self._manual_result is not None or isinstance(value, ResponseError):
            return super().__exit__(exc, value, traceback)  # type: ignore[no-untyped-call]
        if isinstance(value, Exception) and not isinstance(value, _CONTROL_EXCEPTIONS):
            self.request_meta["exception"] = self.request_meta["exception"] or value
        self._report_request()
        return False

    def _report_request(self) -> None:
        raised = self.request_meta["exception"]
        if raised is not None and not isinstance(raised, FailedRequestError):
            # The locustfile's own check has failed. Classification reads the content.
            if isinstance(self, Response):
                self.content  # noqa: B018
            failure = failure_from_event(raised, self)
            self.request_meta["exception"] = make_error(self.url, failure, self.status_code, raised)
        super()._report_request()  # type: ignore[no-untyped-call]


class WholeResponseContext(ResponseContext, Response):
    """A Response for a with-block, with all that a Response has."""
