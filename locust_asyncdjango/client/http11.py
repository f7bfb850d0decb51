"""HTTP/1.1 without a socket: a request -> bytes, received bytes -> an answer. httptools (llhttp) parses.

Nothing that a peer sends is trusted: what is not HTTP, too long or more than was asked for raises or ends the
connection. The head of an answer is kept as it came; its fields are split only when somebody asks for them.
"""

import re
from collections.abc import Iterable
from contextlib import suppress

from geventhttpclient.header import Headers
from geventhttpclient.response import HTTPConnectionClosed, HTTPParseError
from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

MOST_HEAD_BYTES = 64 * 1024
MOST_BODY_BYTES = 256 * 1024 * 1024
"""Of a body read whole, and of what it is decoded to."""

# RFC 9110, sections 5.1, 5.5 and 9.1; RFC 9112, section 3: what a peer could read as more than one request is refused.
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_FIELD_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_TARGET = re.compile(r"/(?!/)[!-~]*")
# A path and a query that geventhttpclient would leave as they are: no fragment, nothing empty, and no escape but
# of a character that needs one.
_ESCAPE = r"%(?:[0189A-F][0-9A-F]|2[0-9A-CF]|3[A-F])"
_PLAIN_TARGET = re.compile(
    rf"/(?!/)(?:[A-Za-z0-9._~!$&'()*+,:=@/-]|{_ESCAPE})*(?:\?(?:[A-Za-z0-9._~!$&'()*+,:;=@/?-]|{_ESCAPE})+)?"
)

_MANY_PIECES = 1000


def is_target(path: str) -> bool:
    """Whether it can be asked for as it is: it begins with one /, and nothing in it needs percent-encoding."""
    return _PLAIN_TARGET.fullmatch(path) is not None


def request_line(method: str, target: str) -> bytes:
    """The first line of a request. Raises ValueError for what would not be one request."""
    if not _TOKEN.fullmatch(method):
        raise ValueError(f"invalid HTTP method {method!r}")
    if not _TARGET.fullmatch(target):
        raise ValueError(f"invalid request target {target!r}: it has to begin with one / and be percent-encoded")
    return f"{method} {target} HTTP/1.1\r\n".encode()


def field_lines(fields: Iterable[tuple[str, object]]) -> bytes:
    """The header of a request, without the empty line. Raises ValueError for what would not be one request."""
    lines = []
    for name, value in fields:
        line = str(value)
        if not isinstance(name, str) or not _TOKEN.fullmatch(name):
            raise ValueError(f"invalid header name {name!r}")
        if not _FIELD_VALUE.fullmatch(line):
            raise ValueError(f"invalid value for header {name!r}: {line!r}")
        lines.append(f"{name}: {line}\r\n")
    return "".join(lines).encode("latin-1")


def whole_request(head: bytes, body: bytes) -> bytes:
    """A request with a body, which may be empty, and its length."""
    return b"%bContent-Length: %d\r\n\r\n%b" % (head, len(body), body)


class RawResponse:
    """A final response.

    head: its bytes up to the body, or more. body: as it came, still in its content coding. may_be_coded,
    may_set_cookie: cheap guesses, which are only ever wrong in saying yes.
    """

    __slots__ = ("body", "head", "keep_alive", "may_be_coded", "may_set_cookie", "status")

    def __init__(self, status: int, head: bytes, body: bytes, keep_alive: bool) -> None:
        self.status = status
        self.head = head
        self.body = body
        self.keep_alive = keep_alive
        fields = head.lower()
        self.may_be_coded = b"\ncontent-encoding:" in fields
        self.may_set_cookie = b"\nset-cookie:" in fields


