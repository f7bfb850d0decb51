"""When requests of an open model are due."""

from itertools import pairwise, takewhile
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from locust_asyncdjango.load.arrival_schedule import RateStages, due_times, expected_requests

STAGES = st.lists(st.tuples(st.floats(0, 20), st.floats(0, 50)), min_size=1, max_size=4)


@given(STAGES, st.floats(0.1, 1), st.integers(0, 9), st.floats(0, 80))
def test_as_many_are_due_as_the_rate_sums_up_to(stages: RateStages, share: float, seed: int, until_s: float) -> None:
    times = list(takewhile(lambda t: t < until_s, due_times(stages, share, Random(seed))))
    assert times == sorted(times)
    assert abs(len(times) - share * expected_requests(stages, until_s)) < 1 + 1e-6


def test_expected_requests_are_the_integral_of_the_rate() -> None:
    stages = [(10.0, 4.0), (0.0, 2.0), (5.0, 2.0), (10.0, 0.0)]
    assert [expected_requests(stages, t) for t in (0, 5, 10, 12, 15, 20, 25, 99)] == [0, 5, 20, 24, 30, 37.5, 40, 40]
    assert expected_requests([], 9) == 0


@given(STAGES, st.integers(0, 9), st.floats(0, 60))
def test_a_schedule_that_starts_later_has_the_same_later_times(stages: RateStages, seed: int, elapsed: float) -> None:
    whole = list(takewhile(lambda t: t < 80, due_times(stages, 1.0, Random(seed))))
    later = list(takewhile(lambda t: t < 80, due_times(stages, 1.0, Random(seed), elapsed)))
    assert all(t >= elapsed for t in later)
    assert abs(len(later) - sum(t >= elapsed for t in whole)) <= 2


def test_there_are_no_bursts_and_no_regular_gaps() -> None:
    times = list(takewhile(lambda t: t < 100, due_times([(0, 50.0)], 1.0, Random(1))))
    gaps = [after - before for before, after in pairwise(times)]
    assert len(times) == pytest.approx(5000, abs=1)
    assert max(gaps) < 2 / 50
    assert len({round(gap, 6) for gap in gaps}) > 4000
    assert max(sum(t <= each < t + 0.1 for each in times) for t in times) <= 0.1 * 50 + 2


def test_several_processes_share_the_rate() -> None:
    count = sum(len(list(takewhile(lambda t: t < 10, due_times([(10, 90.0)], 1 / 3, Random(n))))) for n in range(3))
    assert count == pytest.approx(450, abs=3)
