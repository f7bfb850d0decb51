"""The proxy as a program: what it does to the bytes and the ends of connections."""

import asyncio
import contextlib
import errno
import hashlib
import os
import resource
import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.programs import DEADLINE_S, done
from tests.support.proxy import (
    BOUND,
    CLEAR,
    MUCH,
    PROXY,
    Proxied,
    duration_s,
    proxied,
    receive_all,
    receive_exactly,
    reset,
    send_chunks,
    send_until_blocked,
)

chunk_lists = st.lists(st.binary(max_size=3000) | st.integers(1, 200_000).map(os.urandom), max_size=8)
delays_ms = st.sampled_from((0, 0, 1, 5, 20))
link_settings = {"latency_ms": delays_ms, "jitter_ms": delays_ms, "jitter": st.sampled_from(("uniform", "normal"))}
rates = {"kb_per_s": st.none() | st.integers(2_000, 100_000)}
directions = {
    **link_settings,
    **rates,
    **{f"upstream_{name}": value for name, value in (link_settings | rates).items()},
}


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(chunk_lists, chunk_lists, st.fixed_dictionaries(directions))
def test_not_a_byte_is_lost_or_reordered(
    shared_proxy: Proxied, up: list[bytes], down: list[bytes], values: dict[str, object]
) -> None:
    assert shared_proxy.patch(**values)[0] == 200
    with shared_proxy.pair() as (client, server), ThreadPoolExecutor(4) as threads:
        sending = [threads.submit(send_chunks, client, up), threads.submit(send_chunks, server, down)]
        received = [threads.submit(receive_all, server), threads.submit(receive_all, client)]
        assert [future.result() for future in received] == [b"".join(up), b"".join(down)]
        assert [future.result() for future in sending] == [None, None]


def test_a_thousand_connections_at_once_each_get_their_own_bytes() -> None:
    count, size = 1000, 20_000
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.close()
        await writer.wait_closed()

    async def exchange(proxy: Proxied, everybody: asyncio.Barrier) -> bool:
        reader, writer = await asyncio.open_connection(*proxy.address)
        data = os.urandom(size)
        writer.write(data[:100])
        received = await reader.readexactly(100)
        await everybody.wait()
        writer.write(data[100:])
        writer.write_eof()
        received += await reader.read(-1)
        writer.close()
        await writer.wait_closed()
        return received == data

    async def scenario(proxy: Proxied) -> list[bool]:
        server = await asyncio.start_server(echo, sock=proxy.listener, backlog=4 * count)
        everybody = asyncio.Barrier(count)
        async with server:
            return await asyncio.gather(*(exchange(proxy, everybody) for _ in range(count)))

    with proxied("--latency-ms=20", "--jitter-ms=10") as proxy:
        assert asyncio.run(scenario(proxy)) == [True] * count
        counters = proxy.send("GET")[1]["counters"]
        assert counters["connections"] == count
        assert counters["bytes_upstream"] == counters["bytes_downstream"] == count * size


@pytest.mark.parametrize("delay", ["0", "30"])
def test_either_side_can_end_while_the_other_goes_on(delay: str) -> None:
    with proxied(f"--latency-ms={delay}", f"--upstream-latency-ms={delay}") as proxy:
        for turn in (1, -1):
            with proxy.pair() as both:
                first, second = both[::turn]
                first.sendall(b"question")
                first.shutdown(socket.SHUT_WR)
                assert receive_all(second) == b"question"
                second.sendall(b"an")
                assert receive_exactly(first, 2) == b"an"
                second.sendall(b"swer")
                second.shutdown(socket.SHUT_WR)
                assert receive_all(first) == b"swer"


