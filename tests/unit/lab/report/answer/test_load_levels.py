"""The points of an arm's curve, and its full load."""

from collections import Counter

from locust_asyncdjango.lab.report.answer.load_levels import FullLoad, curve_points, full_load
from locust_asyncdjango.metrics.load_curve import LoadLevel
from tests.support.experiments import SYNC, findings_of, peak_only

RUNS = findings_of([peak_only(SYNC)]).runs[0]


def level(users: int, done: int, failed: int = 0, seconds: int = 1, ms: float = 10.0) -> LoadLevel:
    return LoadLevel(users, seconds, done, failed, Counter({ms: done}))


def test_neighbours_are_merged_until_a_point_has_enough_requests() -> None:
    points = curve_points([level(5, 20), level(10, 40), level(15, 80), level(20, 10)])
    assert [(point.users, point.seconds, point.done) for point in points] == [(7.5, 2, 60), (17.5, 2, 90)]
    assert curve_points([]) == []


def test_a_curve_has_few_points_and_ends_at_the_most_users() -> None:
    points = curve_points([level(users, 100) for users in range(1, 501)])
    assert len(points) <= 42
    assert points[-1].users == 500


def test_the_full_load_is_what_the_most_users_brought() -> None:
    levels = [level(10, 100), level(20, 60, failed=20, seconds=2, ms=50.0), level(20, 60, seconds=1, ms=80.0)]
    assert full_load(RUNS, levels) == FullLoad(20, 40.0, None, None, 20 / 140, 50.0, 80.0, 80.0)
    assert full_load(RUNS, []) is None


def test_without_enough_requests_the_full_load_is_the_last_point() -> None:
    last = full_load(RUNS, [level(10, 100), level(20, 10)])
    assert last is not None
    assert (last.users, last.per_s, last.failed_share) == (15, 55.0, 0.0)
