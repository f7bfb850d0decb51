"""A curve has the points of a run in two orders, and the fits to them."""

from locust_asyncdjango.analysis.saturation.onsets.latency_curve import LatencyCurve, mean
from locust_asyncdjango.analysis.saturation.onsets.latency_points import LatencyPoint


def points(*users: float) -> list[LatencyPoint]:
    """Return a second for each number of users, with a latency of 10 ms up to 20 users, and 1 ms more for each more."""
    latencies_ms = [10 + max(each - 20, 0.0) for each in users]
    return [
        LatencyPoint(t, each, round(each), round(each), ms, 5.0, ms, ms)
        for t, (each, ms) in enumerate(zip(users, latencies_ms, strict=True))
    ]


def test_users_explain_what_rises_and_falls_with_them() -> None:
    curve = LatencyCurve(points(*range(1, 41), *range(40, 0, -1)))
    by_users, by_time = curve.rests
    assert (abs(curve.corner.corner - 20) < 0.3, 5 * by_users < by_time) == (True, True)
    assert curve.rests_of_level[0] > 100 * by_users


def test_a_queue_is_told_from_a_steady_rise() -> None:
    latencies_ms = {True: [10 * max(users / 20, 1.0) for users in range(1, 41)], False: [10.0 + n for n in range(40)]}
    for is_queue, values_ms in latencies_ms.items():
        curve = LatencyCurve([LatencyPoint(n, n + 1.0, n, n + 1, ms, 5.0, ms, ms) for n, ms in enumerate(values_ms)])
        assert curve.may_be_queue is is_queue


def test_a_part_has_fits_of_its_own() -> None:
    curve = LatencyCurve(points(30, 10, 20))
    assert curve.over_users == [(10, 10.0, 5.0), (20, 10.0, 5.0), (30, 20.0, 5.0)]
    assert (curve.until(3), curve.until(2).over_users) == (curve, [(10, 10.0, 5.0), (30, 20.0, 5.0)])
    assert (curve.mean_ms, curve.until(2).mean_ms) == (40 / 3, 15.0)


def test_the_mean_is_that_of_all_requests() -> None:
    assert mean([(1.0, 10.0, 1.0), (5.0, 30.0, 3.0)]) == (4.0, 25.0)
