"""One direction of a proxied connection, between two sockets that note what they are told."""

import asyncio
from collections.abc import Callable
from functools import wraps

import pytest

from locust_asyncdjango.lab.proxy.stream import (
    FIN,
    MAX_BYTES_IN_FLIGHT,
    PIECE_OVERHEAD_BYTES,
    RST,
    Endpoint,
    Stream,
    wait_s,
)
from locust_asyncdjango.lab.proxy.toxics import Link
from tests.support.proxy_transports import FakeTransport

NO_DELAY = Link()
A_DAY = Link(latency_ms=86_400_000)


class Pair:
    """A stream from a source to a sink. The source is connected; so is the sink, unless sink_connected is False."""

    def __init__(self, link: Link = NO_DELAY, *, sink_connected: bool = True) -> None:
        self.source, self.sink = (Endpoint(lambda: None, lambda _: None) for _ in range(2))
        self.fins = 0
        self.stream = Stream(self.source, self.sink, link, self.count_fin)
        Stream(self.sink, self.source, Link(), lambda: None)
        self.from_source, self.to_sink = FakeTransport(), FakeTransport()
        self.source.connection_made(self.from_source)
        if sink_connected:
            self.connect_sink()

    def connect_sink(self) -> None:
        """Connect the sink, and deliver what waits for it."""
        self.sink.connection_made(self.to_sink)
        self.stream.deliver()

    def push(self, chunk: bytes) -> int:
        """Send chunks until the source is paused, and return how many were accepted."""
        count = 0
        while "pause_reading" not in self.from_source.calls[-1:]:
            self.source.data_received(chunk)
            count += 1
        return count

    def count_fin(self) -> None:
        self.fins += 1


def in_a_loop(test: Callable[[], None]) -> Callable[[], None]:
    """Run a test within an event loop, which streams take their timers from."""

    @wraps(test)
    def run() -> None:
        async def body() -> None:
            test()

        asyncio.run(body())

    return run


@in_a_loop
def test_without_delay_bytes_go_from_transport_to_transport() -> None:
    pair = Pair()
    assert pair.stream.is_direct
    assert pair.source.data_received == pair.to_sink.write
    pair.source.data_received(b"hello")
    assert pair.to_sink.written == b"hello"


@in_a_loop
def test_with_delay_bytes_wait_in_the_queue() -> None:
    pair = Pair(A_DAY)
    pair.source.data_received(b"hello")
    assert (pair.to_sink.written, pair.stream.bytes_in_flight) == (b"", 5 + PIECE_OVERHEAD_BYTES)


@in_a_loop
def test_data_in_flight_stay_ahead_of_those_that_come_after_a_change() -> None:
    pair = Pair(A_DAY)
    pair.source.data_received(b"first")
    pair.stream.apply(Link(), is_blocked=False)
    pair.source.data_received(b"second")
    assert pair.to_sink.written == b""
    assert [bytes(piece) for _, piece in pair.stream.queue] == [b"first", b"second"]


@in_a_loop
def test_a_blocked_stream_drops_data_and_passes_a_fin() -> None:
    pair = Pair(A_DAY)
    pair.source.data_received(b"in flight")
    pair.stream.apply(Link(), is_blocked=True)
    pair.source.data_received(b"lost")
    pair.source.eof_received()
    assert [piece for _, piece in pair.stream.queue] == [FIN]
    assert (pair.to_sink.written, pair.stream.bytes_in_flight) == (b"", 0)


@in_a_loop
def test_a_fin_is_written_behind_the_data() -> None:
    pair = Pair()
    pair.source.data_received(b"last")
    assert pair.source.eof_received() is True
    assert (pair.to_sink.written, pair.to_sink.calls, pair.fins) == (b"last", ["write_eof"], 1)


@in_a_loop
def test_a_reset_reaches_a_receiver_that_does_not_read() -> None:
    pair = Pair()
    pair.sink.pause_writing()
    pair.stream.end_with(RST)
    assert pair.to_sink.calls == ["abort"]


@in_a_loop
def test_a_receiver_that_does_not_read_pauses_the_sender() -> None:
    pair = Pair()
    pair.sink.pause_writing()
    pair.sink.resume_writing()
    assert pair.from_source.calls == ["pause_reading", "resume_reading"]


@in_a_loop
def test_delayed_data_wait_for_a_receiver_that_does_not_read() -> None:
    pair = Pair()
    pair.sink.pause_writing()
    pair.stream.receive(b"hello")
    assert pair.to_sink.written == b""
    pair.sink.resume_writing()
    assert pair.to_sink.written == b"hello"


CHUNK = 64 * 1024


