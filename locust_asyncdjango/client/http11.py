"""HTTP/1.1 without a socket: a request -> bytes, received bytes -> a RawResponse. httptools (llhttp) parses.

Nothing that a peer sends is trusted. A response that is not HTTP, or is too long, raises HTTPParseError. Bytes that
were not requested end the connection. The head of a response is kept unchanged, and split into fields only on demand.
Start reading at ResponseReader.
"""

import re
from collections.abc import Iterable
from contextlib import suppress
from io import BytesIO

from geventhttpclient.header import Headers
from geventhttpclient.response import HTTPConnectionClosed, HTTPParseError
from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

MAX_HEAD_BYTES = 64 * 1024
MAX_BODY_BYTES = 256 * 1024 * 1024
"""The longest body that is read whole, and the longest that it may become when it is decoded."""

# RFC 9110, sections 5.1, 5.5 and 9.1; RFC 9112, section 3: refuse all that a peer could read as more than one request.
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_FIELD_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_TARGET = re.compile(r"/(?!/)[!-~]*")
_PREFIX = re.compile(r"[!-~]*")
# A path and a query that geventhttpclient would not change: no fragment, no empty part, and escapes only of characters
# that need one.
_ESCAPE = r"%(?:[0189A-F][0-9A-F]|2[0-9A-CF]|3[A-F])"
_PLAIN_TARGET = re.compile(
    rf"/(?!/)(?:[A-Za-z0-9._~!$&'()*+,:=@/-]|{_ESCAPE})*(?:\?(?:[A-Za-z0-9._~!$&'()*+,:;=@/?-]|{_ESCAPE})+)?"
)

_MAX_PIECES = 100
"""Pieces of a body that are kept before they are joined. As objects, tiny chunks need many times their size."""
# Most of the heads that do not match need no closer look. More digits than these are refused by the parser.
_DECLARED_LENGTH = re.compile(rb"\ncontent-length:[ \t]*(\d{1,19})", re.IGNORECASE)
# Most heads have neither. This is three times as quick as to search for both in a copy in lower case.
_CODING_OR_COOKIE = re.compile(rb"\n[cCsS](?:ontent-encoding|et-cookie):", re.IGNORECASE)
_END_OF_HEAD = b"\r\n\r\n"
_USE_STREAM = "request it with stream=True"


class InvalidRequestError(ValueError):
    """No request can be made of what a locustfile passes. The message shows no address, value or body: they may be
    secret."""


def is_target(path: str) -> bool:
    """Return whether a path can be sent unchanged: it begins with one /, and nothing in it needs percent-encoding."""
    return _PLAIN_TARGET.fullmatch(path) is not None


def request_line(method: str, target: str, prefix: str = "") -> bytes:
    """Return the first line of a request. prefix: the origin, for a proxy. Raise InvalidRequestError."""
    if not _TOKEN.fullmatch(method):
        raise InvalidRequestError(f"invalid HTTP method {method!r}")
    if not _TARGET.fullmatch(target):
        raise InvalidRequestError("invalid path: it has to begin with one / after the host, and be percent-encoded")
    if not _PREFIX.fullmatch(prefix):
        raise InvalidRequestError("invalid host")
    return f"{method} {prefix}{target} HTTP/1.1\r\n".encode()


def field_lines(fields: Iterable[tuple[str, object]]) -> bytes:
    """Return header fields as bytes, without the empty line that ends them.

    Raise InvalidRequestError for an invalid name or value, such as one with a line break.
    """
    lines = []
    for name, value in fields:
        line = str(value)
        if not isinstance(name, str) or not _TOKEN.fullmatch(name):
            raise InvalidRequestError(f"invalid header name {name!r}")
        if not _FIELD_VALUE.fullmatch(line):
            raise InvalidRequestError(
                f"invalid value for header {name!r}: it has a control character, such as a line break, or one that is"
                " not latin-1"
            )
        lines.append(f"{name}: {line}\r\n")
    return "".join(lines).encode("latin-1")


