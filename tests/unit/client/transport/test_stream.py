"""Streamed responses over a loan whose bytes are scripted."""

from collections import deque
from typing import Any

import pytest
from geventhttpclient.response import HTTPConnectionClosed, HTTPParseError

from locust_asyncdjango.client.http11 import MAX_BODY_BYTES, MAX_HEAD_BYTES
from locust_asyncdjango.client.transport.stream import Loan, StreamedResponse, StreamReader
from tests.support.responses import chunked, http_response


class FakeConnection:
    """Receives these pieces, and then the end. It keeps the reads that were begun, and how it was given back."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = deque(pieces)
        self.received = self.reads = 0
        self.given_back: list[tuple[bool, bool]] = []

    def begin_read(self) -> None:
        self.reads += 1
        self.received = 0

    def receive(self) -> bytes:
        piece = self.pieces.popleft() if self.pieces else b""
        self.received += len(piece)
        return piece

    def give_back(self, keep: bool, surplus: bool) -> None:
        self.given_back.append((keep, surplus))


def opened(first: bytes, *later: bytes, method: str = "GET") -> tuple[StreamedResponse, FakeConnection]:
    """Return a response whose head came in the first bytes, and its connection."""
    response = StreamReader(method).feed(first)
    assert response is not None
    connection: Any = FakeConnection(*later)
    response.borrow(Loan(connection, connection.give_back))
    return response, connection


KEPT, CLOSED, SURPLUS = [(True, False)], [(False, False)], [(False, True)]


@pytest.mark.parametrize(
    ("pieces", "body", "given_back"),
    [
        pytest.param([http_response()], b"ok", KEPT, id="all at once"),
        pytest.param([http_response()[:-1], b"k"], b"ok", KEPT, id="in two pieces"),
        pytest.param([chunked(b"o")[:-5], b"1\r\nk\r\n0\r\n\r\n"], b"ok", KEPT, id="chunks"),
        pytest.param([http_response(200, b"ok", "Connection: close")], b"ok", CLOSED, id="the last one"),
        pytest.param([b"HTTP/1.1 200 OK\r\n\r\no", b"k", b""], b"ok", CLOSED, id="until the end"),
        pytest.param([http_response() + b"surplus"], b"ok", SURPLUS, id="surplus"),
        pytest.param([http_response() + http_response(500, b"stolen")], b"ok", SURPLUS, id="another response"),
        pytest.param([http_response()[:-1], b"k" + http_response(500)], b"ok", SURPLUS, id="another one later"),
    ],
)
def test_a_body_that_is_read(pieces: list[bytes], body: bytes, given_back: list[tuple[bool, bool]]) -> None:
    response, connection = opened(*pieces)
    assert (response.get_code(), response.read()) == (200, body)
    assert connection.given_back == given_back


def test_a_response_without_a_body_gives_its_connection_back_at_once() -> None:
    for first, method in (
        (http_response(), "HEAD"),
        (b"HTTP/1.1 204 X\r\n\r\n", "GET"),
        (http_response(200, b""), "GET"),
    ):
        head = first.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
        response, connection = opened(head, method=method)
        assert (response.read(), connection.given_back) == (b"", KEPT)


def test_a_response_that_is_not_read_to_its_end_closes_its_connection() -> None:
    response, connection = opened(http_response()[:-1])
    assert (response.read(1), connection.given_back) == (b"o", [])
    response.release()
    response.release()
    assert connection.given_back == CLOSED


def test_a_response_that_nobody_has_any_longer_closes_its_connection() -> None:
    response, connection = opened(http_response()[:-1])
    del response
    assert connection.given_back == CLOSED


def test_interim_responses_are_skipped() -> None:
    response, _ = opened(b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\n" + http_response(404))
    assert (response.get_code(), "link" in response.info()) == (404, False)


def test_a_body_that_is_cut_short() -> None:
    response, connection = opened(http_response()[:-1])
    with pytest.raises(HTTPParseError):
        response.read()
    assert connection.given_back == CLOSED


def test_each_read_has_limits_of_its_own() -> None:
    response, connection = opened(http_response(200, b"abc")[:-3], b"a", b"b", b"c")
    assert [response.read(1) for _ in range(3)] == [b"a", b"b", b"c"]
    assert connection.reads == 4  # and one for what is read when the head comes


def test_one_read_of_too_much() -> None:
    response, connection = opened(b"HTTP/1.1 200 OK\r\n\r\n", b"x", b"x")

    def receive() -> bytes:
        connection.received = MAX_BODY_BYTES + MAX_HEAD_BYTES + 1
        return b"x"

    connection.receive = receive  # type: ignore[method-assign]
    with pytest.raises(HTTPParseError, match="one read of more than 268435456 bytes of a body"):
        response.read()
    assert response.read() == b""  # nothing of it is kept


@pytest.mark.parametrize("piece", [b"1;" + b"a" * 1000, b"0\r\n" + b"X-A: b\r\n" * 100], ids=["extension", "trailers"])
def test_extensions_and_trailers_without_end(piece: bytes) -> None:
    more = piece[-800:]
    response, _ = opened(chunked(b"ok")[:-5], piece, *[more] * 200)
    with pytest.raises(HTTPParseError, match="more than 65536 bytes of chunk extensions or trailers"):
        response.read()
    assert "x-a" not in response.info()


def test_a_head_without_end() -> None:
    reader = StreamReader("GET")
    assert reader.feed(b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 8000) is None
    with pytest.raises(HTTPParseError, match="a response head of more than 65536 bytes"):
        reader.feed(b"X-A: b\r\n" * 1000)


@pytest.mark.parametrize("received", [b"", b"HTTP/1.1 200"])
def test_a_connection_that_ends_before_the_head(received: bytes) -> None:
    reader = StreamReader("GET")
    if received:
        assert reader.feed(received) is None
    with pytest.raises(HTTPConnectionClosed, match="middle of a response" if received else "before a response"):
        reader.end()
