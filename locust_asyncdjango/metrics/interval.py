"""What charts and analyses read: one second of a run, or several together, in a few numbers.

Start reading at ``Interval``. A Row has every latency in a histogram; an Interval has percentiles only, so that the
intervals of an hour are small. ``combine`` makes one interval of several.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise
from math import floor
from operator import add
from typing import Self

from locust_asyncdjango.metrics.columns import TIME, Column, ColumnType, column, columns
from locust_asyncdjango.metrics.histogram import sum_ms
from locust_asyncdjango.metrics.row import Row, Totals
from locust_asyncdjango.metrics.statistics import percentiles

PERCENTILES = (Fraction(50), Fraction(95), Fraction(99))
"""The percentiles of latency that an Interval has."""

_SUM = ColumnType(add)
_MEAN = ColumnType(lambda mine, _other: mine)
"""Interval.add computes these itself, because they need the successes of both intervals as weights."""


def _outermost(mine: tuple[float, float] | None, other: tuple[float, float] | None) -> tuple[float, float] | None:
    if mine is None or other is None:
        return other if mine is None else mine
    return min(mine[0], other[0]), max(mine[1], other[1])


def _latency(meaning: str, name: str) -> dict[str, Column]:
    def cell(ms: float | None) -> str:
        return "" if ms is None else f"{ms:.5g}"

    return column(_MEAN, f"{meaning} latency of the successful requests, in milliseconds", csv={name: cell})


@dataclass(slots=True)
class Interval(Totals):
    """One second of a run, or as many as ``length`` says.

    A latency is None where no request succeeded. The metadata of each field says what the field means.
    """

    length: int = field(default=1, metadata=column(_SUM, "seconds that this interval stands for"))
    began: int = field(default=0, metadata=column(_SUM, "requests that began in it"))
    mean_ms: float | None = field(default=None, metadata=_latency("mean", "mean_ms"))
    p50_ms: float | None = field(default=None, metadata=_latency("median", "p50_ms"))
    p95_ms: float | None = field(default=None, metadata=_latency("95th percentile (nearest rank) of the", "p95_ms"))
    p99_ms: float | None = field(default=None, metadata=_latency("99th percentile (nearest rank) of the", "p99_ms"))
    busy_s: float = field(
        default=0.0, metadata=column(_SUM, "seconds that all requests that ended in it took together")
    )
    failed_ms: tuple[float, float] | None = field(
        default=None,
        metadata=column(
            ColumnType(_outermost), "milliseconds that its shortest and its longest failure took; None without failures"
        ),
    )
    failed_by_name: Counter[str] = field(
        default_factory=Counter, metadata=column(_SUM, "failed requests by the name of the request")
    )

    @classmethod
    def from_row(cls, row: Row, began: int = 0) -> Self:
        """Return the interval of one second.

        began: requests that began in this second. It is known from the rows of later seconds.
        """
        ok_ms, timed = sum_ms(row.ok_ms), row.ok_ms.total()
        p50_ms, p95_ms, p99_ms = percentiles(row.ok_ms, PERCENTILES) if timed else (None, None, None)
        totals = {name: getattr(row, name) for name in _TOTALS}
        totals["failed"] = Counter(row.failed)
        return cls(
            **totals,
            began=began,
            mean_ms=ok_ms / timed if timed else None,
            p50_ms=p50_ms,
            p95_ms=p95_ms,
            p99_ms=p99_ms,
            busy_s=(ok_ms + sum_ms(row.failed_ms)) / 1000,
            failed_ms=(min(row.failed_ms), max(row.failed_ms)) if row.failed_ms else None,
            failed_by_name=Counter({name: sums.failures for name, sums in row.names.items() if sums.failed}),
        )

    def add(self, other: Self) -> None:
        """Add the next interval, or one of length 0 with the late requests and further users of this one.

        The percentiles become the means of both, weighted by successes, which is near the truth if both are alike.
        """
        mine, more = self.ok, other.ok
        for name in _MEANS:
            setattr(self, name, _weighted(getattr(self, name), mine, getattr(other, name), more))
        for name, add_values in _ADDERS:
            setattr(self, name, add_values(getattr(self, name), getattr(other, name)))
        # Users do not add up over time: an interval has those at its end.
        if other.length:
            self.users, self.planned, self.due_per_s = other.users, other.planned, other.due_per_s

    @property
    def failures(self) -> int:
        """Return the number of failed requests of all kinds."""
        return self.failed.total()


COLUMNS = columns(Interval)

_TOTALS = tuple(each.name for each in columns(Totals))
_MEANS = tuple(each.name for each in COLUMNS if each.type is _MEAN)
_ADDERS = tuple((each.name, each.type.add) for each in COLUMNS if each.type not in (_MEAN, TIME))


def combine(intervals: Sequence[Interval]) -> Interval:
    """Return one interval that sums up all of these. Do not change them. There must be at least one."""
    first, *others = intervals
    combined = replace(first, failed=Counter(first.failed), failed_by_name=Counter(first.failed_by_name))
    for interval in others:
        combined.add(interval)
    return combined


def with_due_rates(intervals: Sequence[Interval]) -> Sequence[Interval]:
    """Return the intervals of a run, of an open model each with the requests a second that were due.

    A busy generator misses a second now and then: it has the rate of the one before, the first one that of the next.
    """
    rate = next((interval.due_per_s for interval in intervals if interval.due_per_s is not None), None)
    if rate is None:
        return intervals
    filled = []
    for interval in intervals:
        rate = rate if interval.due_per_s is None else interval.due_per_s
        filled.append(interval if interval.due_per_s == rate else replace(interval, due_per_s=rate))
    return filled


def full_intervals(intervals: Sequence[Interval]) -> Sequence[Interval]:
    """Return the intervals during which the run went on from their beginning to their end.

    The first interval of a run is left out, and so are the last one in which users ran and all that follow it.
    """
    last = max((n for n, interval in enumerate(intervals) if interval.users), default=0)
    return intervals[1:last]


def users_at_start(intervals: Sequence[Interval], n: int, ms: float) -> float:
    """Return the users that ran when a request began. It took ``ms``, and ended in the middle of the n-th interval.

    The number is interpolated between the ends of two intervals.
    """
    when = n + 0.5 - ms / 1000 / intervals[n].length
    before, after = (intervals[max(each, 0)].users for each in (floor(when) - 1, floor(when)))
    return before + (when - floor(when)) * (after - before)


def largest_user_step(intervals: Sequence[Interval]) -> int:
    """Return by how many users two consecutive intervals differ at most; there must be at least two."""
    return max(abs(after.users - before.users) for before, after in pairwise(intervals))


def _weighted(mine: float | None, n: int, other: float | None, m: int) -> float | None:
    if mine is None or other is None:
        return other if mine is None else mine
    return (mine * n + other * m) / (n + m)
