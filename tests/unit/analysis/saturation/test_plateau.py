"""The plateau of planted runs, and the goodput on it."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from locust_asyncdjango.analysis.saturation import Goodput
from locust_asyncdjango.analysis.saturation.plateau import NO_WHOLE_SECOND, NOT_CONSTANT, find_goodput, find_plateau
from locust_asyncdjango.metrics.interval import Interval
from locust_asyncdjango.metrics.row import Row
from locust_asyncdjango.metrics.series_file import Series

Seconds = tuple[int, int]
CLIMB = [5 * t + 5 for t in range(20)]
"""Up to 100 users."""


def run_of(users: Sequence[int], planned: Sequence[int | None] = (), **columns: Callable[[int], Any]) -> Series:
    """Return a run with these users in each second: each brings 10 requests of 20 ms a second. columns: of its rows."""
    rows = [Row(t, count, 10 * count, ok_ms=Counter({20.0: 10 * count})) for t, count in enumerate(users)]
    for row in rows:
        row.planned = planned[row.t] if planned else None
        for name, value in columns.items():
            setattr(row, name, value(row.t))
    return Series.from_rows({}, rows)


def plateau_of(series: Series, warm_up_s: int = 0) -> tuple[float, Seconds, str]:
    plateau = find_plateau(series.intervals, warm_up_s)
    assert plateau is not None
    first, last = plateau.intervals[0], plateau.intervals[-1]
    return plateau.load, (first.t, last.t + last.length), plateau.why


# The first second of a hold is left out because users still start in it, and the last of the run as it is not whole.
@pytest.mark.parametrize(
    ("users", "load", "seconds", "why"),
    [
        pytest.param([*CLIMB, *[100] * 40], 100, (20, 59), "", id="a ramp's hold"),
        pytest.param([50] * 12, 50, (1, 11), "", id="constant from the first second on"),
        pytest.param([*CLIMB, *[100] * 40, *reversed(CLIMB[:-1])], 100, (20, 60), "", id="up and down"),
        pytest.param([20] * 20 + [40] * 20 + [60] * 20, 60, (41, 59), "", id="the highest of several steps"),
        pytest.param([20] * 20 + [40] * 20 + [60] * 5, 40, (21, 40), "", id="the highest that lasts long enough"),
        pytest.param([60] * 15 + [20] * 20 + [60] * 30, 60, (36, 64), "", id="the longer of two of the same load"),
        pytest.param([100] * 9 + [99, 100, 98, 99, 100, 100], 100, (1, 14), "", id="a few users start anew"),
        pytest.param([100] * 9 + [40] * 2 + [100] * 20, 100, (12, 30), "", id="many users are lost for a while"),
        pytest.param([5 * t for t in range(30)], 140, (19, 29), NOT_CONSTANT, id="ever rising"),
        pytest.param([10] * 30 + [100] * 5 + [10] * 30, 10, (54, 64), NOT_CONSTANT, id="a short spike"),
        pytest.param([5, 5, 5, 5], 5, (1, 3), NOT_CONSTANT, id="a short run"),
        pytest.param([5], 5, (0, 1), NO_WHOLE_SECOND, id="no whole second"),
    ],
)
def test_the_plateau_is_the_highest_load_that_stays_constant(
    users: list[int], load: float, seconds: Seconds, why: str
) -> None:
    assert plateau_of(run_of(users)) == (load, seconds, why)


def test_where_the_shape_says_what_it_wants_a_slow_climb_is_not_constant() -> None:
    slow = [100 + t // 5 for t in range(60)]
    assert plateau_of(run_of(slow))[2] == plateau_of(run_of(slow, slow))[2] == NOT_CONSTANT
    # The plan is constant from second 20 on, and the users that it wants run from second 30 on.
    planned, users = [*CLIMB, *[100] * 40], [*CLIMB[:10], *[4 * t + 50 for t in range(12)], *[100] * 38]
    assert plateau_of(run_of(users, planned)) == (100, (23, 59), "")


def test_a_rest_between_two_rushes_is_no_plateau() -> None:
    teeth = [*[10] * 14, *range(20, 110, 10)] * 3
    assert plateau_of(run_of(teeth))[2] == NOT_CONSTANT


def test_the_warm_up_is_left_out() -> None:
    assert plateau_of(run_of([50] * 40), warm_up_s=8) == (50, (8, 39), "")


@pytest.mark.parametrize(("latency_ms", "begin"), [(400.0, 20), (1000.0, 21), (5000.0, 25), (100_000.0, 33)])
def test_until_the_queue_has_filled_requests_end_that_began_at_a_lower_load(latency_ms: float, begin: int) -> None:
    slow = run_of([*CLIMB, *[100] * 40], ok_ms=lambda _: Counter({latency_ms: 7}))
    assert plateau_of(slow)[1] == (begin, 59)  # at most a third of the hold is left out


def test_the_load_of_an_open_model_is_what_is_due() -> None:
    series = run_of([500] * 60, due_per_s=lambda t: min(2.5 * t, 50))
    assert plateau_of(series) == (50, (21, 59), "")
    goodput = find_goodput(series.intervals, series.load_levels, 0)
    assert goodput is not None
    assert (goodput.due_per_s, goodput.users, goodput.is_plateau) == (50, 500, True)


def test_the_goodput_of_a_plateau() -> None:
    series = run_of([*CLIMB, *[100] * 40], failed=lambda _: Counter(timeout=250))
    assert find_goodput(series.intervals, series.load_levels, 0) == Goodput(
        per_s=1000.0,
        low=1000 - 1 / 39,  # no count is more exact than one request
        high=1000 + 1 / 39,
        begin_s=20,
        end_s=59,
        users=100,
        failed_share=0.2,
        p50_ms=20.0,
        p95_ms=20.0,
        p99_ms=20.0,
    )


def test_a_plateau_of_less_than_30_s_has_no_interval_and_nor_have_the_last_seconds() -> None:
    for users in ([50] * 31, [5 * t for t in range(100)]):
        series = run_of(users)
        goodput = find_goodput(series.intervals, series.load_levels, 0)
        assert goodput is not None
        assert (goodput.low, goodput.high) == (None, None)
    series = run_of([50] * 32)
    goodput = find_goodput(series.intervals, series.load_levels, 0)
    assert goodput is not None
    assert goodput.low == pytest.approx(500 - 1 / 30)


def test_the_percentiles_are_those_of_all_requests_at_the_plateaus_load() -> None:
    chance = Random(1)

    def latencies(t: int) -> Counter[float]:
        return Counter(2000.0 if t < 20 else float(chance.randrange(1, 1001)) for _ in range(100))

    series = run_of([*CLIMB, *[100] * 300], ok_ms=latencies)
    goodput = find_goodput(series.intervals, series.load_levels, 0)
    assert goodput is not None
    assert goodput.p50_ms == pytest.approx(500, abs=15)
    assert goodput.p95_ms == pytest.approx(950, abs=5)
    assert goodput.p99_ms == pytest.approx(990, abs=3)


def test_without_levels_the_percentiles_are_means_of_those_of_the_seconds() -> None:
    series = run_of([50] * 20)
    with_levels = find_goodput(series.intervals, series.load_levels, 0)
    assert with_levels is not None
    assert find_goodput(series.intervals, (), 0) == with_levels


def test_where_neighbouring_loads_are_one_level_the_nearest_is_taken() -> None:
    series = run_of([50] * 20)
    (level,) = series.load_levels
    merged = [replace(level, users=30.0, ok_ms=Counter({1.0: 1})), replace(level, users=47.5)]
    goodput = find_goodput(series.intervals, merged, 0)
    assert goodput is not None
    assert goodput.p50_ms == 20.0


def test_nothing_answered_and_nothing_but_failures() -> None:
    assert find_goodput([Interval(0, 5), Interval(1, 5)], (), 0) is None
    assert find_goodput([], (), 0) is None
    failing = run_of([5] * 20, ok=lambda _: 0, ok_ms=lambda _: Counter(), failed=lambda _: Counter(timeout=3))
    assert find_goodput(failing.intervals, failing.load_levels, 0) == Goodput(
        0.0, None, None, 1, 19, 5, 1.0, None, None, None
    )
