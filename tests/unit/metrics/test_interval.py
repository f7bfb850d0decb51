"""A second in a few numbers, several in one, and what a run's intervals say of its users."""

from collections import Counter

import pytest

from locust_asyncdjango.metrics.interval import (
    Interval,
    combine,
    full_intervals,
    largest_user_step,
    users_at_start,
    with_due_rates,
)
from locust_asyncdjango.metrics.request_names.sums import RequestSums
from locust_asyncdjango.metrics.row import Row

ROW = Row(
    3,
    40,
    4,
    Counter(timeout=2),
    500,
    Counter({10.0: 3, 50.0: 1}),
    Counter({2000.0: 1, 30.0: 1}),
    Counter({0: 6}),
    cpu=12.5,
    lag_ms=3.5,
    planned=50,
    late=1,
    missed=2,
    clock_s=1.5,
    lost_workers=1,
    in_flight=3,
    in_flight_s=1.5,
    due_per_s=99.5,
    names={"GET /": RequestSums(4), "GET /slow/": RequestSums(failed=Counter(timeout=2))},
)


def test_a_row_in_a_few_numbers() -> None:
    assert Interval.from_row(ROW, began=7) == Interval(
        3,
        40,
        4,
        Counter(timeout=2),
        500,
        length=1,
        began=7,
        mean_ms=20.0,
        p50_ms=10.0,
        p95_ms=50.0,
        p99_ms=50.0,
        busy_s=2.11,
        failed_ms=(30.0, 2000.0),
        failed_by_name=Counter({"GET /slow/": 2}),
        cpu=12.5,
        lag_ms=3.5,
        planned=50,
        late=1,
        missed=2,
        clock_s=1.5,
        lost_workers=1,
        in_flight=3,
        in_flight_s=1.5,
        due_per_s=99.5,
    )


def test_without_successes_there_is_no_latency() -> None:
    interval = Interval.from_row(Row(0, failed=Counter(timeout=1)))
    assert (interval.mean_ms, interval.p50_ms, interval.failed_ms, interval.failures) == (None, None, None, 1)
    untimed = Interval.from_row(Row(0, ok=1))
    assert (untimed.ok, untimed.p50_ms, untimed.mean_ms) == (1, None, None)


def test_an_interval_does_not_change_its_row() -> None:
    interval = Interval.from_row(ROW)
    interval.add(Interval(4, 50, failed=Counter(timeout=1)))
    assert ROW.failed == Counter(timeout=2)


def test_several_become_one_and_stay_as_they_are() -> None:
    first = Interval(0, 10, 1, Counter(a=1), 5, mean_ms=10.0, p50_ms=10.0, failed_ms=(1.0, 2.0), busy_s=1.0, cpu=9.0)
    second = Interval(1, 20, 3, Counter(a=1, b=1), 5, mean_ms=30.0, p50_ms=30.0, failed_ms=(0.5, 1.0), planned=25)
    assert combine([first, second, Interval(2, 30, began=4, late=1)]) == Interval(
        0,
        30,  # at the end
        4,
        Counter(a=2, b=1),
        10,
        length=3,
        began=4,
        mean_ms=25.0,  # weighted by successes
        p50_ms=25.0,
        busy_s=1.0,
        failed_ms=(0.5, 2.0),
        cpu=9.0,
        planned=None,  # at the end there was no plan
        late=1,
    )
    assert first.failed == Counter(a=1)


def test_what_arrives_late_brings_users_and_no_length() -> None:
    interval = Interval(0, 10, 1, planned=5, mean_ms=10.0)
    interval.add(Interval(0, 3, 1, length=0, planned=7, mean_ms=20.0))
    assert (interval.length, interval.users, interval.planned, interval.mean_ms) == (1, 13, 7, 15.0)


@pytest.mark.parametrize(
    ("users", "full"),
    [
        ([], []),
        ([5], []),
        ([5, 10, 15, 20], [1, 2]),
        ([5, 10, 15, 20, 0, 0], [1, 2]),  # its last users stopped in second 3
    ],
)
def test_the_first_second_and_the_last_with_users_are_not_full(users: list[int], full: list[int]) -> None:
    intervals = [Interval(t, each) for t, each in enumerate(users)]
    assert [interval.t for interval in full_intervals(intervals)] == full


@pytest.mark.parametrize(
    ("ms", "users"),
    [
        pytest.param(0.0, 25.0, id="it began in the middle of its second"),
        pytest.param(500.0, 20.0, id="at its beginning"),
        pytest.param(1000.0, 15.0, id="a second earlier"),
        pytest.param(60_000.0, 10.0, id="before the run"),
    ],
)
def test_the_users_when_a_request_began(ms: float, users: float) -> None:
    assert users_at_start([Interval(t, 10 * (t + 1)) for t in range(4)], 2, ms) == users


def test_the_largest_step_of_users_up_or_down() -> None:
    assert largest_user_step([Interval(0, 5), Interval(1, 9), Interval(2, 2), Interval(3, 2)]) == 7


def test_a_second_that_a_busy_generator_missed_has_the_rate_of_the_one_before() -> None:
    rates = [None, 5.0, None, 10.0, None]
    filled = with_due_rates([Interval(t, 30, due_per_s=rate) for t, rate in enumerate(rates)])
    assert [interval.due_per_s for interval in filled] == [5.0, 5.0, 5.0, 10.0, 10.0]
    closed = [Interval(0, 30), Interval(1, 30)]
    assert with_due_rates(closed) is closed