class ResponseReader:
    """Turns the bytes of one connection into answers, one after the other."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        # llhttp calls it for each piece of a body: no function of our own in between.
        self.on_body = self._pieces.append
        self._parser = HttpResponseParser(self)
        self._head = b""
        self._body = bytearray()
        self._has_body = self._whole = self._keep_alive = False
        self.received = 0
        """Bytes of the answer that has begun."""

    def feed(self, data: bytes) -> RawResponse | None:
        """The answer, once it is whole. data: at least one byte. Raises HTTPParseError."""
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade:
            raise HTTPParseError("the server switched to another protocol without being asked") from None
        except HttpParserError as error:
            if not self._whole:
                raise HTTPParseError(f"not an HTTP response: {error}") from None
            # What follows a whole answer was not asked for: it spoils the connection, not the answer.
            self._keep_alive = False
        if self._whole and not self.received:
            return self._taken(data, len(data))  # it came at once, as most do
        self.received += len(data)
        if not self._has_body:
            self._head += data
            self._has_body = bool(self._pieces)
        if self._whole:
            return self._taken(self._head, self.received)
        self._limit()
        return None

    def _limit(self) -> None:
        if not self._has_body and self.received > MOST_HEAD_BYTES:
            raise HTTPParseError(f"a response head of more than {MOST_HEAD_BYTES} bytes")
        if self.received > MOST_HEAD_BYTES + MOST_BODY_BYTES:
            raise HTTPParseError(f"a body of more than {MOST_BODY_BYTES} bytes: ask for it with stream=True")
        if len(self._pieces) > _MANY_PIECES:
            # Tiny chunks would need many times their size.
            self._body += b"".join(self._pieces)
            self._pieces.clear()

    def end(self) -> RawResponse:
        """The answer that ends with the connection, which has just been closed. Raises HTTPConnectionClosed."""
        if not self.received:
            raise HTTPConnectionClosed("the connection was closed before an answer came")
        fields = _Fields(self._head)
        if not fields.complete or not _ends_with_connection(fields.headers):
            raise HTTPConnectionClosed("the connection was closed in the middle of an answer")
        return self._taken(self._head, self.received)

    def _taken(self, head: bytes, received: int) -> RawResponse:
        body = b"".join(self._pieces)
        self._pieces.clear()
        if self._body:
            body = bytes(self._body) + body
            self._body.clear()
        if body and received == len(head):
            head = head[: -len(body)]
        answer = RawResponse(self._parser.get_status_code(), head, body, self._keep_alive)
        self._whole = self._keep_alive = False
        if self.received:
            self._head, self._has_body, self.received = b"", False, 0
        return answer

    # What llhttp calls.

    def on_message_begin(self) -> None:
        if self._whole:
            raise HttpParserError("more than one answer")

    def on_message_complete(self) -> None:
        # After an interim (1xx) response comes another.
        if self._parser.get_status_code() >= 200:
            self._whole = True
            self._keep_alive = self._parser.should_keep_alive()


class HeadResponseReader(ResponseReader):
    """For one answer to HEAD, which ends with its head, whatever that says."""

    def on_headers_complete(self) -> None:
        self.on_message_complete()

    def _taken(self, head: bytes, received: int) -> RawResponse:
        if self._pieces:
            self._pieces.clear()
            self._keep_alive = False
        return super()._taken(head, received)


class _Fields:
    """The header fields of a final response, and whether they have all come."""

    def __init__(self, head: bytes) -> None:
        self.headers = Headers()
        self.complete = False
        self._parser = HttpResponseParser(self)
        # What is wrong with it, or was not asked for, whoever read it before has said.
        with suppress(HttpParserError, HttpParserUpgrade):
            self._parser.feed_data(head)

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.complete:  # later ones are trailers, or another answer's
            self.headers.add(name.decode("latin-1"), value.decode("latin-1"))

    def on_headers_complete(self) -> None:
        if self._parser.get_status_code() >= 200:
            self.complete = True
        else:
            self.headers.clear()


def headers_of(head: bytes) -> Headers:
    """The header fields of an Answer's head."""
    return _Fields(head).headers


def _ends_with_connection(headers: Headers) -> bool:
    """As RFC 9112, section 6.3 has it, for an answer that may have a body and is not whole."""
    codings = ",".join(headers.getlist("transfer-encoding")).lower().split(",")
    return codings[-1].strip() != "chunked" and "content-length" not in headers