@pytest.mark.parametrize("flags", [(), ("--latency-ms=1", "--upstream-latency-ms=1")], ids=["straight", "delayed"])
@pytest.mark.parametrize("turn", [1, -1], ids=["upstream", "downstream"])
def test_a_receiver_that_does_not_read_stops_the_sender(flags: tuple[str, ...], turn: int) -> None:
    data = os.urandom(BOUND + MUCH)
    with proxied(*flags) as proxy, proxy.pair() as both, ThreadPoolExecutor(1) as thread:
        sender, receiver = both[::turn]
        sent = send_until_blocked(sender, data)
        assert 0 < sent < BOUND
        receiving = thread.submit(receive_all, receiver)
        sender.sendall(data[sent:])
        sender.shutdown(socket.SHUT_WR)
        assert hashlib.sha256(receiving.result()).digest() == hashlib.sha256(data).digest()


@pytest.mark.parametrize(
    "settings",
    [{"latency_ms": 60_000}, {"kb_per_s": 10}, {"latency_ms": 60_000, "jitter_ms": 50, "kb_per_s": 1_000_000}],
    ids=["latency", "rate", "all"],
)
@pytest.mark.parametrize("turn", [1, -1], ids=["upstream", "downstream"])
def test_a_sender_is_stopped_by_what_is_in_flight(turn: int, settings: dict[str, int]) -> None:
    with proxied() as proxy, proxy.pair() as both:
        sender, receiver = both[::turn]
        prefix = "upstream_" if turn == 1 else ""
        assert proxy.patch(**{f"{prefix}{name}": value for name, value in settings.items()})[0] == 200
        # Some of it is in the system's buffers.
        assert 0 < send_until_blocked(sender, bytes(BOUND)) < MUCH
        # The other direction goes on.
        receiver.sendall(b"the other way")
        assert receive_exactly(sender, 13) == b"the other way"
        receiver.shutdown(socket.SHUT_WR)
        assert receive_all(sender) == b""


def test_a_sender_is_stopped_before_the_server_is_connected() -> None:
    with proxied("--latency-ms=60000") as proxy, proxy.client() as client:
        assert 0 < send_until_blocked(client, bytes(BOUND)) < MUCH
        assert proxy.send("GET")[1]["counters"]["connections_open"] == 1


def test_not_a_byte_is_lost_where_settings_change_during_a_transfer(shared_proxy: Proxied) -> None:
    data = os.urandom(BOUND)
    assert shared_proxy.patch(**CLEAR)[0] == 200
    with shared_proxy.pair() as (client, server), ThreadPoolExecutor(4) as threads:
        sending = [threads.submit(send_chunks, sock, [data]) for sock in (client, server)]
        coming = [threads.submit(receive_all, sock) for sock in (client, server)]
        for turn in range(30):
            rate = 50_000 if turn % 5 == 4 else None
            values = {**CLEAR, "latency_ms": turn % 3, "upstream_jitter_ms": turn % 2, "kb_per_s": rate}
            assert shared_proxy.patch(**values)[0] == 200
        assert shared_proxy.patch(**CLEAR)[0] == 200
        assert [future.result() == data for future in coming] == [True, True]
        assert [future.result() for future in sending] == [None, None]


@pytest.mark.parametrize("turn", [1, -1])
@pytest.mark.parametrize("delay_ms", [0, 100])
def test_a_reset_is_passed_on_behind_the_data(turn: int, delay_ms: int) -> None:
    with (
        proxied(f"--latency-ms={delay_ms}", f"--upstream-latency-ms={delay_ms}") as proxy,
        proxy.pair() as both,
    ):
        first, second = both[::turn]
        second.sendall(b"hello")
        assert receive_exactly(first, 5) == b"hello"

        def break_off() -> None:
            first.sendall(b"last words")
            reset(first)
            assert receive_exactly(second, 10) == b"last words"
            with pytest.raises(ConnectionResetError):
                second.recv(1)

        assert duration_s(break_off) >= delay_ms / 1000


def test_an_answer_before_a_reset_arrives() -> None:
    with proxied() as proxy:
        for _ in range(20):
            with proxy.pair() as (client, server), ThreadPoolExecutor(1) as thread:
                sending = thread.submit(send_until_blocked, client, bytes(MUCH))
                receive_exactly(server, 10)
                server.sendall(b"413")
                # With bytes unread, this is a RST behind the answer.
                server.close()
                assert receive_exactly(client, 3) == b"413"
                with contextlib.suppress(ConnectionError):
                    sending.result()


