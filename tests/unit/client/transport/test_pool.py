"""Pools over connections that do what a script says."""

import gc
import weakref
from collections import deque
from typing import Any

import gevent
import pytest
from gevent.event import Event
from geventhttpclient.client import HTTPClientPool
from geventhttpclient.response import HTTPConnectionClosed, HTTPParseError
from geventhttpclient.url import URL

from locust_asyncdjango.client.http11 import RawResponse
from locust_asyncdjango.client.transport.pool import MAX_ORIGINS, Pool, Pools, pools_of_client_pool

REQUEST = b"GET / HTTP/1.1\r\n\r\n"


class FakeConnection:
    """Answers each request with the next outcome: a response, an exception, or an Event to wait for."""

    def __init__(self, *outcomes: Any) -> None:
        self.outcomes = deque(outcomes)
        self.quiet = True
        self.surplus = False
        self.received = 0
        self.closed = False
        self.sent = 0

    def is_quiet(self) -> bool:
        return self.quiet

    def has_surplus(self) -> bool:
        assert not self.quiet
        return self.surplus

    def send(self, request: bytes, bodyless: bool, *_: Any) -> RawResponse:
        assert (request, bodyless, self.closed) == (REQUEST, False, False)
        self.sent += 1
        outcome = self.outcomes.popleft() if self.outcomes else kept()
        if isinstance(outcome, BaseException):
            raise outcome
        if isinstance(outcome, Event):
            outcome.wait()
            return kept()
        response: RawResponse = outcome
        return response

    def close(self) -> None:
        self.closed = True


class Opener:
    """Opens these connections in turn; an exception stands for one that cannot be opened."""

    def __init__(self, *connections: FakeConnection | OSError) -> None:
        self.left = deque(connections)

    def __call__(self) -> Any:
        connection = self.left.popleft()
        if isinstance(connection, OSError):
            raise connection
        return connection


def kept() -> RawResponse:
    return RawResponse(200, b"", b"ok", keep_alive=True)


def last() -> RawResponse:
    return RawResponse(200, b"", b"ok", keep_alive=False)


def pool_of(*connections: FakeConnection | OSError, size: int = 1) -> Pool:
    return Pool(Opener(*connections), size)


def send(pool: Pool, repeatable: bool = True) -> RawResponse:
    response: RawResponse = pool.send(REQUEST, repeatable, bodyless=False)
    return response


def test_a_kept_connection_is_used_again() -> None:
    only = FakeConnection()
    pool = pool_of(only)
    for _ in range(3):
        assert send(pool).body == b"ok"
    assert (only.sent, only.closed) == (3, False)


def test_a_connection_that_is_not_kept_is_closed() -> None:
    first, second = FakeConnection(last()), FakeConnection()
    pool = pool_of(first, second)
    send(pool)
    assert first.closed
    send(pool)
    assert second.sent == 1


@pytest.mark.parametrize("repeatable", [True, False], ids=["GET", "POST"])
@pytest.mark.parametrize("quiet", [True, False])
def test_a_connection_is_used_again_if_nothing_came_on_it(quiet: bool, repeatable: bool) -> None:
    first, second = FakeConnection(), FakeConnection()
    pool = pool_of(first, second)
    send(pool)
    first.quiet = quiet
    send(pool, repeatable)
    assert (first.sent, first.closed, second.sent) == ((2, False, 0) if quiet else (1, True, 1))


def surplus() -> RawResponse:
    return RawResponse(200, b"", b"ok", keep_alive=False, has_surplus=True)


def test_after_a_surplus_no_connection_is_kept(caplog: pytest.LogCaptureFixture) -> None:
    connections = [FakeConnection() for _ in range(4)]
    pool = Pool(Opener(*connections), 1, "http://surplus:80")
    send(pool)
    connections[0].quiet, connections[0].surplus = False, True
    for _ in range(3):
        send(pool)
    assert [(each.sent, each.closed) for each in connections] == [(1, True)] * 4
    assert [record.message.partition(".")[0] for record in caplog.records] == [
        "http://surplus:80 sent bytes that were not requested"
    ]


def test_the_first_response_of_a_connection_counts_despite_a_surplus() -> None:
    connections = [FakeConnection(surplus()), FakeConnection(), FakeConnection()]
    pool = pool_of(*connections)
    assert [send(pool).body for _ in range(3)] == [b"ok"] * 3
    assert [(each.sent, each.closed) for each in connections] == [(1, True)] * 3


