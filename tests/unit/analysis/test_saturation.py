"""Planted truths: seconds whose figures are known."""

from collections import Counter
from collections.abc import Callable, Iterable
from itertools import accumulate
from random import Random

import pytest

from locust_asyncdjango.analysis.saturation import (
    KindOnset,
    Onset,
    Saturation,
    find_saturation,
    find_warm_up,
    load_points,
)
from locust_asyncdjango.analysis.saturation.plateau import NOT_CONSTANT
from locust_asyncdjango.metrics.interval import Interval
from locust_asyncdjango.metrics.row import Row
from locust_asyncdjango.metrics.series_file import Series


def intervals_of(rows: Iterable[Row]) -> list[Interval]:
    return list(Series.from_rows({}, rows).intervals)


def row(t: int, users: int, ok: int, ms: float, **failed: int) -> Row:
    return Row(t, users, ok, Counter(failed), ok_ms=Counter({ms: ok} if ok else {}))


def test_a_ramp_over_a_server_with_50_slots_that_breaks_at_100_users() -> None:
    # 100 ms a request: 10 req/s a user up to 50 users; from there on 500 req/s and a latency that grows with the users.
    rows = []
    for t in range(40):
        users = 5 * (t + 1)
        ok = min(10 * users, 500)
        broken = {"db_too_many_clients": 7} if users > 100 else {}
        rows.append(row(t, users, ok, users / ok * 1000, **broken))
    figures = find_saturation(intervals_of(rows))
    assert figures.peak_per_s == 500.0
    assert figures.peak_range[0] <= 500 <= figures.peak_range[1]
    # The end of the first ten seconds that ran at 500 req/s, and of the last.
    assert (figures.peak_users, figures.peak_users_range[1]) == (95, 200)
    assert figures.successes == sum(r.ok for r in rows)
    assert figures.slowdown is not None
    assert abs(figures.slowdown.users - 50) <= 5
    assert figures.slowdown.low <= 50 <= figures.slowdown.high
    assert figures.errors == Onset(20, 102, 100, 105)
    assert figures.failures == (KindOnset("db_too_many_clients", 140, figures.errors),)


# Latency over users, with a corner at n: a server with n slots, and one that only gets slower.
SERVERS: dict[str, Callable[[float, int], float]] = {
    "slots": lambda users, n: max(1.0, users / n),
    "gradual": lambda users, n: max(1.0, 1 + 0.8 * (users - n) / n),
}


@pytest.mark.parametrize("n", [20, 50, 130, 310])
@pytest.mark.parametrize("server", SERVERS)
def test_noise_does_not_hide_the_slowdown_onset(server: str, n: int) -> None:
    near = covered = 0
    for seed in range(10):
        noise, rows, users = Random(seed), [], list(accumulate([n / 16] * 40))
        for t, (before, now) in enumerate(zip([0.0, *users], users, strict=False)):
            ms = 200 * SERVERS[server]((before + now) / 2, n) * noise.gauss(1, 0.03)
            rows.append(row(t, round(now), round((before + now) / 2 * 1000 / ms) or 1, ms))
        slowdown = find_saturation(intervals_of(rows)).slowdown
        assert slowdown is not None
        near += abs(slowdown.users - n) <= 0.1 * n
        covered += slowdown.low <= n <= slowdown.high
    assert (near >= 9, covered >= 9) == (True, True)


def test_a_flat_server_never_slows_down() -> None:
    figures = find_saturation(intervals_of(row(t, 10 + t, 100, 20.0) for t in range(20)))
    assert figures == Saturation(
        100.0, (100, 100), 19, (19, 29), 2000, (2000, 2000), 0, None, None, (), goodput=figures.goodput
    )
    assert figures.goodput is not None
    assert (figures.goodput.per_s, figures.goodput.why) == (100.0, NOT_CONSTANT)


def test_latency_that_rises_with_the_same_users_is_no_slowdown_but_a_drift() -> None:
    figures = find_saturation(intervals_of(row(t, 10, 100, 20.0 if t < 10 else 50.0) for t in range(20)))
    assert (figures.slowdown, figures.drift) == (None, Onset(10, 10, 10, 10))


def test_a_single_slow_second_is_not_a_slowdown() -> None:
    figures = find_saturation(intervals_of(row(t, 10, 100, 90.0 if t == 9 else 20.0) for t in range(20)))
    assert figures.slowdown is None


def test_seconds_without_successes_are_passed_over() -> None:
    figures = find_saturation(intervals_of(row(t, 10 * t, 0 if t % 2 else 1, 10.0 * t + 10) for t in range(40)))
    assert figures.slowdown is not None


def test_latency_that_falls_at_the_beginning_is_warm_up() -> None:
    rows = [row(t, 5 * t + 5, 100, 500.0 if t < 4 else 20.0) for t in range(30)]
    assert find_warm_up(intervals_of(rows)) == 4
    assert find_saturation(intervals_of(rows)).slowdown is None


def test_warm_up_is_at_most_a_third_of_a_run() -> None:
    assert find_warm_up(intervals_of(row(t, 5, 100, 1000 / 2**t) for t in range(12))) == 4


def test_a_short_failure_is_not_dated_back_by_a_longer_one_of_another_kind() -> None:
    rows = [row(t, 10 * t, 5, 20.0) for t in range(20)]
    rows[15].failed, rows[15].failed_ms = Counter(timeout=1, db_error=1), Counter({5000.0: 1, 2.0: 1})
    onsets = [failure.first for failure in find_saturation(intervals_of(rows)).failures]
    assert onsets == [Onset(15, 145, 90, 150), Onset(15, 145, 90, 150)]