def test_upstream_can_be_a_unix_socket(tmp_path: Path) -> None:
    with proxied(path=tmp_path / "server") as proxy, proxy.pair() as (client, server):
        client.sendall(b"question")
        client.shutdown(socket.SHUT_WR)
        assert receive_all(server) == b"question"
        server.sendall(b"answer")
        server.shutdown(socket.SHUT_WR)
        assert receive_all(client) == b"answer"


@pytest.mark.parametrize("is_unix", [False, True])
def test_a_client_is_reset_where_nothing_is_upstream(tmp_path: Path, is_unix: bool) -> None:
    with proxied(path=tmp_path / "server" if is_unix else None) as proxy:
        proxy.listener.close()
        with pytest.raises(ConnectionResetError), proxy.client() as client:
            client.recv(1)
        assert proxy.send("GET")[1]["counters"]["connections_open"] == 0


def test_clients_that_leave_at_once_leave_nothing_behind() -> None:
    with proxied("--latency-ms=50") as proxy:
        for _ in range(50):
            reset(proxy.client())
            proxy.client().close()
        deadline_s = time.monotonic() + DEADLINE_S
        proxy.listener.settimeout(0.01)
        with ExitStack() as servers:
            while proxy.send("GET")[1]["counters"]["connections_open"]:
                assert time.monotonic() < deadline_s
                with contextlib.suppress(TimeoutError):
                    server = servers.enter_context(proxy.listener.accept()[0])
                    server.close()
        assert "Traceback" not in proxy.program.text


def test_what_it_cannot_do_is_reported_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        in_use = os.strerror(errno.EADDRINUSE)
        for flag in ("--listen", "--control"):
            code, text = done(*PROXY, "--upstream=127.0.0.1:1", f"{flag}=127.0.0.1:{port}")
            assert (code, text) == (2, f"proxy: error: cannot listen on 127.0.0.1:{port}: {in_use}\n")
    code, text = done(*PROXY, "--upstream=127.0.0.1:1", "--latency-ms=-1")
    assert (code, text) == (2, "proxy: error: latency_ms must be a number from 0 to 86400000\n")


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_and_its_connections(signum: signal.Signals) -> None:
    with proxied("--latency-ms=50", "--upstream-latency-ms=1") as proxy, proxy.pair() as (client, server):
        # As much as has room on the way: nobody reads it.
        server.settimeout(0)
        assert server.send(bytes(MUCH)) > 0
        server.settimeout(DEADLINE_S)
        waiting = proxy.client()
        proxy.program.signal(signum)
        assert proxy.program.end() == 0
        assert proxy.program.left_behind() == []
        assert "Traceback" not in proxy.program.text
        with waiting, contextlib.suppress(ConnectionResetError):
            assert waiting.recv(1) == b""
        with contextlib.suppress(ConnectionResetError):
            receive_all(client)
        with contextlib.suppress(ConnectionResetError):
            receive_all(server)


def test_many_short_connections_each_get_their_answer() -> None:
    with proxied() as proxy:
        over = threading.Event()

        def serve() -> None:
            while not over.is_set():
                with contextlib.suppress(TimeoutError), proxy.listener.accept()[0] as server:
                    server.settimeout(DEADLINE_S)
                    server.sendall(receive_exactly(server, 8))

        def send_a_hundred() -> int:
            for turn in range(100):
                with proxy.client() as client:
                    client.sendall(b"%08d" % turn)
                    assert receive_all(client) == b"%08d" % turn
            return 100

        proxy.listener.settimeout(0.1)
        with ThreadPoolExecutor(6) as threads:
            serving = [threads.submit(serve) for _ in range(2)]
            clients = [threads.submit(send_a_hundred) for _ in range(4)]
            assert sum(future.result() for future in clients) == 400
            over.set()
            assert [future.result() for future in serving] == [None, None]
        assert "Traceback" not in proxy.program.text
