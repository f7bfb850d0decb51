"""The unloaded latency of planted runs."""

from collections import Counter
from collections.abc import Callable, Sequence

import pytest

from locust_asyncdjango.analysis.saturation.load_points import LoadPoint, load_points
from locust_asyncdjango.analysis.saturation.unloaded import Unloaded, find_unloaded, find_unloaded_ms, is_saturated
from locust_asyncdjango.metrics.load_curve import LoadLevel
from locust_asyncdjango.metrics.row import Row
from locust_asyncdjango.metrics.series_file import Series


def run_of(users: list[int], ms: Callable[[int], float], ok: int = 20) -> Series:
    """Return a run with so many users in each second. ms: latency at a number of users. ok: requests a second."""
    rows = (Row(t, count, ok, ok_ms=Counter({ms(count): ok})) for t, count in enumerate(users))
    return Series.from_rows({}, rows)


def unloaded_of(series: Series) -> Unloaded | None:
    return find_unloaded(load_points(series.intervals), series.load_levels)


@pytest.mark.parametrize(
    ("slots", "unloaded"),
    [
        (100, Unloaded(20.0, 30.0, 100)),
        (40, Unloaded(20.0, 30.0, 100)),
        (1, Unloaded(20.0, 30.0, 100, is_queued=True)),  # where the first users queue already, each adds 20 ms
    ],
)
def test_a_ramp_over_slots_of_20_ms(slots: int, unloaded: Unloaded) -> None:
    # The requests of a second with n users began when there were 2.5 fewer, in its middle.
    series = run_of([5 * t + 5 for t in range(40)], lambda users: 20.0 * max(1.0, (users - 2.5) / slots))
    measured = find_unloaded(load_points(series.intervals))
    assert measured is not None
    assert (measured.requests, measured.is_queued) == (unloaded.requests, unloaded.is_queued)
    assert measured.ms == pytest.approx(unloaded.ms, rel=0.15)
    assert measured.users <= unloaded.users


def test_no_estimate_is_below_the_fastest_request_of_the_run() -> None:
    series = run_of([5 * t + 5 for t in range(40)], lambda users: 20.0 * max(1.0, users / 4))
    fastest = [LoadLevel(5, 1, 1, 0, Counter({19.0: 1}))]
    measured = find_unloaded(load_points(series.intervals), fastest)
    assert measured is not None
    assert (measured.ms, measured.is_queued) == (19.0, True)


def test_seconds_are_added_until_there_are_30_requests() -> None:
    measured = unloaded_of(run_of(list(range(1, 41)), lambda users: 20.0 if users <= 16 else 90.0, ok=2))
    assert measured == Unloaded(20.0, 15.48, 30)


def test_the_median_is_that_of_the_lowest_loads_wherever_they_are_in_the_run() -> None:
    users = [50] * 10 + [5] * 10 + [50] * 10
    measured = unloaded_of(run_of(users, lambda count: 20.0 if count == 5 else 60.0))
    assert measured is not None
    assert measured.ms == 20.0


def test_few_requests_and_none_at_all() -> None:
    assert unloaded_of(run_of([5] * 10, lambda _: 20.0, ok=3)) is None
    assert find_unloaded([]) is None


RAMP = [5 * t + 5 for t in range(40)]


@pytest.mark.parametrize(
    ("users", "ms", "unloaded_ms", "saturated"),
    [
        pytest.param(RAMP, lambda _: 20.0, 20.0, False, id="latency never rises"),
        pytest.param(RAMP, lambda users: 20.0 + users / 25, 20.4, False, id="it rises by two fifths"),
        pytest.param(RAMP, lambda users: 20.0 * max(1, users / 50), 20.0, True, id="50 slots"),
        pytest.param([100] * 40, lambda _: 20.0, None, None, id="no load was lower"),
        pytest.param([60] * 5 + [100] * 40, lambda _: 20.0, None, None, id="none was clearly lower"),
    ],
)
def test_a_run_is_saturated_if_latency_left_the_unloaded_latency(
    users: list[int], ms: Callable[[int], float], unloaded_ms: float | None, saturated: bool | None
) -> None:
    series = run_of(users, ms)
    points = load_points(series.intervals)
    measured = find_unloaded_ms(points, series.load_levels)
    assert measured == (unloaded_ms and pytest.approx(unloaded_ms, abs=0.5))
    assert is_saturated(points, measured) is saturated


def test_what_the_lab_measured_shows_it_also_of_a_constant_load() -> None:
    points = load_points(run_of([100] * 40, lambda _: 20.0).intervals)
    assert [is_saturated(points, unloaded_ms) for unloaded_ms in (8.0, 19.0)] == [True, False]


def test_failures_that_begin_with_the_load_are_saturation_and_those_at_any_load_are_not() -> None:
    def points_of(failed: Callable[[int], int]) -> Sequence[LoadPoint]:
        rows = (Row(t, n, 20, Counter(http_5xx=failed(n)), ok_ms=Counter({20.0: 20})) for t, n in enumerate(RAMP))
        return load_points(Series.from_rows({}, rows).intervals)

    assert is_saturated(points_of(lambda users: 9 if users > 150 else 0), 20.0) is True
    assert is_saturated(points_of(lambda _: 9), 20.0) is False
    assert is_saturated([], 20.0) is None


def test_the_load_of_an_open_model_is_what_is_due() -> None:
    rows = (Row(t, 500, 20, ok_ms=Counter({20.0 + t: 20}), due_per_s=min(5.0 * t, 100)) for t in range(60))
    points = load_points(Series.from_rows({}, rows).intervals)
    unloaded_ms = find_unloaded_ms(points)
    assert unloaded_ms == 23.0  # the median of seconds 1 to 5
    assert is_saturated(points, unloaded_ms) is True
