"""FastUser on connections that are kept, cut, slow, shared and hostile."""

import gc
import random
import re
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import gevent
import pytest
from geventhttpclient.client import HTTPClientPool

from locust_asyncdjango.client.transport.tls import RECEIVE_BYTES
from tests.support.recorded_user import RecordedUser
from tests.support.responses import RESPONSES, http_response
from tests.support.scripted_server import (
    CLOSE,
    RESET,
    ReceivedRequest,
    Step,
    serve_script,
)

FUZZED = 4_000


def after(first: Sequence[Step], then: Sequence[Step]) -> Callable[[ReceivedRequest], Sequence[Step]]:
    """Return a script that answers the first request, then the second, and each further one with its own body."""
    steps = iter([first, then])
    return lambda received: next(steps, [http_response(200, received.body or b"well")])


def wait_until(true: Callable[[], object]) -> None:
    """Poll a condition for up to 10 s, then let the loop run once more: it has to notice what has come."""
    with gevent.Timeout(10):
        while not true():
            gevent.sleep(0.01)
    gevent.sleep(0.01)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_connection_that_was_closed_while_idle_is_not_used(method: str) -> None:
    with serve_script(after([http_response(), CLOSE], [http_response()])) as server:
        ours = RecordedUser(server.url)
        ours.client.get("/")
        wait_until(lambda: server.completed)
        ours.client.request(method, "/", data=b"form" if method == "POST" else None)
        assert (ours.kinds, server.connections, len(server.received)) == (["", ""], 2, 2)


@pytest.mark.parametrize(
    ("method", "how", "kinds", "received"),
    [
        ("GET", CLOSE, ["", ""], 3),
        ("GET", RESET, ["", ""], 3),
        ("PUT", CLOSE, ["", ""], 3),
        ("POST", CLOSE, ["", "connection_dropped"], 2),
        ("PATCH", RESET, ["", "connection_dropped"], 2),
    ],
)
def test_repeatable_requests_are_sent_again(method: str, how: str, kinds: list[str], received: int) -> None:
    with serve_script(after([http_response()], [how])) as server:
        ours = RecordedUser(server.url)
        ours.client.get("/")
        ours.client.request(method, "/", data=b"x")
        assert (ours.kinds, len(server.received)) == (kinds, received)


def test_nothing_is_sent_anew_once_an_answer_has_begun() -> None:
    with serve_script(after([http_response()], [b"HTTP/1.1 200", CLOSE])) as server:
        ours = RecordedUser(server.url)
        ours.client.get("/")
        ours.client.get("/")
        assert (ours.kinds, len(server.received)) == (["", "connection_dropped"], 2)


def test_an_answer_that_nobody_asked_for_is_not_taken_for_the_next() -> None:
    surplus = http_response(200, b"stolen")
    with serve_script(after([http_response(), 0.05, surplus], [http_response()])) as server:
        ours = RecordedUser(server.url)
        ours.client.get("/")
        wait_until(lambda: server.completed)
        assert ours.client.get("/").content == b"ok"
        assert (ours.kinds, server.connections) == (["", ""], 2)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("delay_s", [0.0, 0.01])
def test_no_response_is_taken_for_that_of_another_request(method: str, delay_s: float) -> None:
    surplus = http_response(200, b"surplus")
    with serve_script(lambda request: [http_response(200, request.path.encode()), delay_s, surplus]) as server:
        ours = RecordedUser(server.url)
        assert ours.client.request(method, "/first").content == b"/first"
        wait_until(lambda: server.completed)  # the surplus is sent
        for n in range(29):
            assert ours.client.request(method, f"/{n}").content == b"/%d" % n
        assert ours.kinds == [""] * 30
        assert server.connections == 30


def test_a_second_answer_right_behind_a_full_buffer_is_not_taken_for_the_next() -> None:
    full = http_response(200, b"x" * (RECEIVE_BYTES - len(http_response(200, b"x" * 30_000)) + 30_000))
    with serve_script(after([full + http_response(200, b"stolen")], [http_response()])) as server:
        ours = RecordedUser(server.url)
        assert len(full) == RECEIVE_BYTES
        assert ours.client.get("/").status_code == 200
        assert ours.client.get("/").content == b"ok"


