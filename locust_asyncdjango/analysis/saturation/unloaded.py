"""The unloaded latency of a run: what a request takes when no other is in its way. Start reading at ``find_unloaded``.

It is the median latency at the lowest loads. Where even there each user makes latency longer, as behind a single slot,
requests queue from the first user on: then it is what one user adds.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import log
from statistics import median, pvariance

from locust_asyncdjango.analysis.saturation.load_points import BASELINE_SECONDS, LoadPoint
from locust_asyncdjango.metrics.load_curve import LoadLevel

FEWEST_REQUESTS = 30
"""The median of fewer requests is too uncertain."""
USERS_RANGE = 3.0
"""Whether latency rises with the users is looked for up to so many times as many users as at the lowest load."""
FEWEST_RANGE = 1.5
"""A smaller range of users does not show it."""
PROPORTIONAL_SHARE = 0.5
"""Latency is proportional to the users if that explains all but this share of its variance."""


@dataclass(frozen=True, slots=True)
class Unloaded:
    """The unloaded latency of a run.

    ms: in milliseconds. users: the most users at the loads that it is from. requests: successful ones at these loads.
    is_queued: whether requests queued even there, so that ``ms`` is what each user adds.
    """

    ms: float
    users: float
    requests: int
    is_queued: bool = False


def find_unloaded(points: Sequence[LoadPoint], load_levels: Iterable[LoadLevel] = ()) -> Unloaded | None:
    """Return the unloaded latency; None where fewer than FEWEST_REQUESTS succeeded.

    points: the seconds after the warm-up. load_levels: of the same run; their fastest request bounds the estimate where
    requests queue at the lowest loads.
    """
    answered = sorted((point for point in points if point[1].p50_ms is not None), key=lambda point: point[0])
    lowest = _lowest_loads(answered)
    if lowest is None:
        return None
    users, requests = max(users for users, _ in lowest), sum(interval.ok for _, interval in lowest)
    near = max(lowest, [point for point in answered if point[0] <= USERS_RANGE * answered[0][0]], key=len)
    if not _is_proportional(near):
        medians = [(interval.p50_ms or 0.0, interval.ok) for _, interval in lowest]
        return Unloaded(_weighted_median(medians), users, requests)
    each_adds_ms = median((interval.mean_ms or 0.0) / users for users, interval in near)
    fastest_ms = min((min(level.ok_ms) for level in load_levels if level.ok_ms), default=0.0)
    return Unloaded(max(each_adds_ms, fastest_ms), users, requests, is_queued=True)


def _lowest_loads(answered: list[LoadPoint]) -> list[LoadPoint] | None:
    """Return the first seconds that have enough requests together; None without enough. answered: by their users."""
    requests = 0
    for n, (_, interval) in enumerate(answered, 1):
        requests += interval.ok
        if n >= BASELINE_SECONDS and requests >= FEWEST_REQUESTS:
            return answered[:n]
    return None


def _is_proportional(points: Sequence[LoadPoint]) -> bool:
    """Return whether twice as many users make latency twice as long: all of them wait for the same few slots."""
    fewest, most = points[0][0], points[-1][0]
    if fewest <= 0 or most < FEWEST_RANGE * fewest:
        return False
    latencies = [(log(users), log(interval.mean_ms)) for users, interval in points if interval.mean_ms]
    if len(latencies) < len(points):
        return False
    rest = pvariance([latency - users for users, latency in latencies])
    return rest < PROPORTIONAL_SHARE * pvariance([latency for _, latency in latencies])


def _weighted_median(values: Sequence[tuple[float, int]]) -> float:
    ordered = sorted(values)
    half = sum(weight for _, weight in ordered) / 2
    passed = accumulate(weight for _, weight in ordered)
    return next(value for (value, _), weight in zip(ordered, passed, strict=True) if weight >= half)
