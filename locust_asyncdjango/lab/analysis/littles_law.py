"""Little's law (1961): users = throughput x latency of all requests, if users never pause between two requests.

If it does not hold, requests were lost, users paused, or the load generator was at its limit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from locust_asyncdjango.analysis.generator_health import BUSY_CPU
from locust_asyncdjango.analysis.saturation import load_points
from locust_asyncdjango.lab.analysis.curve_points import BOOTSTRAP_SAMPLES, Numbers
from locust_asyncdjango.metrics.interval import Interval
from locust_asyncdjango.metrics.plural import counted

TOLERANCE = 0.1
"""How far requests in flight per user may be from 1 if the law holds."""


@dataclass(frozen=True, slots=True)
class LittlesLaw:
    """Requests in flight per user: 1 if Little's law holds.

    ratio, low, high: requests in flight per user, with a 95 % interval. pause_ms: the mean pause of a user between two
    requests. generator_bound: whether users wait because the generator is at its limit. why: the explanation for a
    report.
    is_unknown: so many requests had not ended when the run did that nothing follows from those which had.
    """

    ratio: float
    low: float
    high: float
    pause_ms: float
    holds: bool
    generator_bound: bool
    why: str
    is_unknown: bool = False


def check_littles_law(intervals: Sequence[Interval]) -> LittlesLaw | None:
    """Return whether users = throughput x latency; None if no request was answered or requests waited for users."""
    if any(interval.late for interval in intervals):
        return None
    kept = load_points(intervals)
    requests = sum(interval.ok + interval.failures for _, interval in kept)
    users = np.array([point_users * interval.length for point_users, interval in kept])
    if not requests or not users.any():
        return None
    busy = np.array([interval.busy_s for _, interval in kept])
    ratio = float(busy.sum() / users.sum())
    low, high = _bootstrap_ratio(busy, users)
    pause_ms = max(float(users.sum() - busy.sum()), 0) / requests * 1000
    cpu = median([interval.cpu for _, interval in kept if interval.cpu is not None] or [0.0])
    holds = abs(ratio - 1) <= TOLERANCE
    if not holds and ratio < 1 and (why := _unended_reason(intervals, ratio, float(users.sum()))):
        return LittlesLaw(ratio, low, high, 0.0, holds=False, generator_bound=False, why=why, is_unknown=True)
    generator_bound = not holds and ratio < 1 and cpu >= BUSY_CPU
    why = _littles_law_text(ratio, holds, generator_bound, pause_ms, cpu)
    return LittlesLaw(ratio, low, high, pause_ms, holds, generator_bound, why)


def _unended_reason(intervals: Sequence[Interval], ratio: float, user_s: float) -> str:
    """Return why nothing is known, if the requests in flight at the end may be what is missing; "" otherwise.

    A request in flight has waited for as long as the oldest of them, at most.
    """
    count = sum(interval.in_flight for interval in intervals)
    longest_s = max((interval.in_flight_s or 0.0 for interval in intervals), default=0.0)
    if ratio + count * longest_s / user_s < 1 - TOLERANCE:
        return ""
    requests = f"{counted(count, 'request')} had not ended when the run did, the oldest after {longest_s:.1f} s"
    return f"unknown, because {requests}; run longer, so that their time is part of the ratio"


def _bootstrap_ratio(busy: Numbers, users: Numbers) -> tuple[float, float]:
    """Return a 95 % interval of the ratio of the sums, from blocks of seconds that are drawn with replacement."""
    count = len(busy)
    size = max(count // 20, 1)
    starts = np.random.default_rng(0).integers(0, count, (BOOTSTRAP_SAMPLES, -(-count // size)))
    drawn = (starts[:, :, np.newaxis] + np.arange(size)).reshape(BOOTSTRAP_SAMPLES, -1) % count
    low, high = np.percentile(busy[drawn].sum(axis=1) / users[drawn].sum(axis=1), [2.5, 97.5])
    return float(low), float(high)


def _littles_law_text(ratio: float, holds: bool, generator_bound: bool, pause_ms: float, cpu: float) -> str:
    if holds:
        return "users are always waiting for a response, as they should"
    if ratio > 1:
        return (
            "more requests are in flight than there are users: users send requests in parallel, or rows of a worker's"
            " users are missing"
        )
    if generator_bound:
        return (
            f"the generator is the limit: it uses {cpu:.0f} % of its processor, and a user waits {pause_ms:.0f} ms"
            " between two requests; use more workers (--processes -1)"
        )
    return (
        f"users pause {pause_ms:.0f} ms between two requests: their wait_time, other work in their tasks, or requests"
        " that were not recorded"
    )
