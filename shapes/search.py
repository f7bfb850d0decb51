"""The search for the load that a server carries: which level to try next, and when enough is known.

``summarize_level`` sums up the measurements on one level, ``Search`` decides on the levels, ``estimate_carried`` says
how many users are carried, and ``conclude`` returns the result as a sentence. ``Breakpoint`` is the shape that uses
these. They are pure: no clock, no I/O.
"""

from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction
from itertools import cycle, islice
from math import ceil, exp, log, sqrt
from statistics import fmean, variance
from typing import NamedTuple

from locust_asyncdjango.metrics.plural import counted
from locust_asyncdjango.metrics.statistics import ERROR, percentile, student_t

P95 = Fraction(95)
NOT_RISING = "throughput no longer rises"
REPEATS = 4
"""How often two levels are measured again to know the carried users with an interval."""
MOST_REPEATS = 8
"""How often they are measured where the interval may still be wider than the resolution."""
EARLY_ERROR = 0.01
"""How often the width may be larger than it looks where the repeats end early: otherwise they would end by chance."""


class LevelResult(NamedTuple):
    """The measurements at one number of users, made once.

    per_s: successes a second. failed: share of failures, 0 to 1. p95_ms: 95 % quantile of all latencies.
    """

    users: int
    per_s: float
    failed: float = 0.0
    p95_ms: float = 0.0


class Estimate(NamedTuple):
    """How many users are carried, with a 95 % interval, and the successes a second that they get."""

    users: float
    low: float
    high: float
    per_s: float