def test_a_later_response_with_a_surplus_may_be_another_one() -> None:
    first, second, third = FakeConnection(kept(), surplus()), FakeConnection(), FakeConnection()
    pool = pool_of(first, second, third)
    send(pool)
    with pytest.raises(HTTPParseError, match="more than one response came on a kept connection"):
        send(pool)
    send(pool)
    send(pool)
    assert [(each.sent, each.closed) for each in (first, second, third)] == [(2, True), (1, True), (1, True)]


def test_a_response_with_a_surplus_counts_if_its_connection_was_new_after_all() -> None:
    first, second = FakeConnection(kept(), HTTPConnectionClosed("x")), FakeConnection(surplus())
    pool = pool_of(first, second)
    send(pool)
    assert send(pool).body == b"ok"


CLOSED_ERRORS = (HTTPConnectionClosed("x"), ConnectionResetError(), BrokenPipeError())


@pytest.mark.parametrize("error", CLOSED_ERRORS, ids=repr)
def test_a_request_is_sent_again_where_a_kept_connection_was_closed(error: Exception) -> None:
    first, second = FakeConnection(kept(), error), FakeConnection()
    pool = pool_of(first, second)
    send(pool)
    assert send(pool).body == b"ok"
    assert (first.closed, second.sent) == (True, 1)


@pytest.mark.parametrize("error", CLOSED_ERRORS, ids=repr)
@pytest.mark.parametrize(
    ("repeatable", "received", "is_new"),
    [
        pytest.param(False, 0, False, id="a POST"),
        pytest.param(True, 9, False, id="a response had begun"),
        pytest.param(True, 0, True, id="the connection was new"),
    ],
)
def test_a_request_is_not_sent_again(error: Exception, repeatable: bool, received: int, is_new: bool) -> None:
    first, second = FakeConnection(*([error] if is_new else [kept(), error])), FakeConnection()
    pool = pool_of(first, second)
    if not is_new:
        send(pool)
    first.received = received
    with pytest.raises(type(error)):
        send(pool, repeatable)
    assert (first.closed, second.sent) == (True, 0)


@pytest.mark.parametrize("error", [TimeoutError(), HTTPParseError(), gevent.GreenletExit()], ids=repr)
def test_any_other_error_closes_the_connection_and_frees_its_place(error: BaseException) -> None:
    first, second = FakeConnection(kept(), error), FakeConnection()
    pool = pool_of(first, second)
    send(pool)
    with pytest.raises(type(error)):
        send(pool)
    assert first.closed
    assert send(pool).body == b"ok"


def test_a_connection_that_cannot_be_opened_frees_its_place() -> None:
    pool = pool_of(ConnectionRefusedError(), FakeConnection())
    with pytest.raises(ConnectionRefusedError):
        send(pool)
    assert send(pool).body == b"ok"


def test_no_more_connections_than_the_size() -> None:
    done = Event()
    connections = [FakeConnection(done) for _ in range(3)]
    pool = pool_of(*connections, size=2)
    greenlets = [gevent.spawn(send, pool) for _ in range(5)]
    gevent.idle()
    assert [connection.sent for connection in connections] == [1, 1, 0]
    done.set()
    assert [greenlet.get(timeout=10).body for greenlet in greenlets] == [b"ok"] * 5
    assert connections[2].sent == 0
    assert connections[0].sent + connections[1].sent == 5


def test_an_open_connection_is_preferred_to_a_closed_one() -> None:
    done = Event()
    first, second = FakeConnection(done), FakeConnection(done, last())
    pool = pool_of(first, second, size=2)
    gevent.joinall([gevent.spawn(send, pool), gevent.spawn(send, pool), gevent.spawn(done.set)], raise_error=True)
    for _ in range(4):
        send(pool)
    assert first.closed is False


def test_an_open_connection_is_preferred_to_one_that_was_closed_later() -> None:
    start, stop = Event(), Event()
    first, second = FakeConnection(start, stop), FakeConnection(start, kept(), stop)
    third, new = FakeConnection(start, last()), FakeConnection()
    pool = pool_of(first, second, third, new, size=3)
    gevent.joinall([*(gevent.spawn(send, pool) for _ in range(3)), gevent.spawn(start.set)], raise_error=True)
    waiting = [gevent.spawn(send, pool)]
    gevent.idle()
    send(pool)
    assert third.closed
    send(pool)
    assert (first.sent, second.sent, new.sent) == (2, 2, 0)
    # The place of the closed connection is not lost.
    waiting.append(gevent.spawn(send, pool))
    gevent.idle()
    send(pool)
    assert (first.sent, second.sent, new.sent) == (2, 3, 1)
    stop.set()
    gevent.joinall(waiting, raise_error=True)


