"""What charts and analyses look at: a second of a run in a few numbers, or several seconds together."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise
from math import floor
from typing import Self

from locust_asyncdjango.metrics.histogram import percentiles_ms, sum_ms
from locust_asyncdjango.metrics.row import Row, largest_known

PERCENTILES = (Fraction(50), Fraction(95), Fraction(99))


@dataclass(slots=True)
class Interval:
    """A second of a run, or as many as ``length`` says.

    t: whole seconds from the start to its beginning. users: at its end. began: requests that began in it. ok, failed:
    that ended in it. bytes: of their bodies. p50_ms, p95_ms, p99_ms (nearest rank) and mean_ms: of successes, None
    without any. busy_s: seconds that all requests that ended in it took together. failed_ms: the shortest and the
    longest that a failure took, None without any. cpu, planned, late, missed: as in a Row.
    """

    t: int
    length: int = 1
    users: int = 0
    began: int = 0
    ok: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    bytes: int = 0
    p50_ms: float | None = None
    p95_ms: float | None = None
    p99_ms: float | None = None
    busy_s: float = 0.0
    failed_ms: tuple[float, float] | None = None
    cpu: float = 0.0
    mean_ms: float | None = None
    planned: int | None = None
    late: int = 0
    missed: int = 0

    @classmethod
    def from_row(cls, row: Row, began: int = 0) -> Self:
        """The numbers of a row. began: requests that began in it, which is known from later rows."""
        ok_ms, timed = sum_ms(row.ok_ms), row.ok_ms.total()
        p50_ms, p95_ms, p99_ms = percentiles_ms(row.ok_ms, PERCENTILES) if timed else (None, None, None)
        return cls(
            t=row.t,
            users=row.users,
            began=began,
            ok=row.ok,
            failed=Counter(row.failed),
            bytes=row.bytes,
            p50_ms=p50_ms,
            p95_ms=p95_ms,
            p99_ms=p99_ms,
            busy_s=(ok_ms + sum_ms(row.failed_ms)) / 1000,
            failed_ms=(min(row.failed_ms), max(row.failed_ms)) if row.failed_ms else None,
            cpu=row.cpu,
            mean_ms=ok_ms / timed if timed else None,
            planned=row.planned,
            late=row.late,
            missed=row.missed,
        )

    def add(self, other: Self) -> None:
        """Adds the next seconds; or what came late of this one, whose length is 0 and whose users are further ones.

        Percentiles are then the means of both, weighted by successes: near the truth where they are alike.
        """
        mine, more = self.ok, other.ok
        self.mean_ms = _mean(self.mean_ms, mine, other.mean_ms, more)
        self.p50_ms = _mean(self.p50_ms, mine, other.p50_ms, more)
        self.p95_ms = _mean(self.p95_ms, mine, other.p95_ms, more)
        self.p99_ms = _mean(self.p99_ms, mine, other.p99_ms, more)
        self.users = other.users if other.length else self.users + other.users
        self.planned = other.planned if other.length else largest_known(self.planned, other.planned)
        self.length += other.length
        self.began += other.began
        self.ok += other.ok
        self.failed.update(other.failed)
        self.bytes += other.bytes
        self.busy_s += other.busy_s
        both = [ms for ends in (self.failed_ms, other.failed_ms) if ends for ms in ends]
        self.failed_ms = (min(both), max(both)) if both else None
        self.cpu = max(self.cpu, other.cpu)
        self.late += other.late
        self.missed += other.missed

    @property
    def failures(self) -> int:
        """Of all kinds."""
        return self.failed.total()


def combine(seconds: Sequence[Interval]) -> Interval:
    """One that sums up these, of which there is one at least, and leaves them as they are."""
    first, *others = seconds
    summed = replace(first, failed=Counter(first.failed))
    for second in others:
        summed.add(second)
    return summed


def full_intervals(seconds: Sequence[Interval]) -> Sequence[Interval]:
    """Those in which the run went on from beginning to end: not its first, nor the last in which users ran."""
    last = max((n for n, second in enumerate(seconds) if second.users), default=0)
    return seconds[1:last]


def users_at_start(seconds: Sequence[Interval], n: int, ms: float) -> float:
    """The users when a request began that took so long and ended in the middle of the n-th of these seconds."""
    when = n + 0.5 - ms / 1000 / seconds[n].length
    # Between those at the ends of two seconds.
    before, after = (seconds[max(each, 0)].users for each in (floor(when) - 1, floor(when)))
    return before + (when - floor(when)) * (after - before)


def largest_user_step(seconds: Sequence[Interval]) -> int:
    """By how many users two seconds that follow each other differ at most; of two at least."""
    return max(abs(after.users - before.users) for before, after in pairwise(seconds))


def _mean(mine: float | None, n: int, other: float | None, m: int) -> float | None:
    if mine is None or other is None:
        return other if mine is None else mine
    return (mine * n + other * m) / (n + m)