def test_a_peer_that_drips_is_cut_off() -> None:
    piece: list[Step] = [0.05, b"X"]
    drip: list[Step] = [b"HTTP/1.1 200 OK\r\n", *piece * 100]
    with serve_script(lambda _: drip) as server:
        ours = RecordedUser(server.url, network_timeout=0.3)
        assert ours.client.get("/").status_code == 0
        assert ours.kinds == ["timeout"]
        assert 300 <= ours.events[0]["response_time"] < 4000


def test_a_large_answer_may_take_longer_than_the_timeout() -> None:
    piece = b"x" * 20_000
    later: list[Step] = [0.5, piece]
    parts: list[Step] = [b"HTTP/1.1 200 OK\r\nContent-Length: 160000\r\n\r\n" + piece, *later * 7]
    with serve_script(lambda _: parts) as server:
        ours = RecordedUser(server.url, network_timeout=2.0)
        assert len(ours.client.get("/").content) == 160_000
        assert ours.kinds == [""]


def test_a_timeout_does_not_shorten_the_next() -> None:
    with serve_script(lambda received: [0.5, http_response(200, received.path.encode())]) as server:
        ours = RecordedUser(server.url, network_timeout=2.0)
        assert [ours.client.get(f"/{n}").content for n in range(5)] == [b"/%d" % n for n in range(5)]


def test_a_long_request_that_nobody_reads() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ours = RecordedUser(f"http://127.0.0.1:{listener.getsockname()[1]}", network_timeout=0.3)
        ours.client.post("/", data=b"x" * 30_000_000)
        assert ours.kinds == ["timeout"]


def test_a_long_request_that_is_refused_before_it_is_read() -> None:
    def refuse() -> None:
        accepted, _ = listener.accept()
        with accepted:
            accepted.recv(1000)
            accepted.sendall(http_response(413, b"too long", "Connection: close"))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=refuse)
        thread.start()
        ours = RecordedUser(f"http://127.0.0.1:{listener.getsockname()[1]}")
        response = ours.client.post("/", data=b"x" * 30_000_000)
        thread.join()
        assert (response.status_code, response.content, ours.kinds) == (413, b"too long", ["client_error"])


def get_all(ours: Sequence[RecordedUser], paths: Sequence[str]) -> list[bytes]:
    """Send a GET by each user, all at once, and return the contents of the responses."""
    greenlets = [gevent.spawn(user.client.get, path) for user, path in zip(ours, paths, strict=True)]
    return [greenlet.get().content for greenlet in greenlets]


def test_several_greenlets_share_a_session() -> None:
    paths = [f"/{n}" for n in range(9)]
    with serve_script(lambda received: [0.05, http_response(200, received.path.encode())]) as server:
        ours = RecordedUser(server.url, concurrency=3)
        assert get_all([ours] * 9, paths) == [path.encode() for path in paths]
        assert (ours.kinds, server.connections) == ([""] * 9, 3)


def test_several_users_share_a_client_pool() -> None:
    paths = [f"/{n}" for n in range(6)]
    pool = HTTPClientPool(concurrency=2, network_timeout=5.0)
    with serve_script(lambda received: [0.05, http_response(200, received.path.encode())]) as server:
        users = [RecordedUser(server.url, client_pool=pool) for _ in paths]
        assert get_all(users, paths) == [path.encode() for path in paths]
        assert server.connections == 2


def test_a_killed_greenlet_gives_its_connection_back() -> None:
    with serve_script(after([5.0], [http_response()])) as server:
        ours = RecordedUser(server.url, concurrency=1)
        greenlet = gevent.spawn(ours.client.get, "/slow")
        wait_until(lambda: server.received)
        greenlet.kill()
        assert ours.client.get("/").status_code == 200
        assert [event["name"] for event in ours.events] == ["/"]


def open_files() -> int:
    """Return how many file descriptors this process has open."""
    gc.collect()
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.parametrize("settings", [{}, {"ssl_context_factory": lambda _user: ssl.create_default_context()}])
def test_a_user_that_is_gone_leaves_no_connection(settings: dict[str, Any]) -> None:
    with serve_script(lambda _: [http_response()]) as server:
        before = open_files()
        users = [RecordedUser(server.url, **settings) for _ in range(20)]
        get_all(users, ["/"] * 20)
        assert open_files() >= before + 20
        del users
        wait_until(lambda: open_files() <= before + 2)


