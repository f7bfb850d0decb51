"""The unloaded latency of a run, and whether latency left it.

It is what a request takes when no other is in its way. Start reading at ``find_unloaded`` and ``is_saturated``.

It is the median latency at the lowest loads. Where even there each user makes latency longer, as behind a single slot,
requests queue from the first user on: then it is what one user adds.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import log
from statistics import median, pvariance

from locust_asyncdjango.analysis.saturation.load_points import BASELINE_SECONDS, SLOW_FACTOR, LoadPoint
from locust_asyncdjango.metrics.interval import Interval
from locust_asyncdjango.metrics.load_curve import LoadLevel

FEWEST_REQUESTS = 30
"""The median of fewer requests is too uncertain."""
USERS_RANGE = 3.0
"""Whether latency rises with the users is looked for up to so many times as many users as at the lowest load."""
FEWEST_RANGE = 1.5
"""A smaller range of users does not show it."""
PROPORTIONAL_SHARE = 0.5
"""Latency is proportional to the users if that explains all but this share of its variance."""
LOWER_LOAD = 2.0
"""The unloaded latency is known if the highest load is so many times as high as the load that it is from."""
HIGHEST_SHARE = 0.9
"""The highest loads of a run are those that have this share of the highest."""
FAILED_SHARE = 0.01
"""A server is saturated if this share of its requests fails at the highest loads, and did not fail at the lowest."""


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
    answered = sorted((point for point in by_load(points) if point[1].p50_ms is not None), key=_load)
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


def find_unloaded_ms(points: Sequence[LoadPoint], load_levels: Iterable[LoadLevel] = ()) -> float | None:
    """Return the unloaded latency, as ``find_unloaded``; None also where no load of the run was clearly lower."""
    unloaded = find_unloaded(points, load_levels)
    if unloaded is None:
        return None
    highest = max(load for load, _ in by_load(points))
    return unloaded.ms if unloaded.is_queued or highest >= LOWER_LOAD * unloaded.users else None


def is_saturated(points: Sequence[LoadPoint], unloaded_ms: float | None) -> bool | None:
    """Return whether the server was the limit of a run, and not the load; None if the unloaded latency is unknown.

    It was if at the highest loads the median latency is above SLOW_FACTOR times the unloaded latency, or if requests
    fail there that did not fail at the lowest loads.
    """
    loads = by_load(points)
    if not loads:
        return None
    highest = max(load for load, _ in loads)
    high = [interval for load, interval in loads if load >= HIGHEST_SHARE * highest]
    low = [interval for load, interval in loads if load <= highest / LOWER_LOAD]
    if low and _failed_share(high) >= _failed_share(low) + FAILED_SHARE:
        return True
    medians = [(interval.p50_ms, interval.ok) for interval in high if interval.p50_ms is not None]
    if unloaded_ms is None or not medians:
        return None
    return _weighted_median(medians) > SLOW_FACTOR * unloaded_ms


def by_load(points: Sequence[LoadPoint]) -> Sequence[LoadPoint]:
    """Return the points with their load: the users, or in an open model the requests that were due a second."""
    return [(users if interval.due_per_s is None else interval.due_per_s, interval) for users, interval in points]


def _load(point: LoadPoint) -> float:
    return point[0]


def _failed_share(intervals: Sequence[Interval]) -> float:
    failures = sum(interval.failures for interval in intervals)
    requests = failures + sum(interval.ok for interval in intervals)
    return failures / requests if requests else 0.0


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
