"""The proxy as a program: what it does to time, never too early, and what is changed while it runs."""

import socket
import time
from typing import Any

import pytest

from tests.support.programs import DEADLINE_S
from tests.support.proxy import (
    BOUND,
    CLEAR,
    Proxied,
    duration_s,
    is_silent,
    proxied,
    receive_all,
    receive_exactly,
    send_until_blocked,
)


def test_a_fin_takes_as_long_as_data() -> None:
    with proxied("--upstream-latency-ms=100") as proxy, proxy.pair() as (client, server):
        begin_s = time.monotonic()
        client.shutdown(socket.SHUT_WR)
        assert server.recv(1) == b""
        assert time.monotonic() - begin_s >= 0.1


def test_settings_change_while_a_connection_is_open(shared_proxy: Proxied) -> None:
    assert shared_proxy.patch(**CLEAR)[0] == 200
    with shared_proxy.pair() as (client, server):

        def there_and_back() -> None:
            client.sendall(b"question")
            server.sendall(receive_exactly(server, 8))
            assert receive_exactly(client, 8) == b"question"

        there_and_back()
        assert shared_proxy.patch(latency_ms=100, upstream_latency_ms=50)[0] == 200
        assert duration_s(there_and_back) >= 0.15
        assert shared_proxy.patch(**CLEAR)[0] == 200
        there_and_back()
        assert shared_proxy.patch(jitter_ms=1, upstream_kb_per_s=1)[0] == 200
        assert duration_s(there_and_back) >= 0.008


def test_a_wrong_change_is_refused_and_says_why(shared_proxy: Proxied) -> None:
    def names_and_values() -> dict[str, Any]:
        # Connections of other tests may still be ending.
        return {name: value for name, value in shared_proxy.send("GET")[1].items() if name != "counters"}

    before = names_and_values()
    assert shared_proxy.patch(latency_ms=1, colour="red") == (
        400,
        {"error": f"there is no setting 'colour'; choose from {', '.join(before)}"},
    )
    assert shared_proxy.send("PATCH", "nonsense")[0] == 400
    assert names_and_values() == before


def test_opening_and_first_answer_take_a_round_trip_each() -> None:
    with proxied("--latency-ms=60", "--upstream-latency-ms=40") as proxy:
        begin_s = time.monotonic()
        with proxy.pair() as (client, server):
            server.sendall(b"greeting")
            assert receive_exactly(client, 8) == b"greeting"
            assert time.monotonic() - begin_s >= 0.2
        begin_s = time.monotonic()
        with proxy.client() as client:
            client.sendall(b"question")
            with proxy.listener.accept()[0] as server:
                server.settimeout(DEADLINE_S)
                assert receive_exactly(server, 8) == b"question"
                assert time.monotonic() - begin_s >= 0.14
                server.sendall(b"answer")
                assert receive_exactly(client, 6) == b"answer"
                assert time.monotonic() - begin_s >= 0.2


def test_connections_are_reset_after_a_time() -> None:
    with proxied("--reset-after-ms=100") as proxy:
        begin_s = time.monotonic()
        with proxy.pair() as (client, server):
            for sock in (client, server):
                with pytest.raises(ConnectionResetError):
                    sock.recv(1)
                assert time.monotonic() - begin_s >= 0.1
        assert proxy.patch(reset_after_ms=None)[0] == 200
        with proxy.pair() as (client, server):
            client.sendall(b"question")
            assert receive_exactly(server, 8) == b"question"
            assert proxy.patch(reset_after_ms=0)[0] == 200
            for sock in (client, server):
                with pytest.raises(ConnectionResetError):
                    sock.recv(1)


def test_after_a_timeout_no_data_pass_and_the_connection_is_closed() -> None:
    with proxied("--timeout-after-ms=100") as proxy:
        begin_s = time.monotonic()
        with proxy.pair() as (client, server):
            client.sendall(b"question")
            server.sendall(b"greeting")
            assert [receive_all(client), receive_all(server)] == [b"", b""]
            assert time.monotonic() - begin_s >= 0.1


def test_a_timeout_of_0_closes_when_it_is_lifted() -> None:
    with proxied() as proxy, proxy.pair() as (client, server):
        client.sendall(b"question")
        assert receive_exactly(server, 8) == b"question"
        assert proxy.patch(timeout_after_ms=0)[0] == 200
        client.sendall(b"more")
        assert is_silent(server, 0.2)
        assert proxy.patch(timeout_after_ms=None)[0] == 200
        assert [receive_all(client), receive_all(server)] == [b"", b""]


def test_a_rate_is_kept_and_holds_up_the_sender() -> None:
    with proxied("--kb-per-s=100", "--latency-ms=20") as proxy, proxy.pair() as (client, server):
        server.sendall(bytes(40_000))
        assert duration_s(lambda: receive_exactly(client, 40_000)) >= 0.3
        assert 0 < send_until_blocked(server, bytes(BOUND)) < BOUND
    with proxied("--kb-per-s=100") as proxy, proxy.pair() as (client, server):
        begin_s = time.monotonic()
        server.sendall(bytes(40_000))
        receive_exactly(client, 40_000)
        assert time.monotonic() - begin_s >= 0.4