def test_a_user_that_is_collected_in_another_thread_leaves_no_connection() -> None:
    with serve_script(lambda _: [http_response()]) as server:
        before = open_files()
        users = [RecordedUser(server.url) for _ in range(20)]
        get_all(users, ["/"] * 20)

        def forget() -> None:
            users.clear()
            gc.collect()

        thread = threading.Thread(target=forget)
        thread.start()
        thread.join()
        # The loop closes them: whoever runs in another thread must not touch what it may be calling.
        assert open_files() >= before + 20
        wait_until(lambda: open_files() <= before + 2)


def test_many_paths_are_not_all_kept_prepared() -> None:
    with serve_script(lambda received: [http_response(200, received.line.encode())]) as server:
        ours = RecordedUser(server.url)
        for n in range(300):
            assert ours.client.get(f"/?n={n}", name="/").content == b"GET /?n=%d HTTP/1.1" % n
        assert len(ours.client._preparer.kept) <= 64


def test_kinds_are_what_locust_shows() -> None:
    with serve_script(lambda received: RESPONSES[received.path]) as server:
        ours = RecordedUser(server.url, network_timeout=0.3)
        for path in ("/rubbish", "/silent", "/dropped", "/half-body", "/bad-gzip", "/zstd", "/loop"):
            ours.client.get(path)
        assert ours.kinds == [
            "protocol_error",
            "timeout",
            "connection_dropped",
            "connection_dropped",
            "protocol_error",
            "protocol_error",
            "protocol_error",
        ]
        assert repr(ours.events[0]["exception"]).startswith("protocol_error: HTTPParseError: not an HTTP response: ")


# Without redirects, which changed by chance could lead anywhere.
WHOLE = [
    whole
    for steps in RESPONSES.values()
    if len(whole := b"".join(step for step in steps if isinstance(step, bytes))) < 10_000 and b"Location" not in whole
]
INSERTED = (b"\r\n", b"\r\n\r\n", b"\x00", b"HTTP/1.1 200 OK\r\n", b"Content-Length: 5\r\n", b"0\r\n\r\n", b"\xff" * 9)


def fuzzed(seed: int) -> list[Step]:
    """Return a response with random damage, always the same for a seed. Most connections are closed after it."""
    chance = random.Random(seed)  # the same each time
    response = bytearray(chance.choice(WHOLE))
    for _ in range(chance.choice([0, 1, 1, 2, 5])):
        where = chance.randrange(len(response) + 1)
        match chance.randrange(4):
            case 0:
                response[where : where + 1] = bytes([chance.randrange(256)])
            case 1:
                response[where:where] = chance.choice(INSERTED)
            case 2:
                del response[where : where + chance.randrange(20)]
            case _:
                response[where:] = response[where : where + chance.randrange(200)]
    cut = chance.randrange(len(response) + 1)
    pieces: list[Step] = [bytes(response[:cut]), bytes(response[cut:])]
    match chance.randrange(30):
        case 0:
            return pieces
        case n if n < 4:
            return [*pieces, RESET]
        case _:
            return [*pieces, CLOSE]


def fuzz_script(received: ReceivedRequest) -> Sequence[Step]:
    """Return the damaged response for the number in the path."""
    number = re.search(r"\d+", received.path)
    return fuzzed(int(number[0])) if number else [CLOSE]


def test_each_response_is_reported_once() -> None:
    numbers = iter(range(FUZZED))

    def send_numbers(ours: RecordedUser) -> None:
        for number in numbers:
            response = ours.client.get(f"/{number}", name=str(number))
            with suppress(ValueError, TypeError):
                response.json()
            assert response.text is None or isinstance(response.text, str)

    with serve_script(fuzz_script) as server:
        users = [RecordedUser(server.url, network_timeout=0.2, max_redirects=3) for _ in range(20)]
        gevent.joinall([gevent.spawn(send_numbers, ours) for ours in users], timeout=300, raise_error=True)
    reported = sorted(int(event["name"]) for ours in users for event in ours.events)
    assert reported == list(range(FUZZED))
    assert {kind for ours in users for kind in ours.kinds} >= {"", "connection_dropped", "protocol_error", "timeout"}
