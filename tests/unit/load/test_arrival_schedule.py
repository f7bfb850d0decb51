"""When requests of an open model are due."""

from collections.abc import Iterator
from itertools import pairwise, takewhile
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from locust_asyncdjango.load.arrival_schedule import ArrivalPlan, RateStages, expected_requests

STAGES = st.lists(st.tuples(st.floats(0, 20), st.floats(0, 50)), min_size=1, max_size=4)
STEADY = ((0, 50.0),)


def until(seconds: float, times: Iterator[float]) -> list[float]:
    return list(takewhile(lambda t: t < seconds, times))


def arrivals_of_all(kind: str, processes: int, seconds: float = 200) -> list[float]:
    """Return the arrivals of several processes that share a rate of 50 a second."""
    plans = [ArrivalPlan(STEADY, kind, number, processes) for number in range(processes)]
    return sorted(t for n, plan in enumerate(plans) for t in until(seconds, plan.due_times(Random(n))))


def dispersion(times: list[float], seconds: float = 200) -> float:
    """Return the variance of the counts of each 0.1 s, divided by their mean: 1 for Poisson arrivals."""
    counts = [0] * round(seconds * 10)
    for t in times:
        counts[int(t * 10)] += 1
    mean = len(times) / len(counts)
    return sum((count - mean) ** 2 for count in counts) / len(counts) / mean


def test_expected_requests_are_the_integral_of_the_rate() -> None:
    stages = [(10.0, 4.0), (0.0, 2.0), (5.0, 2.0), (10.0, 0.0)]
    assert [expected_requests(stages, t) for t in (0, 5, 10, 12, 15, 20, 25, 99)] == [0, 5, 20, 24, 30, 37.5, 40, 40]
    assert expected_requests([], 9) == 0


@given(STAGES, st.integers(1, 5), st.integers(0, 9), st.floats(0, 80))
def test_as_many_uniform_arrivals_are_due_as_the_rate_sums_up_to(
    stages: RateStages, processes: int, seed: int, until_s: float
) -> None:
    plans = [ArrivalPlan(stages, "uniform", number, processes) for number in range(processes)]
    times = [until(until_s, plan.due_times(Random(seed + plan.number))) for plan in plans]
    assert all(each == sorted(each) for each in times)
    assert abs(sum(map(len, times)) - expected_requests(stages, until_s)) < 1 + 1e-6


@pytest.mark.parametrize("kind", ["poisson", "uniform"])
def test_the_stages_say_how_many_are_due(kind: str) -> None:
    stages = ((10.0, 40.0), (10.0, 40.0), (0.0, 0.0), (5.0, 0.0), (5.0, 20.0))
    counts = [0] * 5
    for seed in range(20):
        for t in until(30, ArrivalPlan(stages, kind).due_times(Random(seed))):
            counts[[t < 5, 5 <= t < 10, 10 <= t < 20, 20 <= t < 25, t >= 25].index(True)] += 1
    # The integral of the rate, twenty times, and four standard deviations of Poisson counts.
    expected = [20 * 50, 20 * 150, 20 * 400, 0, 20 * 50]
    assert all(abs(count - mean) <= 4 * mean**0.5 for count, mean in zip(counts, expected, strict=True)), counts


@pytest.mark.parametrize("kind", ["poisson", "uniform"])
@given(stages=STAGES, seed=st.integers(0, 9), elapsed=st.floats(0, 60))
def test_a_plan_that_goes_on_leaves_out_what_was_due(kind: str, stages: RateStages, seed: int, elapsed: float) -> None:
    times = until(80, ArrivalPlan(stages, kind).due_times(Random(seed), elapsed))
    assert times == sorted(times)
    assert all(t >= elapsed for t in times)
    expected = expected_requests(stages, 80) - expected_requests(stages, elapsed)
    assert abs(len(times) - expected) <= (2 if kind == "uniform" else 5 * expected**0.5 + 8)


def test_without_a_rate_nothing_is_due() -> None:
    assert list(ArrivalPlan(()).due_times(Random(1))) == []
    assert list(ArrivalPlan(((9.0, 0.0),)).due_times(Random(1))) == []


@pytest.mark.parametrize("processes", [1, 32])
def test_uniform_arrivals_have_no_bursts_and_no_regular_gaps(processes: int) -> None:
    times = arrivals_of_all("uniform", processes)
    gaps = [after - before for before, after in pairwise(times)]
    assert len(times) == 10_000
    assert max(gaps) < 2 / 50
    assert len({round(gap, 6) for gap in gaps}) > 8000
    assert dispersion(times) < 0.1


@pytest.mark.parametrize("processes", [1, 2, 32])
def test_poisson_arrivals_are_the_same_from_each_number_of_processes(processes: int) -> None:
    times = arrivals_of_all("poisson", processes)
    gaps = [after - before for before, after in pairwise(times)]
    assert len(times) == pytest.approx(10_000, abs=400)
    assert dispersion(times) == pytest.approx(1, abs=0.12)
    # Of the gaps of an exponential distribution, 1 - exp(-1) are shorter than their mean.
    assert sum(gap < 1 / 50 for gap in gaps) / len(gaps) == pytest.approx(0.632, abs=0.02)


@pytest.mark.parametrize("kind", ["poisson", "uniform"])
def test_a_process_that_comes_leaves_the_arrivals_as_they_are(kind: str) -> None:
    two = [t for n in range(2) for t in until(100, ArrivalPlan(STEADY, kind, n, 2).due_times(Random(n)))]
    three = [t for n in range(3) for t in until(200, ArrivalPlan(STEADY, kind, n, 3).due_times(Random(9 + n), 100.0))]
    expected = {"poisson": (pytest.approx(1, abs=0.12), 400), "uniform": (pytest.approx(0, abs=0.1), 2)}[kind]
    assert dispersion(two + three) == expected[0]
    assert len(two + three) == pytest.approx(10_000, abs=expected[1])
