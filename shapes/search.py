"""The search for the load that a server carries: which level to try next, and what the tried levels show.

``Search`` decides on the levels. ``summarize_level`` sums up the measurements on one of them. ``conclude`` returns the
result as a sentence. ``Breakpoint`` is the shape that uses these. They are pure: no clock, no I/O.
"""

from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction
from math import ceil, sqrt
from statistics import fmean, stdev
from typing import NamedTuple

from locust_asyncdjango.metrics.plural import counted
from locust_asyncdjango.metrics.statistics import percentile, student_t

P95 = Fraction(95)
ALIKE = 0.95
"""Rates of at least this share of the best one count as equal to it."""
NOT_RISING = "throughput no longer rises"


class Search:
    """Decides which level of users to try next: up by a factor until one breaks, then the middle of the interval.

    A level that breaks is tried once more before it counts, because it may have broken by chance.
    """

    def __init__(self, peak: int, factor: float, resolution: float) -> None:
        """Begin with one user.

        peak: most users. factor: ratio of two levels. resolution: interval width, as a share of its upper end, at which
        the search ends.
        """
        self.level = 1
        """Users to try now."""
        self.carried = 0
        """The most users that were carried."""
        self.broken: int | None = None
        """The fewest users that were not carried; None while all levels were carried."""
        self.is_retry = False
        """Whether the level has broken once already."""
        self._peak, self._factor, self._resolution = peak, factor, resolution

    @property
    def is_over(self) -> bool:
        """Whether the interval is narrow enough, or the peak is carried."""
        if self.broken is None:
            return self.carried >= self._peak
        return self.broken - self.carried <= max(1, self._resolution * self.broken)

    def record(self, *, broken: bool) -> None:
        """Take the result of the current level, and choose the next one."""
        if broken and not self.is_retry:
            self.is_retry = True
            return
        self.is_retry = False
        if broken:
            self.broken = self.level
        else:
            self.carried = self.level
        if self.broken is None:
            self.level = min(self._peak, max(self.level + 1, ceil(self.level * self._factor)))
        else:
            self.level = (self.carried + self.broken) // 2


class LevelResult(NamedTuple):
    """The measurements at one number of users.

    per_s: successes a second. margin_per_s: half the width of its 95 % interval. failed: share of failures, 0 to 1.
    p95_ms: 95 % quantile of all latencies.
    """

    users: int
    per_s: float
    margin_per_s: float
    failed: float
    p95_ms: float


def summarize_level(users: int, seconds: Sequence[tuple[int, int]], times: Mapping[float, int]) -> LevelResult:
    """Return the result of a level.

    seconds: for each second the requests, and the failures among them. times: number of requests by milliseconds.
    """
    per_s = [requests - failures for requests, failures in seconds]
    requests = sum(requests for requests, _ in seconds)
    answered = {ms: count for ms, count in times.items() if count}
    return LevelResult(
        users,
        fmean(per_s),
        student_t(len(per_s) - 1) * stdev(per_s) / sqrt(len(per_s)) if len(per_s) > 1 else 0.0,
        sum(failures for _, failures in seconds) / requests if requests else 0.0,
        percentile(answered, P95) if answered else 0.0,
    )


def unqueued_rate(levels: Collection[LevelResult]) -> float:
    """Return how many successes a second one user gets if it does not wait for other users."""
    best = max(level.per_s / level.users for level in levels)
    unqueued = [level for level in levels if level.per_s >= ALIKE * best * level.users]
    return sum(level.per_s for level in unqueued) / sum(level.users for level in unqueued)


def conclude(
    search: Search, levels: Mapping[int, LevelResult], reasons: Mapping[int, str], abort_reason: str = ""
) -> str:
    """Return in a sentence how many users are carried, with an interval, and what breaks beyond it.

    levels: results by users. reasons: by users, why a level broke. abort_reason: why the search ended early; "" if only
    the time was over.
    """
    if search.broken is None:
        advice = abort_reason or ("raise -u" if search.is_over else "give it more time (-t)")
        if not search.carried:
            return f"no level was measured: {advice}"
        reached = f"carries {counted(search.carried, 'user')} at least, {levels[search.carried].per_s:.1f} req/s"
        return f"{reached}: {f'{search.level} broke once' if search.is_retry else 'nothing broke'}; {advice}"
    unfinished = "" if search.is_over else f"; unfinished: {abort_reason or 'give it more time (-t)'}"
    reason = reasons[search.broken]
    if reason == NOT_RISING:
        return f"{_carried_by_throughput(levels.values())}: more only wait for each other{unfinished}"
    cause = f"at {search.broken} {reason}"
    if not search.carried:
        return f"carries not even {counted(search.broken, 'user')}: {cause}{unfinished}"
    users, per_s = counted(search.carried, "user"), levels[search.carried].per_s
    return f"carries {users} ({search.carried}-{search.broken}), {per_s:.1f} req/s: {cause}{unfinished}"


def _carried_by_throughput(levels: Collection[LevelResult]) -> str:
    """Return the users that are carried, by Little's law: the highest throughput by the rate of an unqueued user."""
    most, each = max(level.per_s for level in levels), unqueued_rate(levels)
    saturated = [level for level in levels if level.per_s >= ALIKE * most]
    per_s = fmean(level.per_s for level in saturated)
    margin = sqrt(sum(level.margin_per_s**2 for level in saturated)) / len(saturated)
    users = round(per_s / each)
    low, high = min((per_s - margin) / each, users), max((per_s + margin) / each, users)
    return f"carries {counted(users, 'user')} ({low:.1f}-{high:.1f}), {per_s:.1f} req/s"
