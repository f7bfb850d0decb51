"""The settings of the proxy, what it answers to wrong ones, and when a chunk is due."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.proxy.toxics import (
    MIN_KB_PER_S,
    DelaySchedule,
    Link,
    Toxics,
    settings_values,
    with_settings,
)

amounts_ms = st.floats(0, 1000)
links = st.builds(
    Link, amounts_ms, amounts_ms, st.sampled_from(("uniform", "normal")), st.none() | st.floats(MIN_KB_PER_S, 1e6)
)
arrivals = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 100_000)), max_size=30)
"""Seconds since the one before, and bytes."""


def due_times(link: Link, chunks: list[tuple[float, int]], seed: int) -> list[tuple[float, float]]:
    """When each chunk arrives and when it is due."""
    schedule, now_s, times = DelaySchedule(link, random.Random(seed)), 1000.0, []
    for wait_s, size in chunks:
        now_s += wait_s
        times.append((now_s, schedule.due_s(now_s, size)))
    return times


@given(links, arrivals, st.integers())
def test_chunks_are_never_reordered_and_never_early(link: Link, chunks: list[tuple[float, int]], seed: int) -> None:
    times = due_times(link, chunks, seed)
    due = [due_s for _, due_s in times]
    least_s = max(link.latency_ms - link.jitter_ms, 0) / 1000 if link.jitter == "uniform" else 0
    assert due == sorted(due)
    assert all(due_s >= arrival_s + least_s for arrival_s, due_s in times)


@given(amounts_ms, arrivals)
def test_latency_alone_delays_each_chunk_as_much_however_many_are_under_way(
    latency_ms: float, chunks: list[tuple[float, int]]
) -> None:
    times = due_times(Link(latency_ms), chunks, 0)
    assert [due_s for _, due_s in times] == [arrival_s + latency_ms / 1000 for arrival_s, _ in times]


@given(st.floats(MIN_KB_PER_S, 1e6), amounts_ms, arrivals)
def test_a_rate_is_never_exceeded(kb_per_s: float, latency_ms: float, chunks: list[tuple[float, int]]) -> None:
    times = due_times(Link(latency_ms, kb_per_s=kb_per_s), chunks, 0)
    for first, (arrival_s, _) in enumerate(times):
        sent = 0
        for (_, size), (_, due_s) in zip(chunks[first:], times[first:], strict=True):
            sent += size
            # Moments around 1,000 s are exact to about 1e-13 s, and there are up to 30 sums.
            assert due_s >= arrival_s + latency_ms / 1000 + sent / (1000 * kb_per_s) - 1e-9


@given(st.none() | st.floats(MIN_KB_PER_S, 1e6), st.binary(max_size=2000))
def test_pieces_are_the_chunk(kb_per_s: float | None, chunk: bytes) -> None:
    assert b"".join(DelaySchedule(Link(kb_per_s=kb_per_s)).pieces(chunk)) == chunk


def test_a_piece_is_worth_20_ms() -> None:
    pieces = DelaySchedule(Link(kb_per_s=100)).pieces(bytes(5000))
    assert [len(piece) for piece in pieces] == [2000, 2000, 1000]


def test_backlog_is_the_time_that_the_link_needs_for_what_waits() -> None:
    schedule = DelaySchedule(Link(latency_ms=500, kb_per_s=100))
    assert schedule.due_s(10, 5000) == 10.55
    assert schedule.backlog_s(10) == pytest.approx(0.05)
    assert schedule.backlog_s(11) == 0


def test_normal_jitter_is_never_below_zero() -> None:
    rng = random.Random(1)
    delays = [Link(1, 100, "normal").delay_s(rng) for _ in range(1000)]
    assert min(delays) == 0
    assert max(delays) > 0.2


def test_settings_are_returned_by_name() -> None:
    values = {"latency_ms": 1, "upstream_jitter_ms": 2, "upstream_jitter": "normal", "timeout_after_ms": 0}
    toxics = with_settings(Toxics(reset_after_ms=5), values)
    assert toxics == Toxics(Link(1), Link(0, 2, "normal"), 5, 0)
    assert {name: value for name, value in settings_values(toxics).items() if value} == {
        "latency_ms": 1,
        "jitter": "uniform",
        "upstream_jitter_ms": 2,
        "upstream_jitter": "normal",
        "reset_after_ms": 5,
    }
    assert with_settings(Toxics(), settings_values(toxics)) == toxics
    assert with_settings(toxics, {"reset_after_ms": None}).reset_after_ms is None


@pytest.mark.parametrize(
    "values",
    [
        {"latency": 1},  # no such name
        {"latency_ms": -1},
        {"latency_ms": "much"},
        {"latency_ms": True},
        {"latency_ms": [1]},
        {"latency_ms": None},  # is never off
        {"latency_ms": float("nan")},
        {"jitter_ms": float("inf")},
        {"jitter_ms": 10**400},
        {"jitter": "pareto"},
        {"jitter": []},
        {"kb_per_s": 0},  # would pass nothing
        {"upstream_kb_per_s": 1e-9},
        {"reset_after_ms": -1},
        {"timeout_after_ms": "1s"},
    ],
)
def test_wrong_settings_are_refused(values: dict[str, object]) -> None:
    with pytest.raises(UsageError, match=f"{next(iter(values))}[^\n]*$"):
        with_settings(Toxics(), values)
