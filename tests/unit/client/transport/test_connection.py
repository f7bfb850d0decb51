"""A connection over a socket pair, in a hub with a clock of its own: nothing here waits."""

import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from geventhttpclient.response import HTTPConnectionClosed, HTTPParseError

from locust_asyncdjango.client.transport.connection import Connection
from locust_asyncdjango.client.transport.tls import RECEIVE_BYTES
from tests.support.fake_hub import FakeHub
from tests.support.responses import http_response

REQUEST = b"GET / HTTP/1.1\r\n\r\n"
TIMEOUT_S = 2.0


class Pair:
    """A connection, the peer's socket, and the hub between them."""

    def __init__(self) -> None:
        ours, self.peer = socket.socketpair()
        self.hub = FakeHub(self.peer)
        connected: Any = ours
        self.connection = Connection(connected, TIMEOUT_S, hub=self.hub, clock=self.hub.clock)

    def send(self, *events: Any, request: bytes = REQUEST, bodyless: bool = False) -> tuple[int, bytes, bool]:
        """Send a request while these events happen; return the status, the body and whether it is kept alive."""
        self.hub.events.extend(events)
        response = self.connection.send(request, bodyless)
        return response.status, response.body, response.keep_alive

    def hang_up(self) -> None:
        """Let the peer end the connection after what it has sent."""
        self.peer.shutdown(socket.SHUT_WR)

    def received(self, size: int = 1000) -> bytes:
        """Return what the peer has received."""
        return self.peer.recv(size)


@pytest.fixture
def pair() -> Iterator[Pair]:
    pair = Pair()
    yield pair
    pair.connection.close()
    pair.peer.close()


def test_a_request_and_its_response(pair: Pair) -> None:
    assert pair.send(http_response(200, b"first")) == (200, b"first", True)
    assert pair.received() == REQUEST
    assert pair.connection.is_quiet()
    assert pair.send(http_response(404, b"second"), request=b"POST / HTTP/1.1\r\n\r\n") == (404, b"second", True)
    assert pair.received() == b"POST / HTTP/1.1\r\n\r\n"


def test_a_response_in_pieces(pair: Pair) -> None:
    whole = http_response(200, b"body")
    assert pair.send(*(whole[i : i + 1] for i in range(len(whole)))) == (200, b"body", True)


def test_a_wakeup_without_bytes_is_no_end(pair: Pair) -> None:
    assert pair.send(pair.hub.notice, http_response()) == (200, b"ok", True)


def test_a_response_that_ends_with_the_connection(pair: Pair) -> None:
    assert pair.send(b"HTTP/1.1 200 OK\r\n\r\nok", pair.hang_up) == (200, b"ok", False)


