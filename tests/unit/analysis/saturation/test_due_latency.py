"""Latency from when requests were due, also of those that the end of a run cut off."""

from collections import Counter
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from locust_asyncdjango.analysis.saturation import DueLatency
from locust_asyncdjango.analysis.saturation.due_latency import find_due_latency
from locust_asyncdjango.metrics.row import Row

ANSWERED = Counter({10.0: 90, 20.0: 10})
FAST = ((10.0, 10.0), (20.0, 20.0), (20.0, 20.0))


@pytest.mark.parametrize(
    ("total", "expected"),
    [
        pytest.param(Row(9), None, id="nothing was due"),
        pytest.param(Row(9, ok=100, ok_ms=ANSWERED), None, id="nothing was cut off"),
        pytest.param(Row(9, ok=100, ok_ms=ANSWERED, late=1), DueLatency(100, 0, *FAST), id="some began late"),
        pytest.param(Row(9, ok=100, ok_ms=ANSWERED, due_per_s=9.0), DueLatency(100, 0, *FAST), id="an open model"),
        pytest.param(
            Row(9, ok=100, ok_ms=ANSWERED, in_flight=50, cut_off_ms=Counter({9000.0: 50})),
            None,
            id="a closed model that the end cut off",
        ),
        pytest.param(
            Row(9, ok=100, ok_ms=ANSWERED, missed=20, cut_off_ms=Counter({1000.0: 20})),
            DueLatency(120, 20, (10.0, 10.0), (1000.0, None), (1000.0, None)),
            id="at least",
        ),
        pytest.param(
            Row(9, ok=100, ok_ms=ANSWERED, missed=9, in_flight=1, in_flight_s=0.0, cut_off_ms=Counter({5.0: 10})),
            DueLatency(110, 10, (10.0, 10.0), (20.0, None), (20.0, None)),
            id="some had just begun to wait",
        ),
        pytest.param(
            Row(9, ok=100, ok_ms=Counter({float(n): 1 for n in range(1, 101)}), missed=100, late=9),
            DueLatency(200, 100, (0.0, 100.0), (90.0, None), (98.0, None)),
            id="an earlier version does not say how long they had waited",
        ),
        pytest.param(
            Row(9, in_flight=3, cut_off_ms=Counter({8000.0: 3})),
            None,
            id="nothing was answered",
        ),
    ],
)
def test_each_percentile_lies_between_what_is_known(total: Row, expected: DueLatency | None) -> None:
    assert find_due_latency(total) == expected


@given(
    st.lists(st.integers(1, 2000), min_size=1, max_size=40),
    st.lists(st.tuples(st.integers(1, 2000), st.integers(0, 2000)), max_size=40),
)
def test_the_truth_is_never_outside(answered: list[int], cut_off: list[tuple[int, int]]) -> None:
    """cut_off: for each request how long it had waited, and how much longer it would have taken."""
    waited = Counter(float(ms) for ms, _ in cut_off)
    total = Row(
        9, ok=len(answered), ok_ms=Counter(map(float, answered)), missed=len(cut_off), cut_off_ms=waited, late=1
    )
    truth = sorted([*answered, *(ms + more for ms, more in cut_off)])
    due = find_due_latency(total)
    assert due is not None
    for percent, (low, high) in ((50, due.p50_ms), (95, due.p95_ms), (99, due.p99_ms)):
        assert low <= truth[ceil(percent * len(truth) / 100) - 1] <= (high or 4000)
