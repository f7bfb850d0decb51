"""The seconds of a run as latency over users. Start reading at ``latency_points``."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import floor

from locust_asyncdjango.metrics.interval import Interval

OUTLIER_FACTOR = 2.0
"""A second is an outlier if it is so many times as slow, or as fast, as the median of itself and its neighbours."""
P95_Z = 1.6449
"""How many standard deviations above the median the 95th percentile of the normal distribution is."""


@dataclass(frozen=True, slots=True)
class LatencyPoint:
    """The successful requests that ended in one second.

    t: the second. users: those that ran when its requests began, at least 1. before, after: the users at its beginning
    and at its end. ms: mean latency. The mean, not the median: Little's law is about means, and where users wait for
    slots in step, most of them do not wait at all for a long time. weight: how many requests these are. p50_ms, p95_ms:
    percentiles of their latency.
    """

    t: int
    users: float
    before: int
    after: int
    ms: float
    weight: float
    p50_ms: float
    p95_ms: float

    @property
    def relative_variance(self) -> float:
        """Return the variance of the latency of these requests, as a multiple of its squared mean."""
        return ((self.p95_ms - self.p50_ms) / P95_Z / self.ms) ** 2

    @property
    def began_s(self) -> float:
        """Return when its requests began, on average, if they ended at its beginning."""
        return self.t - self.ms / 1000


def latency_points(intervals: Sequence[Interval], since_s: int = 0) -> list[LatencyPoint]:
    """Return the seconds with successful requests from a second on, without the last one in which users ran.

    The first second of a run is one of them, though it is not a whole one: its requests began with the fewest users.
    """
    last = max((n for n, interval in enumerate(intervals) if interval.users), default=0)
    points = [
        LatencyPoint(
            t=interval.t,
            users=_users_at_begin(intervals, n, interval.mean_ms or 0.0),
            before=intervals[n - 1].users if n else 0,
            after=interval.users,
            ms=interval.mean_ms or 0.0,
            weight=float(interval.ok),
            p50_ms=interval.p50_ms or 0.0,
            p95_ms=interval.p95_ms or 0.0,
        )
        for n, interval in enumerate(intervals[:last])
        # A mean latency that is longer than the run so far is damaged.
        if interval.t >= since_s
        and interval.users
        and 0 < (interval.mean_ms or 0.0) <= 1000 * (interval.t + interval.length)
    ]
    return _without_outliers(points)


def _users_at_begin(intervals: Sequence[Interval], n: int, ms: float) -> float:
    """Return the users when a request began that took so long and ended in the middle of the n-th interval."""
    when = n + 0.5 - ms / 1000 / intervals[n].length
    # Before the first interval, no user ran.
    before, after = (intervals[each].users if each >= 0 else 0 for each in (floor(when) - 1, floor(when)))
    return max(before + (when - floor(when)) * (after - before), 1.0)


def _without_outliers(points: list[LatencyPoint]) -> list[LatencyPoint]:
    """Return the points, of which a single slow second has the median latency of itself and its neighbours."""
    smoothed = list(points)
    for n in range(1, len(points) - 1):
        _, middle_ms, _ = sorted(point.ms for point in points[n - 1 : n + 2])
        if not middle_ms / OUTLIER_FACTOR <= points[n].ms <= middle_ms * OUTLIER_FACTOR:
            smoothed[n] = replace(points[n], ms=middle_ms)
    return smoothed
