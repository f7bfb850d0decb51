"""Seconds of a run as latency over users."""

from collections import Counter

from locust_asyncdjango.analysis.saturation.onsets.latency_points import LatencyPoint, latency_points
from locust_asyncdjango.metrics.row import Row
from locust_asyncdjango.metrics.series_file import Series


def test_requests_belong_to_the_users_that_ran_when_they_began() -> None:
    rows = [Row(t, 10 * (t + 1), 4, ok_ms=Counter({250.0 if t < 3 else 1500.0: 4})) for t in range(6)]
    points = latency_points(Series.from_rows({}, rows).intervals)
    assert points[0] == LatencyPoint(0, 2.5, 0, 10, 250.0, 4.0, 250.0, 250.0)  # a quarter of the first second
    assert points[1] == LatencyPoint(1, 12.5, 10, 20, 250.0, 4.0, 250.0, 250.0)
    assert points[4] == LatencyPoint(4, 30.0, 40, 50, 1500.0, 4.0, 1500.0, 1500.0)
    assert len(points) == 5  # the last second of a run is not a whole one
    assert [point.t for point in latency_points(Series.from_rows({}, rows).intervals, since_s=2)] == [2, 3, 4]


def test_requests_that_differ_have_a_variance() -> None:
    same, different = (LatencyPoint(0, 1.0, 0, 1, 200.0, 30.0, 40.0, p95_ms) for p95_ms in (40.0, 1640.0))
    assert (same.relative_variance, round(different.relative_variance, 1)) == (0.0, 23.7)


def test_a_single_slow_second_is_as_fast_as_its_neighbours() -> None:
    rows = [Row(t, 10, 4, ok_ms=Counter({1000.0 if t == 5 else 20.0: 4})) for t in range(10)]
    assert {point.ms for point in latency_points(Series.from_rows({}, rows).intervals)} == {20.0}
