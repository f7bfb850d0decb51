"""The seconds of a run after its warm-up, each with the load of its requests."""

from collections.abc import Sequence
from itertools import accumulate
from statistics import median

from locust_asyncdjango.metrics.interval import Interval, full_intervals, users_at_start

BASELINE_SECONDS = 5
SLOW_FACTOR = 1.5

LoadPoint = tuple[float, Interval]
"""The users that ran when the requests of an interval began, and the interval in which they ended."""


def load_points(intervals: Sequence[Interval]) -> list[LoadPoint]:
    """Return the full intervals of a run after its warm-up, each with the users that ran when its requests began."""
    return load_points_since(intervals, find_warm_up(intervals))


def load_points_since(intervals: Sequence[Interval], since_s: int) -> list[LoadPoint]:
    """Return the full intervals of a run from a second on, each with the users that ran when its requests began."""
    full = enumerate(full_intervals(intervals), 1)
    points = ((users_at_start(intervals, n, interval.mean_ms or 0.0), interval) for n, interval in full)
    return [(users, interval) for users, interval in points if interval.t >= since_s and interval.users]


def find_warm_up(intervals: Sequence[Interval]) -> int:
    """Return how many seconds at the beginning of a run are its warm-up."""
    answered = [(interval.t, interval.p50_ms) for interval in intervals if interval.p50_ms is not None]
    medians = [ms for _, ms in answered]
    # Latency that falls while users climb is due to caches and connections. It does so in a third of the run at most.
    lowest = enumerate(accumulate(medians[: len(medians) // 3], min), 1)
    warm_up_ends = [end for end, low in lowest if low > SLOW_FACTOR * median(medians[end : end + BASELINE_SECONDS])]
    return answered[warm_up_ends[-1]][0] if warm_up_ends else 0
