"""Planted truths: where latency rises, and whether with the users or with time."""

from collections import Counter
from collections.abc import Callable, Sequence
from random import Random

import pytest

from locust_asyncdjango.analysis.saturation import Onset
from locust_asyncdjango.analysis.saturation.onsets.slowdown import NOT_CONFIRMED, Rise, find_rise
from locust_asyncdjango.metrics.interval import Interval
from locust_asyncdjango.metrics.row import Row
from locust_asyncdjango.metrics.series_file import Series

MS = 50.0


def run(users: Sequence[int], ms: Callable[[int, float], float], noise: float = 0.02) -> list[Interval]:
    """Return the seconds of a run without pauses. users: at the end of each second. ms: by second and by users."""
    chance, rows, before = Random(1), [], 0
    for t, after in enumerate(users):
        mean = max((before + after) / 2, 1)
        latency_ms = ms(t, mean) * chance.gauss(1, noise)
        ok = max(round(1000 * mean / latency_ms), 1)
        rows.append(Row(t, after, ok, ok_ms=Counter({latency_ms: ok})))
        before = after
    return list(Series.from_rows({}, rows).intervals)


def ramp(per_s: int, peak: int, length_s: int) -> list[int]:
    return [min(per_s * (t + 1), peak) for t in range(length_s)]


def queueing(slots: int, ms: float = MS) -> Callable[[int, float], float]:
    """Return the latency of a server with slots. ms: of one request."""
    return lambda _, users: ms * max(1.0, users / slots)


def onset_of(rise: Rise | None) -> Onset:
    assert rise is not None
    assert not rise.is_with_time
    return rise.onset


@pytest.mark.parametrize("slots", [12, 40, 90])
@pytest.mark.parametrize("per_s", [2, 5])
def test_the_slowdown_starts_where_the_slots_are_full(slots: int, per_s: int) -> None:
    onset = onset_of(find_rise(run(ramp(per_s, 3 * slots, 3 * slots // per_s + 20), queueing(slots))))
    assert onset.low <= slots <= onset.high
    assert (abs(onset.users - slots) <= 3, onset.is_queued_from_start, onset.doubt) == (True, False, "")


@pytest.mark.parametrize(("per_s", "peak"), [(5, 100), (20, 100), (50, 500), (100, 500), (100, 100)])
def test_one_slot_is_queued_at_the_lowest_load(per_s: int, peak: int) -> None:
    onset = onset_of(find_rise(run(ramp(per_s, peak, 20), queueing(1, ms=1.0))))
    assert (onset.t, onset.low, onset.is_queued_from_start) == (0, 1, True)
    assert onset.users <= onset.high <= 2 * per_s


def test_where_users_start_faster_than_requests_end_they_queue_from_the_start() -> None:
    rows = [Row(t, min(50 * (t + 1), 500), 1, ok_ms=Counter({700.0 * (t + 1): 1})) for t in range(11)]
    onset = onset_of(find_rise(Series.from_rows({}, rows).intervals))
    assert (onset.low, onset.is_queued_from_start) == (1, True)


def test_requests_of_users_that_have_left_may_queue_from_the_start() -> None:
    rows = [Row(t, 50 if t < 5 else 10, 1, ok_ms=Counter({700.0 * max(t - 4, 1): 1})) for t in range(15)]
    onset = onset_of(find_rise(Series.from_rows({}, rows).intervals, warm_up_s=5))
    assert onset == Onset(5, 50, 1, 50, is_queued_from_start=True)


def test_with_a_latency_that_was_measured_before_the_run_constant_users_are_queued() -> None:
    constant = run([40] * 30, lambda *_: 400.0)
    assert find_rise(constant) is None
    assert find_rise(constant, unloaded_ms=350.0) is None
    assert onset_of(find_rise(constant, unloaded_ms=100.0)) == Onset(0, 40, 1, 40, is_queued_from_start=True)


def test_a_generator_that_is_slower_than_the_client_of_the_measurement_is_no_queue() -> None:
    assert find_rise(run(ramp(3, 90, 40), lambda *_: MS), unloaded_ms=MS / 3) is None


@pytest.mark.parametrize(
    "ms",
    [
        pytest.param(lambda *_: MS, id="flat"),
        pytest.param(lambda t, _: MS * (1 + 4 / 2**t), id="a cold start"),
        pytest.param(lambda t, _: 20 * MS if t in (25, 26) else MS, id="one pause"),
    ],
)
def test_nothing_rises(ms: Callable[[int, float], float]) -> None:
    assert find_rise(run(ramp(3, 120, 50), ms)) is None


@pytest.mark.parametrize(
    ("ms", "since_s"),
    [
        pytest.param(lambda t, _: MS * (1 + t / 60), 30, id="slower and slower"),
        pytest.param(lambda t, _: MS * (1 + max(t - 45, 0) / 5), 48, id="slower and slower from a late second on"),
        pytest.param(lambda t, _: MS * (2 if t >= 20 else 1), 20, id="a neighbour on the machine"),
    ],
)
def test_what_rises_with_time_is_no_slowdown(ms: Callable[[int, float], float], since_s: int) -> None:
    rise = find_rise(run(ramp(3, 90, 60), ms))
    assert rise is not None
    assert (rise.is_with_time, abs(rise.onset.t - since_s) <= 3) == (True, True)


def test_a_slowdown_that_time_explains_as_well_is_not_confirmed_until_users_leave() -> None:
    def collapsing(_: int, users: float) -> float:
        return MS * max(1.0, 1 + 3 * (users - 60) / 60)

    up = ramp(3, 120, 40)
    assert onset_of(find_rise(run(up, collapsing))).doubt == NOT_CONFIRMED
    onset = onset_of(find_rise(run([*up, *reversed(up)], collapsing)))
    assert (onset.low <= 60 <= onset.high, onset.doubt) == (True, "")


def test_users_that_jump_show_only_the_two_loads_between_which_it_began() -> None:
    onset = onset_of(find_rise(run([10] * 15 + [200] * 15, queueing(50))))
    assert (onset.t, onset.low, onset.high) == (15, 10, 200)


def test_a_run_of_three_seconds_shows_nothing() -> None:
    assert find_rise(run([5, 10, 15, 20], queueing(1))) is None


def test_a_heavy_tail_is_no_queue_from_the_start() -> None:
    """One request in ten takes 41 times as long, so that only fast ones end in the first seconds."""
    chance, rows = Random(3), []
    for t in range(45):
        users = 1.25 * (t + 1)
        each_s = 0.2 * max(1.0, users / 20)
        slow = sum(chance.random() < 0.1 for _ in range(round(users / each_s))) if t > 1 else 0
        fast = max(round(users / each_s) - slow, 1)
        rows.append(Row(t, round(users), fast + slow, ok_ms=Counter({200 * each_s: fast, 8200 * each_s: slow})))
    onset = onset_of(find_rise(list(Series.from_rows({}, rows).intervals)))
    assert (onset.is_queued_from_start, onset.low <= 20 <= onset.high) == (False, True)