def request_with_body(head: bytes, body: bytes) -> bytes:
    """Return a whole request. head: its request line and fields; the length of the body, which may be 0, is added."""
    return b"%bContent-Length: %d\r\n\r\n%b" % (head, len(body), body)


class RawResponse:
    """A final response, as bytes.

    head: the received bytes up to the body, or more of them. body: still in its content coding. keep_alive: whether the
    connection can be used again. has_surplus: whether more came with it than was requested. may_be_coded,
    may_set_cookie: cheap checks of the head; False is certain, True is not.
    """

    __slots__ = ("body", "has_surplus", "head", "keep_alive", "may_be_coded", "may_set_cookie", "status")

    def __init__(self, status: int, head: bytes, body: bytes, keep_alive: bool, has_surplus: bool = False) -> None:
        self.status = status
        self.head = head
        self.body = body
        self.keep_alive = keep_alive
        self.has_surplus = has_surplus
        self.may_be_coded = self.may_set_cookie = False
        if _CODING_OR_COOKIE.search(head):
            fields = head.lower()
            self.may_be_coded = b"\ncontent-encoding:" in fields
            self.may_set_cookie = b"\nset-cookie:" in fields


class ResponseReader:
    """Turns the bytes of one connection into responses, one after the other."""

    def __init__(self, max_body_bytes: int = MAX_BODY_BYTES) -> None:
        self._max_body_bytes = max_body_bytes
        self._pieces: list[bytes] = []
        # llhttp calls this for each piece of a body. A function of our own in between would cost time.
        self.on_body = self._pieces.append
        self._parser = HttpResponseParser(self)
        self._head = b""
        self._body: BytesIO | None = None
        self._has_body = self._complete = self._keep_alive = self._has_surplus = False
        self._counted_pieces = self._bytes_without_body = 0
        self.received = 0
        """Bytes that have arrived of the current response."""

    def feed(self, data: bytes) -> RawResponse | None:
        """Take received bytes, at least one, and return the response once it is complete. Raise HTTPParseError."""
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade:
            raise HTTPParseError("the server switched to another protocol, which was not requested") from None
        except HttpParserError as error:
            if not self._complete:
                raise HTTPParseError(f"not an HTTP response: {error}") from None
            # What follows a complete response was not requested.
            self._has_surplus, self._keep_alive = True, False
        if self._complete and not self.received:
            return self._take_response(data, len(data))  # it came in one piece, as most do
        self.received += len(data)
        if not self._has_body:
            self._head += data
            self._has_body = bool(self._pieces)
            if not self._complete:
                self._check_declared_length(data)
        if self._complete:
            return self._take_response(self._head, self.received)
        self._check_limits(len(data))
        return None

    def _check_declared_length(self, data: bytes) -> None:
        """Raise HTTPParseError if the head ends in these last bytes, and declares too long a body."""
        if not self._has_body and _END_OF_HEAD not in self._head[-len(data) - len(_END_OF_HEAD) + 1 :]:
            return
        declared = _DECLARED_LENGTH.search(self._head)
        if declared is None or int(declared[1]) <= self._max_body_bytes:
            return
        fields = _HeaderParser(self._head)
        length = fields.headers.get("content-length", "") if fields.complete else ""
        if isinstance(length, str) and length.isdecimal() and int(length) > self._max_body_bytes:
            raise HTTPParseError(f"a body of {length} bytes, more than {self._max_body_bytes}: {_USE_STREAM}")

    def _check_limits(self, size: int) -> None:
        """Raise HTTPParseError if what has come is too long. size: of the bytes that came last."""
        if not self._has_body and self.received > MAX_HEAD_BYTES:
            raise HTTPParseError(f"a response head of more than {MAX_HEAD_BYTES} bytes")
        self._bytes_without_body += size
        if len(self._pieces) != self._counted_pieces:
            self._bytes_without_body = 0
        if self._bytes_without_body > MAX_HEAD_BYTES:
            raise HTTPParseError(f"more than {MAX_HEAD_BYTES} bytes of chunk extensions or trailers")
        if self.received > MAX_HEAD_BYTES + self._max_body_bytes:
            raise HTTPParseError(f"a body of more than {self._max_body_bytes} bytes: {_USE_STREAM}")
        if len(self._pieces) > _MAX_PIECES:
            self._body = self._body or BytesIO()
            self._body.write(b"".join(self._pieces))
            self._pieces.clear()
        self._counted_pieces = len(self._pieces)

    def discard(self) -> None:
        """Release the memory of a response that will not be complete. The reader can only be thrown away."""
        # The parser and the reader refer to each other: only the garbage collector would release it.
        self._pieces.clear()
        self._head, self._body = b"", None

    def end(self) -> RawResponse:
        """Return the response that ends because the connection does. Raise HTTPConnectionClosed if it is incomplete."""
        if not self.received:
            raise HTTPConnectionClosed("the connection was closed before a response came")
        fields = _HeaderParser(self._head)
        if not fields.complete or not _ends_with_connection(fields.headers):
            raise HTTPConnectionClosed("the connection was closed in the middle of a response")
        return self._take_response(self._head, self.received)

    def _take_response(self, head: bytes, received: int) -> RawResponse:
        body = b"".join(self._pieces)
        self._pieces.clear()
        if self._body is not None:
            # Its value is its own buffer: a long body is not copied all at once.
            self._body.write(body)
            body, self._body = self._body.getvalue(), None
        if body and received == len(head):
            head = head[: -len(body)]
        response = RawResponse(self._parser.get_status_code(), head, body, self._keep_alive, self._has_surplus)
        self._complete = self._keep_alive = False
        if self.received:
            self._head, self._has_body, self.received = b"", False, 0
            self._counted_pieces = self._bytes_without_body = 0
        return response

    # llhttp calls the next two methods.

    def on_message_begin(self) -> None:
        if self._complete:
            raise HttpParserError("more than one response")

    def on_message_complete(self) -> None:
        # After an interim (1xx) response comes another.
        if self._parser.get_status_code() >= 200:
            self._complete = True
            self._keep_alive = self._parser.should_keep_alive()