@pytest.mark.parametrize("climbing", [False, True])
def test_the_peaks_interval_covers_what_is_steady_though_the_highest_of_many_is_taken(climbing: bool) -> None:
    covered = 0
    for seed in range(40):
        noise = Random(seed)
        rates = [100 * min(1, (t + 1) / 60) if climbing else 100 for t in range(150)]
        ok = [max(round(noise.gauss(rate, rate**0.5)), 0) for rate in rates]
        low, high = find_saturation(intervals_of(row(t, t, n, 20.0) for t, n in enumerate(ok))).peak_range
        covered += low <= 100 <= high
    assert covered >= 36


def test_a_slow_while_that_passes_is_not_a_slowdown() -> None:
    figures = find_saturation(intervals_of(row(t, 5 * t, 100, 90.0 if 20 <= t < 24 else 20.0) for t in range(60)))
    assert figures.slowdown is None


def test_where_users_leave_again_the_slowdown_that_went_with_them_is_one() -> None:
    users = [*range(5, 105, 5), *range(100, 0, -5)]
    rows = [row(t, n, 100, 20.0 * max(1, n / 50)) for t, n in enumerate(users)]
    slowdown = find_saturation(intervals_of(rows)).slowdown
    assert slowdown is not None
    assert slowdown.low <= 50 <= slowdown.high


def test_a_rise_that_came_with_time_and_not_with_users_is_a_drift_from_its_first_second_on() -> None:
    steady = [row(t, min(2 * t, 60), 100, 20.0 if t < 80 else 80.0) for t in range(120)]
    figures = find_saturation(intervals_of(steady))
    assert (figures.slowdown, figures.drift) == (None, Onset(80, 60, 60, 60))
    falling = [row(t, 100 - t, 100, 20.0 if t < 20 else 80.0) for t in range(60)]
    figures = find_saturation(intervals_of(falling))
    assert (figures.slowdown, figures.drift) == (None, Onset(20, 81, 80, 81))


def test_the_users_of_the_peak_are_those_who_reached_it_though_they_left_meanwhile() -> None:
    rows = [row(t, 40 if t < 9 else 2, 400 if t < 9 else 20, 10.0) for t in range(30)]
    saturation = find_saturation(intervals_of(rows))
    assert (saturation.peak_per_s, saturation.peak_users) == (362.0, 40)


def test_a_run_of_a_few_seconds_has_a_wide_interval() -> None:
    low, high = find_saturation(
        intervals_of([row(0, 5, 100, 1.0), row(1, 5, 100, 1.0), row(2, 5, 100, 1.0)])
    ).peak_range
    assert low < 85
    assert high > 110


def test_where_few_are_slower_than_many_were_it_is_a_drift_and_the_interval_is_still_one() -> None:
    rows = [row(t, 200 if t < 10 else 20, 100, 20.0 if t < 10 else 90.0) for t in range(20)]
    figures = find_saturation(intervals_of(rows))
    assert (figures.slowdown, figures.drift) == (None, Onset(10, 126, 20, 200))


def test_a_failure_that_took_long_may_have_begun_with_fewer_users() -> None:
    rows = [row(t, 10 * t, 5, 20.0) for t in range(20)]
    rows[15].failed, rows[15].failed_ms = Counter(timeout=1), Counter({5000.0: 1})
    (timeout,) = find_saturation(intervals_of(rows)).failures
    assert timeout.first == Onset(15, 95, 90, 100)


def test_successes_have_an_interval_that_a_ramp_does_not_widen() -> None:
    noise = Random(1)
    figures = find_saturation(
        intervals_of(row(t, t, max(0, round(10 * t + noise.gauss(0, 5))), 20.0) for t in range(100))
    )
    low, high = figures.successes_range
    # A slope of 10 adds 10 / sqrt(2) to the noise of 5 at most.
    assert 2 * 1.96 * 5 * 10 < high - low < 2 * 1.96 * 9 * 10
    assert low < 49_500 < high


def test_a_run_shorter_than_the_window_is_averaged_whole() -> None:
    figures = find_saturation(intervals_of([row(0, 5, 10, 1.0), row(1, 10, 20, 1.0)]))
    assert (figures.peak_per_s, figures.peak_users) == (15.0, 10)


def test_a_run_without_any_request() -> None:
    assert find_saturation([]) == Saturation(0.0, (0, 0), 0, (0, 0), 0, (0, 0), 0, None, None, ())


def test_nothing_but_failures() -> None:
    figures = find_saturation(
        intervals_of([row(0, 5, 0, 0, connect_refused=3), row(1, 10, 0, 0, connect_refused=3, timeout=9)])
    )
    assert (figures.peak_per_s, figures.successes, figures.slowdown) == (0.0, 0, None)
    assert (figures.errors, figures.fails_always) == (None, True)
    assert figures.failures == (
        KindOnset("timeout", 9, Onset(1, 8, 5, 10)),
        KindOnset("connect_refused", 6, Onset(0, 5, 0, 5)),
    )


def test_load_points_are_full_seconds_after_the_warm_up_with_the_users_when_their_requests_began() -> None:
    intervals = intervals_of(row(t, 10 * (t + 1), 100, 500.0 if t < 4 else 250.0) for t in range(20))
    points = load_points(intervals)
    assert [interval.t for _, interval in points] == list(range(4, 19))
    assert [users for users, _ in points[:3]] == [42.5, 52.5, 62.5]  # a quarter of a second before the middle