class Search:
    """Decides which level of users to try next: up by a factor until one breaks, then what the reason requires.

    A level that breaks counts when another measurement agrees, because it may have broken by chance. While the load
    climbs, throughput that does not rise is looked at again on the next level, where it shows far better.

    If throughput is the limit, a level without queueing and one with it are then measured again and again: their ratio
    is the result, and only repeated levels show how much it differs by chance. Otherwise the middle of the interval is
    tried until the interval is narrow.
    """

    def __init__(self, peak: int, factor: float, resolution: float, share: float) -> None:
        """Begin with one user.

        peak: most users. factor: ratio of two levels. resolution: interval width, as a share of its upper end, at which
        the search ends. share: the least that a carried user gets, as a share of what it gets without queueing.
        """
        self.level = 1
        """Users to try now."""
        self.carried = 0
        """The most users that were carried."""
        self.broken: int | None = None
        """The fewest users that were not carried; None while all levels were carried."""
        self.suspect: int | None = None
        """Users at which a level has broken once, and is looked at again."""
        self.results: list[LevelResult] = []
        """All measurements so far."""
        self.reasons: dict[int, str] = {}
        """Why a level broke, by its users."""
        self.repeats: tuple[list[LevelResult], list[LevelResult]] = ([], [])
        """The repeated measurements of a level without queueing, and of one with it."""
        self._peak, self._factor, self._resolution, self._share = peak, factor, resolution, share
        self._pair = (0, 0)
        self._pending: list[int] = []
        """Levels that are going to be measured again; the current one is the first."""

    @property
    def is_repeating(self) -> bool:
        """Whether throughput is the limit, so that the current level is measured again."""
        return bool(self._pending)

    @property
    def is_over(self) -> bool:
        """Whether the interval is narrow enough or cannot be made so, or the peak is carried."""
        if self.broken is None:
            return self.carried >= self._peak
        if self.is_throughput_limited:
            return not self._pending
        return self._is_narrow(self.carried, self.broken)

    @property
    def is_throughput_limited(self) -> bool:
        """Whether the level that broke did so because throughput no longer rises."""
        return self.broken is not None and self.reasons[self.broken] == NOT_RISING

    def record(self, result: LevelResult, reason: str = "") -> None:
        """Take the result of the current level, and choose the next one. reason: why it broke; "" if it did not."""
        self.results.append(result)
        if self.is_repeating:
            self._record_repeat(result)
        elif reason:
            self.reasons[self.level] = reason
            self._record_broken(reason)
        else:
            self.carried, self.suspect = self.level, None
            self.level = self._next_up() if self.broken is None else (self.carried + self.broken) // 2

    def is_rising(self, result: LevelResult) -> bool:
        """Return whether the users of a level get as much as they should without queueing, or nearly so."""
        return result.per_s >= self._share * self.unqueued_rate() * result.users

    def unqueued_rate(self) -> float:
        """Return how many successes a second one user gets without queueing, by the levels that were carried so far.

        0 before the first one.
        """
        carried = [level for level in self.results if level.per_s and level.users not in self.reasons]
        return sum(level.per_s for level in carried) / max(sum(level.users for level in carried), 1)

    def _next_up(self) -> int:
        return min(self._peak, max(self.level + 1, ceil(self.level * self._factor)))

    def _record_broken(self, reason: str) -> None:
        if self.suspect is None:
            self.suspect = self.level
            if reason == NOT_RISING and self.broken is None:
                self.level = self._next_up()
            return
        self.broken, self.suspect = self.suspect, None
        if self.is_throughput_limited:
            self._begin_repeats()
        else:
            self.level = (self.carried + self.broken) // 2

    def _begin_repeats(self) -> None:
        """Choose a level without queueing and one with it, and measure each again."""
        # Carried levels may queue a little. Half of the highest does not.
        low = max(self.carried // 2, 1)
        high = max((each for each in self.results if each.users >= (self.broken or 0)), key=lambda each: each.per_s)
        self._pair = (low, high.users)
        self._plan_repeats()

    def _plan_repeats(self) -> None:
        # In this order a slow drift disturbs little.
        low, high = self._pair
        self._pending = list(islice(cycle((low, high, high, low)), 2 * REPEATS))
        self.level = low

    def _record_repeat(self, result: LevelResult) -> None:
        self.repeats[result.users == self._pair[1]].append(result)
        del self._pending[0]
        if self._pending:
            self.level = self._pending[0]
            return
        estimate = estimate_carried(*self.repeats)
        if estimate and estimate.users >= self._share * self._pair[1]:
            self._resume_climb()
        elif len(self.repeats[0]) < MOST_REPEATS:
            widest = estimate_carried(*self.repeats, EARLY_ERROR)
            if widest is None or not self._is_narrow(widest.low, widest.high):
                self._plan_repeats()

    def _resume_climb(self) -> None:
        """Go on to climb: the level had broken by chance, as its repeats show."""
        self.carried = self.level = self._pair[1]
        self.broken, self.repeats = None, ([], [])
        self.reasons = {users: reason for users, reason in self.reasons.items() if users > self.carried}
        self.level = self._next_up()

    def _is_narrow(self, low: float, high: float) -> bool:
        return high - low <= max(1, self._resolution * high)


def summarize_level(users: int, seconds: Sequence[tuple[int, int]], times: Mapping[float, int]) -> LevelResult:
    """Return the result of a level.

    seconds: for each second the requests, and the failures among them. times: number of requests by milliseconds.
    """
    requests, failures = (sum(column) for column in zip(*seconds, strict=True))
    answered = {ms: count for ms, count in times.items() if count}
    return LevelResult(
        users,
        (requests - failures) / len(seconds),
        failures / requests if requests else 0.0,
        percentile(answered, P95) if answered else 0.0,
    )


def estimate_carried(
    unqueued: Collection[LevelResult], queued: Collection[LevelResult], error: float = ERROR
) -> Estimate | None:
    """Return how many users are carried: those whose requests without queueing would be all that the server answers.

    (Little's law.) The interval is that of the ratio of two means of logarithms with different variances (Welch, 1947).
    unqueued, queued: measurements without and with queueing. error: how often the interval may miss the truth.
    Return None where fewer than two measurements of either kind have successes.
    """
    each = [log(level.per_s / level.users) for level in unqueued if level.per_s]
    most = [log(level.per_s) for level in queued if level.per_s]
    if min(len(each), len(most)) < 2:
        return None
    squares = [variance(each) / len(each), variance(most) / len(most)]
    margin = student_t(_welch_freedom(squares, [len(each), len(most)]), error) * sqrt(sum(squares))
    users = fmean(most) - fmean(each)
    return Estimate(exp(users), exp(users - margin), exp(users + margin), exp(fmean(most)))


def _welch_freedom(squares: Sequence[float], sizes: Sequence[int]) -> int:
    """Return the degrees of freedom of a difference of means, rounded down. squares: of the means' standard errors."""
    spread = sum(square**2 / (size - 1) for square, size in zip(squares, sizes, strict=True))
    return int(sum(squares) ** 2 / spread) if spread else sum(sizes) - 2


def conclude(search: Search, abort_reason: str = "") -> str:
    """Return in a sentence how many users are carried, with an interval, and what breaks beyond it.

    abort_reason: why the search ended early; "" if only the time was over.
    """
    if search.broken is None:
        return _conclude_unbroken(search, abort_reason)
    unfinished = "" if search.is_over else f"; unfinished: {abort_reason or 'give it more time (-t)'}"
    if search.is_throughput_limited:
        return f"{_carried_by_throughput(search)}: more only wait for each other{unfinished}"
    cause = f"at {search.broken} {search.reasons[search.broken]}"
    if not search.carried:
        return f"carries not even {counted(search.broken, 'user')}: {cause}{unfinished}"
    users, per_s = counted(search.carried, "user"), _rate_at(search, search.carried)
    return f"carries {users} ({search.carried}-{search.broken}), {per_s:.1f} req/s: {cause}{unfinished}"


def _conclude_unbroken(search: Search, abort_reason: str) -> str:
    advice = abort_reason or ("raise -u" if search.is_over else "give it more time (-t)")
    if not search.carried:
        return f"no level was measured: {advice}"
    broke = f"{search.suspect} broke once" if search.suspect else "nothing broke"
    per_s = _rate_at(search, search.carried)
    return f"carries {counted(search.carried, 'user')} at least, {per_s:.1f} req/s: {broke}; {advice}"


def _carried_by_throughput(search: Search) -> str:
    if estimate := estimate_carried(*search.repeats):
        users = round(estimate.users)
        low, high = min(estimate.low, users), max(estimate.high, users)
        return f"carries {counted(users, 'user')} ({low:.1f}-{high:.1f}), {estimate.per_s:.1f} req/s"
    most = max(level.per_s for level in search.results)
    return f"carries {counted(round(most / search.unqueued_rate()), 'user')}, {most:.1f} req/s"


def _rate_at(search: Search, users: int) -> float:
    """Return the mean of the successes a second at a level."""
    return fmean(level.per_s for level in search.results if level.users == users)
