"""The search for the load that a server carries: which level to try next, and what the levels tried say. Pure."""

from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction
from math import ceil, sqrt
from statistics import fmean, stdev
from typing import NamedTuple

from locust_asyncdjango.metrics.statistics import percentile, student_t

ALIKE = 0.95
"""Of the most requests a second for each user, at which users do not yet wait for each other."""
P95 = Fraction(95)
NOT_RISING = "throughput no longer rises"


class Search:
    """Which level is to be tried next. What breaks once may do so by chance: it is tried again before it counts."""

    def __init__(self, peak: int, factor: float, resolution: float) -> None:
        """resolution: the width of the interval, as a share of its upper end, that is narrow enough."""
        self.level = 1
        self.holds = 0
        self.breaks: int | None = None
        self._peak, self._factor, self._resolution = peak, factor, resolution
        self.is_doubted = False
        """Whether the level has broken once."""

    @property
    def is_over(self) -> bool:
        """Whether the interval is narrow enough, or the most users are carried."""
        if self.breaks is None:
            return self.holds >= self._peak
        return self.breaks - self.holds <= max(1, self._resolution * self.breaks)

    def tell(self, *, broken: bool) -> None:
        """What became of the level."""
        if broken and not self.is_doubted:
            self.is_doubted = True
            return
        self.is_doubted = False
        if broken:
            self.breaks = self.level
        else:
            self.holds = self.level
        if self.breaks is None:
            self.level = min(self._peak, max(self.level + 1, ceil(self.level * self._factor)))
        else:
            self.level = (self.holds + self.breaks) // 2


class Measured(NamedTuple):
    """A level: successes a second, and how far to either side an interval of 95 % reaches; the share of failures, and
    the 95 % quantile of all."""

    users: int
    per_s: float
    margin_per_s: float
    failed: float
    p95_ms: float


def measured(users: int, seconds: Sequence[tuple[int, int]], times: Mapping[float, int]) -> Measured:
    """What a level's seconds come to. seconds: requests, and failures among them. times: requests by milliseconds."""
    per_s = [asked - failed for asked, failed in seconds]
    asked = sum(asked for asked, _ in seconds)
    return Measured(
        users,
        fmean(per_s),
        student_t(len(per_s) - 1) * stdev(per_s) / sqrt(len(per_s)) if len(per_s) > 1 else 0.0,
        sum(failed for _, failed in seconds) / asked if asked else 0.0,
        float(percentile(times, P95)) if any(times.values()) else 0.0,
    )


def per_user(levels: Collection[Measured]) -> float:
    """Successes a second that a user gets who does not wait for others."""
    best = max(level.per_s / level.users for level in levels)
    alone = [level for level in levels if level.per_s >= ALIKE * best * level.users]
    return sum(level.per_s for level in alone) / sum(level.users for level in alone)


def answer(search: Search, levels: Mapping[int, Measured], broken: Mapping[int, str], given_up: str = "") -> str:
    """How many users are carried, within which interval, and what breaks beyond it, as a sentence.

    given_up: why it went no further, where that is not that the time was over.
    """
    if search.breaks is None:
        more = given_up or ("raise -u" if search.is_over else "give it more time (-t)")
        if not search.holds:
            return f"no level was measured: {more}"
        found = f"carries {search.holds} users at least, {levels[search.holds].per_s:.1f} req/s"
        return f"{found}: {f'{search.level} broke once' if search.is_doubted else 'nothing broke'}; {more}"
    why = broken[search.breaks]
    unfinished = "" if search.is_over else f"; unfinished: {given_up or 'give it more time (-t)'}"
    if why == NOT_RISING:
        most, each = max(level.per_s for level in levels.values()), per_user(levels.values())
        full = [level for level in levels.values() if level.per_s >= ALIKE * most]
        per_s = fmean(level.per_s for level in full)
        margin = sqrt(sum(level.margin_per_s**2 for level in full)) / len(full)
        users = round(per_s / each)
        low, high = min((per_s - margin) / each, users), max((per_s + margin) / each, users)
        found = f"carries {users} users ({low:.1f}-{high:.1f}), {per_s:.1f} req/s"
        return f"{found}: more only wait for each other{unfinished}"
    at = f"at {search.breaks} {why}"
    if not search.holds:
        return f"carries not even {search.breaks} user{'s' if search.breaks > 1 else ''}: {at}{unfinished}"
    per_s = levels[search.holds].per_s
    return f"carries {search.holds} users ({search.holds}-{search.breaks}), {per_s:.1f} req/s: {at}{unfinished}"
