"""Planted loads -> the highest at which an objective holds."""

from collections import Counter

import pytest

from locust_asyncdjango.analysis.conditions.objective import parse_objective
from locust_asyncdjango.analysis.formatting import format_capacity
from locust_asyncdjango.analysis.saturation import Capacity, FailingName, find_saturation
from locust_asyncdjango.analysis.saturation.capacity import find_capacity
from locust_asyncdjango.metrics.request_names.sums import RequestSums
from locust_asyncdjango.metrics.row import Row
from locust_asyncdjango.metrics.series_file import Series

DEFAULT = "failures <= 1% and p95 <= 1s"
FAILED_AT = 45


def second(t: int, users: int, ms: float, failed: int = 0, ok: int = 100) -> Row:
    """Return a second in which ``ok`` requests succeeded after ``ms``."""
    failures = Counter(db_too_many_clients=failed) if failed else Counter()
    return Row(t, users, ok, failures, ok_ms=Counter({ms: ok}), failed_ms=Counter({1.0: failed} if failed else {}))


def capacity(rows: list[Row], objective: str = DEFAULT) -> Capacity | None:
    series = Series.from_rows({}, rows)
    return find_capacity(series.load_levels, series.intervals, parse_objective(objective))


def climb(slow_at: int = 1000, fails_at: int = 1000, seconds: int = 40) -> list[Row]:
    """Return a climb by two users a second, which takes two seconds a request or fails in 5 % from some users on."""
    return [
        second(t, 2 * t, 2000.0 if 2 * t - 1 >= slow_at else 100.0, failed=5 if 2 * t - 1 >= fails_at else 0)
        for t in range(seconds)
    ]


def test_latency_breaks_the_objective() -> None:
    # The first slow requests end with the second of 42 users; they began two seconds earlier, behind 36 users.
    assert capacity(climb(slow_at=41)) == Capacity(DEFAULT, 36, 34, 39, 100.0, "p95 2.0 s")


def test_failures_break_the_objective() -> None:
    assert capacity(climb(slow_at=61, fails_at=FAILED_AT)) == Capacity(
        DEFAULT, 44, 40, 46, 100.0, "failures 3.8 %, mostly db_too_many_clients"
    )


def test_an_objective_of_the_users_own() -> None:
    assert capacity(climb(fails_at=FAILED_AT), "failures<=10%, p95<=100ms") == Capacity(
        "failures <= 10% and p95 <= 100ms", 75, 75, 75, 100.0
    )
    kind = capacity(climb(fails_at=FAILED_AT), "db_too_many_clients <= 2%")
    assert kind == Capacity("db_too_many_clients <= 2%", 44, 42, 46, 100.0, "db_too_many_clients 4.8 %")
    mean = capacity(climb(slow_at=41), "mean <= 500ms")
    assert mean is not None
    assert (mean.users, mean.broken_by) == (36, "mean 1.1 s")


def test_a_load_that_nothing_breaks_is_a_minimum() -> None:
    figure = capacity(climb())
    assert figure == Capacity(DEFAULT, 75, 75, 75, 100.0)
    assert not figure.is_reached


def test_an_objective_that_holds_at_no_load() -> None:
    figure = capacity(climb(fails_at=0))
    assert figure == Capacity(DEFAULT, 0, 0, 2, 0.0, "failures 4.8 %, mostly db_too_many_clients")


def test_a_name_that_fails_at_every_load_is_named_with_what_the_others_carry() -> None:
    rows = climb(slow_at=41)
    for row in rows:
        row.names = {"GET /": RequestSums(row.ok), "GET /broken/": RequestSums(failed=Counter(http_5xx=25))}
        row.failed = Counter(http_5xx=25)
    series = Series.from_rows({}, rows)
    figures = find_saturation(series.intervals, series.load_levels)
    assert (figures.errors, figures.always_failing) == (None, (FailingName("GET /broken/", 1.0),))
    assert figures.capacity == Capacity(
        DEFAULT,
        0,
        0,
        2,
        0.0,
        "failures 18.5 %, mostly http_5xx, because GET /broken/ (100 %) fails at every load",
        users_without_failing=36,
    )
    assert format_capacity(figures.capacity) == (
        "below 2 users: failures 18.5 %, mostly http_5xx, because GET /broken/ (100 %) fails at every load, not within"
        " failures <= 1% and p95 <= 1s; without these failures the objective holds up to 36 users: mend what fails, or"
        " leave it out of the tasks"
    )


def test_a_kind_that_load_brings_is_not_due_to_a_name_that_fails_at_every_load() -> None:
    rows = climb(fails_at=FAILED_AT)
    for row in rows:
        broken = RequestSums(failed=Counter(http_5xx=25))
        row.names = {"GET /": RequestSums(row.ok, Counter(row.failed)), "GET /broken/": broken}
        row.failed += broken.failed
    series = Series.from_rows({}, rows)
    figures = find_saturation(series.intervals, series.load_levels, parse_objective("db_too_many_clients <= 2%"))
    assert figures.always_failing == (FailingName("GET /broken/", 1.0),)
    assert figures.capacity is not None
    assert (figures.capacity.users, figures.capacity.users_without_failing) == (44, None)
    assert figures.capacity.broken_by == "db_too_many_clients 3.8 %"


def test_a_rare_name_that_fails_at_every_load_changes_no_capacity() -> None:
    rows = climb(slow_at=41)
    for row in rows[::10]:
        row.names = {"GET /": RequestSums(row.ok), "GET /rare/": RequestSums(failed=Counter(http_5xx=1))}
        row.failed = Counter(http_5xx=1)
    assert capacity(rows) == Capacity(DEFAULT, 36, 34, 39, 100.0, "p95 2.0 s")
    series = Series.from_rows({}, rows)
    figures = find_saturation(series.intervals, series.load_levels)
    assert (figures.capacity, [each.name for each in figures.always_failing]) == (capacity(rows), ["GET /rare/"])


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([second(t, 50, 100.0) for t in range(30)], id="held"),
        pytest.param([second(t, 50, 3000.0) for t in range(30)], id="broken"),
    ],
)
def test_a_constant_load_says_whether_it_is_within(rows: list[Row]) -> None:
    is_held = 100.0 in rows[0].ok_ms
    expected = Capacity(DEFAULT, 50, 50, 50, 100.0) if is_held else Capacity(DEFAULT, 0, 0, 50, 0.0, "p95 3.0 s")
    assert capacity(rows) == expected


def test_a_single_pause_and_chance_failures_are_not_what_broke_it() -> None:
    rows = climb(slow_at=61)
    rows[6] = second(6, 12, 1500.0, ok=30)
    rows[10] = second(10, 20, 100.0, failed=2)
    figure = capacity(rows)
    assert figure is not None
    assert (figure.users, figure.broken_by) == (56, "p95 2.0 s")


def test_loads_whose_slow_requests_had_no_time_to_end_do_not_count() -> None:
    # The requests of the last second that have ended were the fast ones.
    rows = [*climb(seconds=20), *(second(t, 60 + t, 100.0) for t in (20, 21))]
    figure = capacity(rows, "p95 <= 10s")
    assert figure is not None
    assert figure.users < 40


def test_a_run_without_an_answer_has_no_capacity() -> None:
    assert capacity([Row(t, 5) for t in range(5)]) is None
    assert find_capacity((), ()) is None
