"""Where a planted quantity passes a limit."""

from random import Random

import pytest

from locust_asyncdjango.analysis.saturation.monotone import (
    Crossing,
    Observation,
    duration_likelihood,
    find_crossing,
    share_likelihood,
)


def share_crossing(limit: float, *observed: tuple[int, int]) -> Crossing:
    """observed: of each load how many of how many requests violate the condition."""
    observations = [Observation(count, total) for total, count in observed]
    return find_crossing(observations, limit, share_likelihood, lambda share: share * (1 - share), 1.0)


@pytest.mark.parametrize(
    ("observed", "expected"),
    [
        pytest.param([(0, 100)] * 4 + [(100, 100)] * 3, Crossing(4, 4, 4, 7), id="a sharp break"),
        pytest.param([(0, 100)] * 5, Crossing(5, 5, 5, 5), id="no break"),
        pytest.param([(50, 100)] * 3, Crossing(0, 0, 0, 3), id="broken at every load"),
        pytest.param([(9, 100)] + [(0, 100)] * 5 + [(90, 100)], Crossing(6, 3, 6, 7), id="a pause at the lowest load"),
        pytest.param(
            [(0, 10)] * 3 + [(1, 10), (0, 10), (1, 10), (2, 10), (9, 10)],
            Crossing(5, 1, 6, 6),
            id="few requests leave much open",
        ),
    ],
)
def test_a_share_passes_its_limit(observed: list[tuple[int, int]], expected: Crossing) -> None:
    assert share_crossing(0.05, *observed) == expected


def test_a_limit_of_none_is_passed_at_the_first_that_violates_it() -> None:
    assert share_crossing(0.0, (0, 10), (0, 10), (1, 10), (0, 10), (5, 10)) == Crossing(2, 0, 2, 4)


def test_means_of_durations() -> None:
    observations = [Observation(50, 50 * ms) for ms in (100, 110, 90, 100, 200, 210, 300)]
    crossing = find_crossing(observations, 150.0, duration_likelihood, lambda mean: mean * mean, 0.01)
    assert crossing == Crossing(4, 4, 4, 5)


def test_the_interval_covers_the_truth_as_often_as_it_says() -> None:
    chance = Random(1)
    covered = 0
    for _ in range(200):
        shares = [n / 1000 for n in range(1, 101)]  # the limit of 5 % is passed behind the fiftieth
        observed = [(sum(chance.random() < share for _ in range(60)), 60) for share in shares]
        crossing = share_crossing(0.05, *observed)
        covered += crossing.low <= 50 <= crossing.high
    assert 184 <= covered <= 198
