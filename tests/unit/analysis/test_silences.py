"""Seconds in which nothing was answered: which count, and which are usual."""

from collections import Counter

import pytest

from locust_asyncdjango.analysis.silences import Silence, find_silences
from locust_asyncdjango.metrics.interval import Interval


def seconds(*answers: int, users: int = 4, latency_s: float = 0.05) -> list[Interval]:
    """Return a run with so many answers in each of its seconds."""
    return [Interval(t, users=users, ok=ok, busy_s=ok * latency_s) for t, ok in enumerate(answers)]


@pytest.mark.parametrize(
    ("intervals", "silences"),
    [
        pytest.param(seconds(), [], id="no run"),
        pytest.param(seconds(*[20] * 9), [], id="no silence"),
        pytest.param(seconds(*[20] * 4, *[0] * 4, *[20] * 2), [Silence(4, 4)], id="in the middle"),
        pytest.param(seconds(*[20] * 4, 0, *[20] * 4), [], id="a single second"),
        pytest.param(seconds(*[20] * 6, *[0] * 3), [Silence(6, 3)], id="to the end"),
        pytest.param(seconds(0, 0, 0, *[20] * 6), [Silence(0, 3)], id="from the beginning"),
        pytest.param(seconds(*[0] * 9), [], id="nothing to compare with: such a run is no result at all"),
        pytest.param(seconds(9, 9, 0, 0, 9, 0, 0, 0, 9, 9), [Silence(2, 2), Silence(5, 3)], id="twice"),
        pytest.param(seconds(*[20] * 4, *[0] * 4, users=0), [], id="without users"),
        pytest.param(seconds(*[1] * 6, 0, 0, 0, 1, 1), [], id="three answers were due, and came late"),
        pytest.param(seconds(0, 0, 0, *[20] * 6, latency_s=3), [], id="requests that take as long as the beginning"),
        pytest.param(seconds(*[50, 0, 0] * 6), [], id="users in step"),
        pytest.param(seconds(*[50, 0, 0] * 6, *[0] * 6, 50), [Silence(16, 8)], id="users in step that stood still"),
        pytest.param(seconds(*[0, 0, 1, 0, 0, 1] * 3), [], id="few users of a slow route"),
    ],
)
def test_a_silence_counts_where_answers_were_due(intervals: list[Interval], silences: list[Silence]) -> None:
    assert find_silences(intervals) == silences


def test_a_failure_is_an_answer() -> None:
    failing = [Interval(t, users=4, failed=Counter(db_error=9)) for t in range(9)]
    assert find_silences(failing) == []


def test_intervals_of_a_long_run_count_with_their_length() -> None:
    intervals = [Interval(4 * t, length=4, users=4, ok=0 if t == 3 else 20) for t in range(6)]
    (silence,) = find_silences(intervals)
    assert silence.text == "nothing was answered for 4 s, from second 12 on"
