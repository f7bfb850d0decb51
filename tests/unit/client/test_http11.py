"""Bytes -> answers, whatever the bytes are."""

import tracemalloc
from collections.abc import Iterable
from contextlib import suppress

import pytest
from geventhttpclient.response import HTTPConnectionClosed, HTTPParseError
from geventhttpclient.url import URL
from hypothesis import given
from hypothesis import strategies as st

from locust_asyncdjango.client import http11
from locust_asyncdjango.client.http11 import (
    HeadResponseReader,
    InvalidRequestError,
    ResponseReader,
    field_lines,
    is_target,
    parse_headers,
    request_line,
)

OK = b"HTTP/1.1 200 OK\r\n"
END = None
"""The peer closes."""

KEPT, CLOSED = True, False

# What comes; then status, body, and whether the connection can be used again.
ANSWERS: dict[str, tuple[list[bytes | None], tuple[int, bytes, bool]]] = {
    "a length": ([OK + b"Content-Length: 2\r\n\r\nok"], (200, b"ok", KEPT)),
    "an empty body": ([OK + b"Content-Length: 0\r\n\r\n"], (200, b"", KEPT)),
    "chunks": (
        [OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\no\r\n1;x=y\r\nk\r\n0\r\nA: b\r\n\r\n"],
        (200, b"ok", KEPT),
    ),
    "no length": ([OK + b"\r\nok", END], (200, b"ok", CLOSED)),
    "no length and no body": ([OK + b"\r\n", END], (200, b"", CLOSED)),
    "a coding that is not chunked last": ([OK + b"Transfer-Encoding: gzip\r\n\r\nok", END], (200, b"ok", CLOSED)),
    "HTTP/1.0": ([b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"], (200, b"ok", CLOSED)),
    "HTTP/1.0, kept": (
        [b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok"],
        (200, b"ok", KEPT),
    ),
    "a close that is told": ([OK + b"Connection: close\r\nContent-Length: 2\r\n\r\nok"], (200, b"ok", CLOSED)),
    "no reason phrase": ([b"HTTP/1.1 299\r\nContent-Length: 2\r\n\r\nok"], (299, b"ok", KEPT)),
    "204 with a length": ([b"HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\n"], (204, b"", KEPT)),
    "304 with a length": ([b"HTTP/1.1 304 No\r\nContent-Length: 5\r\n\r\n"], (304, b"", KEPT)),
    "interim answers": (
        [
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
            + OK
            + b"Content-Length: 2\r\n\r\nok"
        ],
        (200, b"ok", KEPT),
    ),
    "an upgrade that is offered": (
        [OK + b"Upgrade: h2c\r\nConnection: upgrade\r\nContent-Length: 2\r\n\r\nok"],
        (200, b"ok", KEPT),
    ),
}

SURPLUS: dict[str, list[bytes | None]] = {
    "rubbish": [OK + b"Content-Length: 2\r\n\r\nokrubbish"],
    "a second answer": [OK + b"Content-Length: 2\r\n\r\nok" + OK + b"Content-Length: 3\r\n\r\nbad"],
    "half a second answer": [OK + b"Content-Length: 2\r\n\r\nokHTTP/1."],
    "rubbish after a close": [OK + b"Connection: close\r\nContent-Length: 2\r\n\r\nokrubbish"],
}

REFUSED: dict[str, tuple[list[bytes | None], type[Exception]]] = {
    "nothing": ([END], HTTPConnectionClosed),
    "half a head": ([OK + b"Content-Le", END], HTTPConnectionClosed),
    "half a body": ([OK + b"Content-Length: 5\r\n\r\nok", END], HTTPConnectionClosed),
    "half a chunk": ([OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nok", END], HTTPConnectionClosed),
    "no last chunk": ([OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n", END], HTTPConnectionClosed),
    "only an interim answer": ([b"HTTP/1.1 100 Continue\r\n\r\n", END], HTTPConnectionClosed),
    "not HTTP": ([b"SSH-2.0-OpenSSH_9.6\r\n"], HTTPParseError),
    "a status of two digits": ([b"HTTP/1.1 99 X\r\n\r\n"], HTTPParseError),
    "two lengths": ([OK + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"], HTTPParseError),
    "a negative length": ([OK + b"Content-Length: -1\r\n\r\n"], HTTPParseError),
    "a length beside chunks": ([OK + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n"], HTTPParseError),
    "a chunk size that is no number": ([OK + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n"], HTTPParseError),
    "an upgrade that nobody asked for": (
        [b"HTTP/1.1 101 Up\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"],
        HTTPParseError,
    ),
    "a head without an end": ([OK + b"A: " + b"b" * http11.MAX_HEAD_BYTES], HTTPParseError),
    "interim answers without an end": ([b"HTTP/1.1 102 Processing\r\n\r\n" * 4000], HTTPParseError),
    "a line of a chunk without an end": (
        [OK + b"Transfer-Encoding: chunked\r\n\r\n1;" + b"x" * http11.MAX_HEAD_BYTES],
        HTTPParseError,
    ),
}


def read(pieces: Iterable[bytes | None], reader: ResponseReader | None = None) -> tuple[int, bytes, bool] | None:
    """What a reader makes of what comes; None for no whole answer."""
    reader = reader or ResponseReader()
    for piece in pieces:
        answer = reader.end() if piece is None else reader.feed(piece)
        if answer is not None:
            return answer.status, answer.body, answer.keep_alive
    return None


def split(pieces: Iterable[bytes | None], size: int) -> list[bytes | None]:
    """The same in smaller pieces."""
    return [
        part
        for piece in pieces
        for part in ([None] if piece is None else [piece[i : i + size] for i in range(0, len(piece), size)])
    ]


@pytest.mark.parametrize("size", [1, 7, 10_000])
@pytest.mark.parametrize("name", ANSWERS)
def test_responses_are_read_in_pieces_of_any_size(name: str, size: int) -> None:
    pieces, expected = ANSWERS[name]
    reader = ResponseReader()
    assert read(split(pieces, size), reader) == expected
    if expected[2]:
        # The next answer on the same connection owes nothing to this one.
        assert read([OK + b"Content-Length: 4\r\n\r\nnext"], reader) == (200, b"next", KEPT)


@pytest.mark.parametrize("name", SURPLUS)
def test_what_was_not_asked_for_ends_the_connection_and_not_the_answer(name: str) -> None:
    reader = ResponseReader()
    (piece,) = SURPLUS[name]
    assert piece is not None
    response = reader.feed(piece)
    assert response is not None
    assert (response.body, response.keep_alive, response.has_surplus) == (b"ok", False, True)


def test_a_response_alone_has_no_surplus() -> None:
    response = ResponseReader().feed(OK + b"Connection: close\r\nContent-Length: 2\r\n\r\nok")
    assert response is not None
    assert not response.has_surplus


@pytest.mark.parametrize("size", [1, 10_000])
@pytest.mark.parametrize("name", REFUSED)
def test_malformed_responses_raise_in_pieces_of_any_size(name: str, size: int) -> None:
    pieces, error = REFUSED[name]
    with pytest.raises(error):
        assert read(split(pieces, size)) is None


@pytest.mark.parametrize("fields", [b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n", b""])
def test_an_answer_to_head_ends_with_its_head(fields: bytes) -> None:
    status, body, _ = read([OK + fields + b"\r\n"], HeadResponseReader()) or (0, b"", False)
    assert (status, body) == (200, b"")


def test_a_body_that_answers_head_ends_the_connection() -> None:
    assert read([OK + b"Content-Length: 2\r\n\r\n"], HeadResponseReader()) == (200, b"", KEPT)
    assert read([OK + b"Content-Length: 2\r\n\r\nok"], HeadResponseReader()) == (200, b"", CLOSED)


def test_a_body_of_many_tiny_chunks() -> None:
    pieces = [OK + b"Transfer-Encoding: chunked\r\n\r\n", *[b"1\r\nx\r\n" * 5000] * 10, b"0\r\n\r\n"]
    assert read(pieces) == (200, b"x" * 50_000, KEPT)


def test_a_body_that_is_too_long() -> None:
    with pytest.raises(HTTPParseError, match="request it with stream=True"):
        read([OK + b"\r\n", *[b"x" * 60_000] * 3], ResponseReader(max_body_bytes=100_000))


TOO_LONG = b"Content-Length: 100001\r\n\r\n"
LIMIT_BYTES = 100_000


@pytest.mark.parametrize("size", [1, 7, 10_000])
@pytest.mark.parametrize(
    "head",
    [
        pytest.param(OK + TOO_LONG, id="one head"),
        pytest.param(OK + b"A: b\r\ncontent-LENGTH:\t 00000000000100001\r\n\r\n", id="written otherwise"),
        pytest.param(b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\n" + OK + TOO_LONG, id="after an interim response"),
        pytest.param(OK + TOO_LONG + b"and a part of the body", id="with a part of the body"),
        pytest.param(OK + b"Content-Length: 9999999999999999999\r\n\r\n", id="19 digits"),
    ],
)
def test_a_declared_length_beyond_the_limit_is_refused_with_the_head(head: bytes, size: int) -> None:
    with pytest.raises(HTTPParseError, match=r"^a body of \d+ bytes, more than 100000: request it with stream=True$"):
        read(split([head], size), ResponseReader(LIMIT_BYTES))


@pytest.mark.parametrize("size", [1, 10_000])
@pytest.mark.parametrize(
    ("head", "body"),
    [
        pytest.param(OK + b"Content-Length: 100000\r\n\r\n", b"x" * LIMIT_BYTES, id="as long as allowed"),
        pytest.param(OK + b"Content-Length: 5\r\n\r\n", b"\nContent-Length: 100001\r\n\r\n"[:5], id="a body"),
        pytest.param(b"HTTP/1.1 103 E\r\n" + TOO_LONG + OK + b"Content-Length: 2\r\n\r\n", b"ok", id="an interim one"),
        pytest.param(OK + b"X-Content-Length: 100001\r\nContent-Length: 2\r\n\r\n", b"ok", id="another field"),
        pytest.param(b"HTTP/1.1 304 No\r\n" + TOO_LONG, b"", id="304"),
    ],
)
def test_other_lengths_are_accepted(head: bytes, body: bytes, size: int) -> None:
    result = read(split([head + body], size), ResponseReader(LIMIT_BYTES))
    assert result is not None
    assert result[1] == body


def test_a_response_to_head_may_declare_any_length() -> None:
    assert read([OK + TOO_LONG], HeadResponseReader(LIMIT_BYTES)) == (200, b"", KEPT)


def test_chunks_are_refused_at_the_limit() -> None:
    chunk = b"2710\r\n" + b"x" * 10_000 + b"\r\n"
    reader = ResponseReader(LIMIT_BYTES)
    with pytest.raises(HTTPParseError, match="a body of more than 100000 bytes: request it with stream=True"):
        read([OK + b"Transfer-Encoding: chunked\r\n\r\n", *[chunk] * 1000], reader)
    assert reader.received <= LIMIT_BYTES + http11.MAX_HEAD_BYTES + len(chunk)


def test_a_long_body_is_held_once() -> None:
    size, piece = 32_000_000, b"x" * 32_000
    reader = ResponseReader()
    reader.feed(OK + b"Content-Length: %d\r\n\r\n" % size)
    tracemalloc.start()
    try:
        for _ in range(size // len(piece)):
            response = reader.feed(piece)
        assert response is not None
        assert len(response.body) == size
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # An eighth more is reserved while the body grows, and up to a hundred pieces wait to be joined.
    assert peak < 1.5 * size


def test_header_fields() -> None:
    reader = ResponseReader()
    answer = reader.feed(
        b"HTTP/1.1 103 Early\r\nLink: early\r\n\r\n"
        + OK
        + b"Set-Cookie: a=1\r\nX-Empty:\r\nX-Latin: \xe9\r\nset-cookie: b=2\r\nTransfer-Encoding: chunked\r\n\r\n"
        + b"2\r\nok\r\n0\r\nX-Trailer: no\r\n\r\n"
    )
    assert answer is not None
    headers = parse_headers(answer.head)
    assert headers["SET-COOKIE"] == ["a=1", "b=2"]
    assert dict(headers.items()) == {
        "Set-Cookie": "a=1",
        "set-cookie": "b=2",
        "X-Empty": "",
        "X-Latin": "é",
        "Transfer-Encoding": "chunked",
    }
    assert (answer.may_set_cookie, answer.may_be_coded) == (True, False)


ODD = b" \r\n\t0123456789:;,=HTTP/.100204304okContent-LengthTransfer-Encodingchunkedgzip\x00\xff"
odd_bytes = st.one_of(
    st.binary(max_size=200),
    st.lists(st.sampled_from([ODD[i : i + n] for i in range(len(ODD)) for n in (1, 5)]), max_size=60).map(b"".join),
    st.sampled_from([piece for pieces, _ in ANSWERS.values() for piece in pieces if piece]),
)


@given(st.lists(odd_bytes.filter(bool), max_size=6), st.sampled_from([ResponseReader, HeadResponseReader]))
def test_no_bytes_raise_anything_but_http_parse_error(pieces: list[bytes], kind: type[ResponseReader]) -> None:
    reader = kind()
    with suppress(HTTPParseError):
        for piece in [*pieces, None]:
            answer = reader.end() if piece is None else reader.feed(piece)
            if answer is not None:
                assert 200 <= answer.status <= 999
                assert len(answer.body) <= sum(map(len, pieces))
                parse_headers(answer.head)
                return


@given(st.integers(0, len(ANSWERS) - 1), st.integers(0, 10**6), st.integers(0, 255))
def test_one_changed_byte_does_no_harm(which: int, where: int, byte: int) -> None:
    pieces, _ = list(ANSWERS.values())[which]
    whole = bytearray(b"".join(piece for piece in pieces if piece))
    whole[where % len(whole)] = byte
    with suppress(HTTPParseError):
        read([bytes(whole), END])


def test_a_request_is_made_of_line_fields_and_body() -> None:
    head = request_line("POST", "/a?b=%20") + field_lines([("Host", "x:1"), ("X-Latin", "é"), ("X-Number", 5)])
    assert http11.request_with_body(head, b"ok") == (
        b"POST /a?b=%20 HTTP/1.1\r\nHost: x:1\r\nX-Latin: \xe9\r\nX-Number: 5\r\nContent-Length: 2\r\n\r\nok"
    )


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET /", "/"),
        ("", "/"),
        ("GET", "/ HTTP/1.1\r\nX: y"),
        ("GET", "//host/"),
        ("GET", "x"),
        ("GET", "/é"),
        ("GET", "/\n"),
    ],
)
def test_an_invalid_request_line_is_refused(method: str, target: str) -> None:
    with pytest.raises(InvalidRequestError, match=r"^invalid "):
        request_line(method, target)
    assert method != "GET" or not is_target(target)


@pytest.mark.parametrize("field", [("A\r\nB", "b"), ("A", "b\r\nX: y"), ("A", "b\n"), ("A", "→"), ("", "b")])
def test_an_invalid_header_field_is_refused(field: tuple[str, str]) -> None:
    with pytest.raises(InvalidRequestError, match=r"^invalid "):
        field_lines([field])


@given(st.text(st.sampled_from("/aZ09-._~!$&'()*+,;=:@?#[]%25aE3Ff4 é\n"), max_size=12).map("/".__add__))
def test_a_plain_target_is_what_geventhttpclient_would_ask_for(path: str) -> None:
    if is_target(path):
        assert URL(f"http://host{path}").quoted_uri == path
        request_line("GET", path)