def test_a_greenlet_that_is_killed_while_it_waits_takes_no_place() -> None:
    done = Event()
    pool = pool_of(FakeConnection(done))
    first, killed, third = (gevent.spawn(send, pool) for _ in range(3))
    gevent.idle()
    killed.kill()
    done.set()
    assert [first.get(timeout=10).body, third.get(timeout=10).body] == [b"ok", b"ok"]


def test_a_pool_that_is_gone_closes_its_connections() -> None:
    done = Event()
    connections = [FakeConnection(done) for _ in range(2)]
    pool = pool_of(*connections, size=2)
    gevent.joinall([gevent.spawn(send, pool), gevent.spawn(send, pool), gevent.spawn(done.set)], raise_error=True)
    del pool
    gc.collect()
    assert [connection.closed for connection in connections] == [True, True]


# Pools


def pools_with(**client_args: Any) -> Pools:
    """Return the pools of a client pool with these arguments."""
    pools = pools_of_client_pool(HTTPClientPool(**client_args))
    assert pools is not None
    return pools


def test_each_origin_has_a_pool() -> None:
    pools = pools_with()
    pool = pools.pool_for(URL("http://host/a?b"))
    assert pools.pool_for(URL("http://host:80/c")) is pool
    assert pools.pool_for(URL("http://host:81/")) is not pool
    assert pools.pool_for(URL("http://other/")) is not pool
    assert pools.pool_for(URL("https://host:80/")) is not pool


@pytest.mark.parametrize(
    ("settings", "url", "expected"),
    [
        pytest.param({}, "http://host/", ("", []), id="no proxy"),
        pytest.param({"proxy_host": "p", "proxy_port": 1}, "http://host/", ("http://host:80", []), id="a proxy"),
        pytest.param({"proxy_host": "p", "proxy_port": 1}, "http://[::1]:8/", ("http://[::1]:8", []), id="IPv6"),
        pytest.param({"proxy_host": "p", "proxy_port": 1, "proxy_user": "u"}, "https://host/", ("", []), id="a tunnel"),
        pytest.param(
            {"proxy_host": "p", "proxy_port": 1, "proxy_user": "u", "proxy_password": "p"},
            "http://host/",
            ("http://host:80", [("Proxy-Authorization", "Basic dTpw")]),
            id="credentials",
        ),
    ],
)
def test_what_a_proxy_needs(settings: dict[str, Any], url: str, expected: Any) -> None:
    assert pools_with(**settings).for_proxy(URL(url)) == expected


def test_the_pools_of_many_origins_are_not_all_kept() -> None:
    pools = pools_with()
    first = pools.pool_for(URL("http://host/"))
    assert pools.pool_for(URL(f"http://{'x' * 300}/")) is not pools.pool_for(URL(f"http://{'x' * 300}/"))
    for port in range(1, MAX_ORIGINS):
        pools.pool_for(URL(f"http://other:{port}/"))
    assert pools.pool_for(URL("http://host/")) is first
    second = pools.pool_for(URL("http://other:1/"))
    for port in range(1000, 1000 + MAX_ORIGINS - 1):
        pools.pool_for(URL(f"http://other:{port}/"))
    assert pools.pool_for(URL("http://other:1/")) is second
    assert pools.pool_for(URL("http://host/")) is not first


@pytest.mark.parametrize(
    ("settings", "serves"),
    [
        pytest.param({}, True, id="none"),
        pytest.param({"concurrency": 3, "network_timeout": 1.0, "connection_timeout": 2.0}, True, id="obeyed"),
        pytest.param({"insecure": True, "ssl_context_factory": print, "ssl_options": {}}, True, id="of TLS"),
        pytest.param({"proxy_host": "127.0.0.1", "proxy_port": 1}, True, id="a proxy"),
        pytest.param({"network_timeout": None}, True, id="no timeout"),
        pytest.param({"headers": None}, True, id="not set"),
        pytest.param({"version": "HTTP/1.0"}, False, id="one that only geventhttpclient knows"),
    ],
)
def test_our_connections_serve_where_they_obey_all_settings(settings: dict[str, Any], serves: bool) -> None:
    assert (pools_of_client_pool(HTTPClientPool(**settings)) is not None) == serves


def test_sessions_with_one_client_pool_share_pools() -> None:
    shared, other = HTTPClientPool(concurrency=2), HTTPClientPool()
    assert pools_of_client_pool(shared) is pools_of_client_pool(shared)
    assert pools_of_client_pool(shared) is not pools_of_client_pool(other)


def test_pools_do_not_keep_their_client_pool_alive() -> None:
    pool = HTTPClientPool()
    pools, gone = pools_of_client_pool(pool), weakref.ref(pool)
    del pool
    gc.collect()
    assert gone() is None
    assert pools is not None