def test_a_response_to_head_has_no_body(pair: Pair) -> None:
    assert pair.send(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", bodyless=True) == (200, b"", True)
    assert pair.send(http_response(200, b"next")) == (200, b"next", True)


@pytest.mark.parametrize(
    "events",
    [
        pytest.param([], id="closed without a response"),
        pytest.param([b"HTTP/1.1 200 OK\r\nContent-"], id="half a head"),
        pytest.param([b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok"], id="half a body"),
    ],
)
def test_a_connection_that_ends_early_raises(pair: Pair, events: list[bytes]) -> None:
    with pytest.raises(HTTPConnectionClosed):
        pair.send(*events, pair.hang_up)
    assert (pair.connection.received == 0) == (events == [])


def test_what_is_not_http_raises(pair: Pair) -> None:
    with pytest.raises(HTTPParseError):
        pair.send(b"SSH-2.0-OpenSSH_9.6\r\n")


def test_a_request_on_a_connection_that_the_peer_has_closed(pair: Pair) -> None:
    pair.peer.close()
    with pytest.raises(HTTPConnectionClosed):
        pair.send(pair.hub.notice)
    assert not pair.connection.received


def test_bytes_behind_a_full_buffer_spoil_the_connection(pair: Pair) -> None:
    head = len(http_response(200, b"x" * 30_000)) - 30_000
    full = http_response(200, b"x" * (RECEIVE_BYTES - head))
    assert len(full) == RECEIVE_BYTES
    pair.send(full)
    assert pair.connection.is_quiet()
    pair.send(full + http_response(200, b"surplus"))
    assert not pair.connection.is_quiet()
    assert pair.connection.has_surplus()


# Deadlines


def test_no_response_within_the_timeout(pair: Pair) -> None:
    began_s = pair.hub.now_s
    with pytest.raises(TimeoutError, match=r"no complete response within 2 s \(network_timeout\)"):
        pair.send(60.0)
    assert pair.hub.now_s - began_s == TIMEOUT_S


def test_a_peer_that_drips_is_cut_off(pair: Pair) -> None:
    began_s = pair.hub.now_s
    with pytest.raises(TimeoutError):
        pair.send(b"HTTP/1.1 200 OK\r\n", *[0.5, b"X"] * 100)
    # With one second more for each 1000 bytes, of which a few have come.
    assert TIMEOUT_S <= pair.hub.now_s - began_s < TIMEOUT_S + 0.1


def test_a_large_response_has_a_second_more_for_each_1000_bytes(pair: Pair) -> None:
    piece = [1.0, b"x" * 1000]
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 6000\r\n\r\n"
    assert pair.send(head, *piece * 6) == (200, b"x" * 6000, True)


def test_time_without_a_request_counts_for_no_deadline(pair: Pair) -> None:
    for idle_s in (0.0, 1.9, 2.0, 7.3, 100.0):
        pair.hub.pass_time(idle_s)
        assert pair.send(1.9, http_response()) == (200, b"ok", True)


# Requests that do not fit into the socket's buffer


def test_a_long_request_is_sent_piece_by_piece(pair: Pair) -> None:
    request = b"POST / HTTP/1.1\r\n\r\n" + bytes(range(256)) * 20_000
    received = bytearray()

    def read() -> None:
        pair.peer.settimeout(0)
        try:
            while data := pair.peer.recv(1_000_000):
                received.extend(data)
        except BlockingIOError:
            pair.peer.settimeout(None)
        if len(received) < len(request):
            pair.hub.events.append(read)
        else:
            # The time for the response begins when the request is sent.
            pair.hub.events.extend([1.9, http_response(413, b"too long")])

    assert pair.send(1.9, read, request=request) == (413, b"too long", True)
    assert bytes(received) == request


def test_a_long_request_that_is_refused_before_it_is_read(pair: Pair) -> None:
    def refuse() -> None:
        pair.peer.sendall(http_response(413, b"too long", "Connection: close"))
        pair.peer.shutdown(socket.SHUT_RDWR)

    # What it has not read is lost; its response is not.
    assert pair.send(refuse, pair.hub.notice, request=b"x" * 5_000_000) == (413, b"too long", False)


def test_a_long_request_that_nobody_reads(pair: Pair) -> None:
    began_s = pair.hub.now_s
    with pytest.raises(TimeoutError):
        pair.send(60.0, request=b"x" * 5_000_000)
    assert pair.hub.now_s - began_s == TIMEOUT_S


def send_pieces(pair: Pair, size: int, wait_s: float) -> int:
    """Send 20 pieces of a body, with a wait before each; return the status."""
    pair.hub.events.extend([*[wait_s] * 20, http_response()])
    status: int = pair.connection.send(REQUEST, bodyless=False, body=(b"x" * size for _ in range(20))).status
    return status


def test_a_peer_that_reads_piece_by_piece_is_cut_off(pair: Pair) -> None:
    began_s = pair.hub.now_s
    with pytest.raises(TimeoutError, match="network_timeout"):
        send_pieces(pair, 1, 1.9)
    # With one second more for each 1000 bytes, of which a few were sent.
    assert TIMEOUT_S <= pair.hub.now_s - began_s < TIMEOUT_S + 0.1


def test_a_long_body_has_a_second_more_for_each_1000_bytes(pair: Pair) -> None:
    assert send_pieces(pair, 1000, 1.0) == 200


def test_what_was_sent_at_once_does_not_lengthen_the_next_wait(pair: Pair) -> None:
    pair.hub.events.extend([0.0, 60.0])
    began_s = pair.hub.now_s
    with pytest.raises(TimeoutError):
        pair.connection.send(REQUEST, bodyless=False, body=[b"x" * 50_000, b"x"])
    assert pair.hub.now_s - began_s == TIMEOUT_S


def test_the_time_that_a_generator_takes_does_not_count(pair: Pair) -> None:
    def generate() -> Iterator[bytes]:
        for _ in range(3):
            pair.hub.pass_time(60.0)
            yield b"x"

    pair.hub.events.extend([0.5, 0.5, 0.5, http_response()])
    assert pair.connection.send(REQUEST, bodyless=False, body=generate()).status == 200


# Idle connections


def test_bytes_that_arrive_while_idle_are_noticed(pair: Pair) -> None:
    assert (pair.connection.undisturbed, pair.connection.is_quiet()) == (True, True)
    pair.peer.sendall(http_response(200, b"nobody requested it"))
    # Before the loop has run, only the system call knows.
    assert (pair.connection.undisturbed, pair.connection.is_quiet()) == (True, False)
    pair.hub.notice()
    assert (pair.connection.undisturbed, pair.connection.is_quiet()) == (False, False)


def test_a_close_while_idle_is_noticed(pair: Pair) -> None:
    pair.hang_up()
    assert not pair.connection.is_quiet()
    pair.hub.notice()
    assert not pair.connection.undisturbed


@pytest.mark.parametrize(
    ("sent", "closed", "is_surplus"),
    [
        pytest.param(http_response(200, b"nobody requested it"), False, True, id="a response"),
        pytest.param(b"x", False, True, id="a byte"),
        pytest.param(b"x" * 200_000, False, True, id="much"),
        pytest.param(b"\r\n", False, False, id="an empty line"),
        pytest.param(http_response(408, b"too late"), True, False, id="the reason for a close"),
        pytest.param(b"", True, False, id="a close"),
    ],
)
def test_what_a_surplus_is(pair: Pair, sent: bytes, closed: bool, is_surplus: bool) -> None:
    pair.peer.sendall(sent)
    if closed:
        pair.hang_up()
    assert not pair.connection.is_quiet()
    assert pair.connection.has_surplus() == is_surplus


def test_a_response_before_the_request_was_sent_spoils_the_connection(pair: Pair) -> None:
    def answer_and_read() -> None:
        pair.peer.sendall(http_response(200, b"early"))
        pair.peer.settimeout(0)
        try:
            while pair.peer.recv(1_000_000):
                pass
        except BlockingIOError:
            pair.peer.settimeout(None)

    def read() -> None:
        pair.peer.recv(1_000_000)

    status, body, _ = pair.send(answer_and_read, *[read] * 30, pair.hub.notice, request=b"x" * 1_000_000)
    assert (status, body) == (200, b"early")
    assert not pair.connection.is_quiet()
    assert not pair.connection.has_surplus()


# Closing


def test_close_twice_closes_once(pair: Pair) -> None:
    pair.connection.close()
    pair.connection.close()
    assert pair.received() == b""


def test_the_loop_closes_for_another_thread(pair: Pair) -> None:
    thread = threading.Thread(target=pair.connection.close)
    thread.start()
    thread.join()
    assert pair.send(http_response()) == (200, b"ok", True)
    for callback in pair.hub.threadsafe_callbacks:
        callback()
    assert pair.received() == REQUEST
    assert pair.received() == b""
