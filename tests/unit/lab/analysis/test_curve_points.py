"""The points that curves are fitted to."""

import numpy as np
import pytest

from locust_asyncdjango.lab.analysis.curve_points import (
    BLOCK_S,
    MIN_POINTS,
    bootstrap_signs,
    climbs,
    throughput_points,
)
from locust_asyncdjango.metrics.interval import Interval
from tests.support.planted_runs import climbed, slots


def test_points_are_rates_in_the_order_of_users() -> None:
    intervals = climbed(slots(50), 100, noise=0.0)
    users, per_s = throughput_points([*intervals[:20], *intervals[20:]])
    assert list(users) == sorted(users)
    assert len(users) == len(per_s)
    assert per_s.max() == pytest.approx(500, rel=0.02)


def test_there_are_no_points_without_seconds_or_users() -> None:
    for intervals in ([], [Interval(t, users=0, ok=0) for t in range(20)]):
        users, per_s = throughput_points(intervals)
        assert (len(users), len(per_s)) == (0, 0)


@pytest.mark.parametrize(
    ("users", "is_climb"),
    [
        pytest.param(range(1, MIN_POINTS + 1), True, id="enough"),
        pytest.param(range(1, MIN_POINTS), False, id="too few"),
        pytest.param([1, 2, 3] * MIN_POINTS, False, id="too few different numbers"),
        pytest.param(range(100, 150), False, id="less than twice the first"),
        pytest.param([], False, id="none"),
    ],
)
def test_a_curve_needs_users_that_climb(users: list[int], is_climb: bool) -> None:
    assert climbs(np.array(users, dtype=float)) == is_climb


def test_signs_are_equal_within_a_block_and_at_each_call() -> None:
    signs = bootstrap_signs(10, samples=50)
    assert signs.shape == (50, 10)
    assert set(np.unique(signs)) == {-1.0, 1.0}
    assert (signs[:, 0] == signs[:, BLOCK_S - 1]).all()
    assert (signs == bootstrap_signs(10, samples=50)).all()