@pytest.mark.parametrize(
    ("link", "sink_connected", "sink_reads"),
    [
        pytest.param(A_DAY, True, True, id="latency"),
        pytest.param(A_DAY, False, True, id="latency, before the server is connected"),
        pytest.param(NO_DELAY, False, True, id="no latency, before the server is connected"),
        pytest.param(A_DAY, True, False, id="latency, a receiver that does not read"),
        pytest.param(NO_DELAY, True, False, id="no latency, a receiver that does not read"),
        pytest.param(Link(kb_per_s=100_000_000, latency_ms=86_400_000), True, True, id="latency and a high rate"),
        pytest.param(Link(kb_per_s=0.1), True, True, id="a low rate"),
        pytest.param(Link(jitter_ms=1000, latency_ms=86_400_000), True, True, id="jitter"),
    ],
)
def test_no_more_than_the_limit_is_in_flight(link: Link, sink_connected: bool, sink_reads: bool) -> None:
    @in_a_loop
    def scenario() -> None:
        pair = Pair(link, sink_connected=sink_connected)
        if not sink_reads:
            pair.sink.pause_writing()
        accepted = pair.push(bytes(CHUNK)) * CHUNK if pair.from_source.calls != ["pause_reading"] else 0
        assert accepted <= MAX_BYTES_IN_FLIGHT + CHUNK
        pair.stream.stop()

    scenario()


@in_a_loop
def test_a_latency_alone_allows_the_whole_limit() -> None:
    pair = Pair(A_DAY)
    assert pair.push(bytes(CHUNK)) * (CHUNK + PIECE_OVERHEAD_BYTES) >= MAX_BYTES_IN_FLIGHT


@pytest.mark.parametrize("link", [A_DAY, Link(kb_per_s=100_000_000, latency_ms=86_400_000)], ids=["latency", "rate"])
def test_many_tiny_pieces_count_as_what_they_take(link: Link) -> None:
    @in_a_loop
    def scenario() -> None:
        pair = Pair(link)
        assert pair.push(b"x") <= MAX_BYTES_IN_FLIGHT // PIECE_OVERHEAD_BYTES + 1
        assert len(pair.stream.queue) <= MAX_BYTES_IN_FLIGHT // PIECE_OVERHEAD_BYTES + 1
        pair.stream.stop()

    scenario()


@in_a_loop
def test_the_sender_goes_on_once_the_data_are_delivered() -> None:
    pair = Pair(sink_connected=False)
    count = pair.push(bytes(CHUNK))
    pair.connect_sink()
    assert len(pair.to_sink.written) == count * CHUNK
    assert (pair.stream.bytes_in_flight, pair.from_source.calls) == (0, ["pause_reading", "resume_reading"])


@in_a_loop
def test_the_sender_goes_on_once_the_data_are_dropped() -> None:
    pair = Pair(A_DAY)
    pair.push(bytes(CHUNK))
    pair.stream.apply(A_DAY, is_blocked=True)
    assert (pair.stream.bytes_in_flight, pair.from_source.calls) == (0, ["pause_reading", "resume_reading"])
    pair.stream.stop()


@in_a_loop
def test_a_receiver_that_reads_again_lets_the_sender_go_on() -> None:
    pair = Pair(sink_connected=False)
    pair.sink.pause_writing()
    count = pair.push(bytes(CHUNK))
    pair.connect_sink()
    assert pair.to_sink.written == b""
    pair.sink.resume_writing()
    assert (len(pair.to_sink.written), pair.from_source.calls[-1]) == (count * CHUNK, "resume_reading")


@in_a_loop
def test_half_of_a_connection_goes_on_while_the_other_is_full() -> None:
    pair = Pair(A_DAY)
    pair.push(bytes(CHUNK))
    pair.sink.data_received(b"the other way")
    assert pair.from_source.written == b"the other way"
    pair.sink.eof_received()
    assert pair.from_source.calls == ["pause_reading", "write_eof"]
    pair.stream.stop()


@in_a_loop
def test_a_limited_rate_pauses_a_sender_that_is_ahead_of_it() -> None:
    pair = Pair(Link(kb_per_s=1))
    pair.source.data_received(bytes(1000))
    assert pair.from_source.calls == ["pause_reading"]
    pair.stream.stop()


class FakeLoop:
    """An event loop at a moment."""

    def __init__(self, now_s: float) -> None:
        self.now_s = now_s

    def time(self) -> float:
        return self.now_s


@pytest.mark.parametrize(
    ("due_s", "now_s", "seconds"),
    [
        (10.0205, 10.0004, 0.02),  # whole milliseconds, both rounded down
        (10.0, 10.0, 0.001),  # never less than 1 ms
        (9.0, 10.0, 0.001),
    ],
)
def test_timers_wait_whole_milliseconds(due_s: float, now_s: float, seconds: float) -> None:
    assert wait_s(FakeLoop(now_s), due_s) == seconds  # type: ignore[arg-type]