class HeadResponseReader(ResponseReader):
    """Reads one response to HEAD. The response ends with its head, whatever the head says about a body."""

    def on_headers_complete(self) -> None:
        self.on_message_complete()

    def _take_response(self, head: bytes, received: int) -> RawResponse:
        if self._pieces:
            self._pieces.clear()
            self._has_surplus, self._keep_alive = True, False
        return super()._take_response(head, received)


class _HeaderParser:
    """Parses the header fields of a final response, and notes whether all of them have come."""

    def __init__(self, head: bytes) -> None:
        self.headers = Headers()
        self.complete = False
        self._parser = HttpResponseParser(self)
        # ResponseReader has read these bytes before, and has raised for what is wrong with them.
        with suppress(HttpParserError, HttpParserUpgrade):
            self._parser.feed_data(head)

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.complete:  # later ones are trailers, or of another response
            self.headers.add(name.decode("latin-1"), value.decode("latin-1"))

    def on_headers_complete(self) -> None:
        if self._parser.get_status_code() >= 200:
            self.complete = True
        else:
            self.headers.clear()


def parse_headers(head: bytes) -> Headers:
    """Return the header fields of a RawResponse's head."""
    return _HeaderParser(head).headers


def _ends_with_connection(headers: Headers) -> bool:
    """Return whether the end of the connection ends the body of an incomplete response (RFC 9112, section 6.3)."""
    codings = ",".join(headers.getlist("transfer-encoding")).lower().split(",")
    return codings[-1].strip() != "chunked" and "content-length" not in headers
