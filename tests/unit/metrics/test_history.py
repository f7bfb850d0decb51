"""Rows as they arrive -> intervals, in bounded memory."""

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from locust_asyncdjango.metrics.history import RECENT_S, History
from locust_asyncdjango.metrics.interval import Interval
from locust_asyncdjango.metrics.row import Row, Sample
from tests.support.series import SAMPLES, recorder_of


def history_of(rows: list[Row], limit: int = 0) -> History:
    history = History(limit)
    for row in rows:
        history.add(row)
    return history


def test_an_empty_history_has_no_intervals() -> None:
    assert (History().intervals(), History().users_at(0)) == ([], 0)


def test_a_second_without_a_row_has_the_users_of_before() -> None:
    assert history_of([Row(1, 5, 2), Row(4, 9)]).intervals() == [
        Interval(0),
        Interval(1, 5, 2),
        Interval(2, 5),
        Interval(3, 5),
        Interval(4, 9),
    ]


def test_a_history_has_every_second_and_what_arrived_late() -> None:
    rows = [Row(t, t, 2, Counter(timeout=1), 10, Counter({5.0: 2}), Counter({7.0: 1})) for t in range(100) if t != 50]
    history = history_of([*rows, Row(20, 3, 1, ok_ms=Counter({8.0: 1}))])
    intervals = history.intervals()
    assert [interval.t for interval in intervals] == list(range(100))
    assert (intervals[50].users, intervals[50].ok) == (49, 0)
    # By then only the means are known.
    assert (intervals[20].users, intervals[20].ok, intervals[20].p50_ms) == (23, 3, 6.0)
    assert (history.total.t, history.total.users, history.total.ok) == (99, 99, 199)
    assert [history.users_at(t) for t in (-1, 20, 50, 99, 100)] == [0, 23, 49, 99, 0]


def test_requests_count_in_the_second_in_which_they_began() -> None:
    rows = [Row(t, ok=10, began=Counter({0: 8, 1: 2} if t < 20 else {20: 10})) for t in range(30)]
    began = [interval.began for interval in history_of(rows).intervals()]
    assert began[:11] == [8 + 2 + 2 + 10, *[8 + 2 + 10] * 9, 8 + 2]  # before the run counts as in its first second
    assert began[19:] == [8, *[0] * 10]


def test_a_long_run_takes_no_more_memory_and_loses_nothing() -> None:
    history = History(limit=100)
    for t in range(1000):
        history.add(Row(t, t, 3, Counter({"timeout": t % 2}), 1, Counter({5.0: 3}), Counter({7.0: 1}), Counter({0: 3})))
        assert len(history.intervals()) <= 100 + RECENT_S + 1
    history.add(Row(50, users=7))  # late, and not of the end of those seconds
    intervals = history.intervals()
    assert history.length == 16
    assert {interval.length for interval in intervals[:-1]} == {16}
    assert intervals[-1].length == 1000 % 16
    assert sum(interval.length for interval in intervals) == 1000
    assert sum(interval.ok for interval in intervals) == sum(interval.began for interval in intervals) == 3000
    assert sum(interval.failures for interval in intervals) == 500
    assert intervals[3].busy_s == pytest.approx(0.352)
    intervals[3].busy_s = 0.352
    assert intervals[3] == Interval(
        48,
        63,
        48,
        Counter(timeout=8),
        16,
        length=16,
        began=48,
        mean_ms=5.0,
        p50_ms=5.0,
        p95_ms=5.0,
        p99_ms=5.0,
        busy_s=0.352,
        failed_ms=(7.0, 7.0),
    )


@given(SAMPLES, st.randoms(use_true_random=False))
def test_rows_in_any_order_make_the_same_total(samples: list[Sample], order: random.Random) -> None:
    rows = recorder_of(*samples).take()
    parts = [row for sample in samples for row in recorder_of(sample).take()]
    assert history_of(order.sample(parts, len(parts))).total == history_of(rows).total
