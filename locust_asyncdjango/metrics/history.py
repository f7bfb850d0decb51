"""A whole run in bounded memory: rows, in order or late -> a list of intervals.

Start reading at ``History.add`` and ``History.intervals``. The last seconds are kept as rows, so that rows that arrive
late add up exactly. Earlier seconds are kept as intervals, which are a few numbers each. When there are too many, each
two are merged: then an interval stands for two seconds, later for four, and so on. The series file keeps every second.
"""

from collections.abc import Iterable

from locust_asyncdjango.metrics.interval import Interval, combine
from locust_asyncdjango.metrics.load_curve import LoadCurve, LoadLevel
from locust_asyncdjango.metrics.row import Row

LIMIT = 3600
"""The most intervals that are kept: an hour of seconds."""

RECENT_S = 10
"""Seconds that are kept as rows."""


class History:
    """All seconds of a run, from its first to the last that is known."""

    def __init__(self, limit: int = LIMIT) -> None:
        """Begin an empty history. limit: intervals at which each two are merged; an even number, or 0 for no limit."""
        self.length = 1
        """Seconds that each interval stands for; the last may stand for fewer."""
        self.total = Row(0)
        """The whole run in one row. Its t and users are those of the last second."""
        self._limit = limit
        self._settled: list[Interval] = []
        self._curve = LoadCurve()
        self._recent: dict[int, Row] = {}
        self._began: dict[int, int] = {}
        """How many requests began in each second that is still a row."""

    def add(self, row: Row) -> None:
        """Add the next row, or one that arrived late for an earlier second."""
        self.total.t = max(self.total.t, row.t)
        self.total.merge(row)
        for seconds, count in row.began.items():
            self._add_began(max(row.t - seconds, 0), count)
        if row.t < self._settled_until:
            self._add_settled(row)
        else:
            self._recent.setdefault(row.t, Row(row.t)).merge(row)
        self.total.users = self.users_at(self.total.t)
        self._settle(self.total.t - RECENT_S)

    def intervals(self) -> list[Interval]:
        """Return the run so far, without gaps: in a second without a row, as many users ran as before."""
        recent = self._filled(range(self._settled_until, self.total.t + 1)) if self._recent else []
        # The last settled interval is copied, because recent seconds are added to the copy.
        intervals = [*self._settled[:-1], *(combine([last]) for last in self._settled[-1:])]
        for interval in recent:
            self._append(intervals, interval)
        return intervals

    def load_levels(self) -> tuple[LoadLevel, ...]:
        """Return what each load of the run so far brought, the lowest load first."""
        curve = self._curve.copy()
        for _, row in sorted(self._recent.items()):
            curve.add(row)
        return curve.levels()

    def users_at(self, t: int) -> int:
        """Return how many users ran at the end of second t; 0 where it is not known."""
        if t in self._recent:
            return self._recent[t].users
        return self._settled[t // self.length].users if 0 <= t < self._settled_until else 0

    @property
    def _settled_until(self) -> int:
        return self._settled[-1].t + self._settled[-1].length if self._settled else 0

    def _add_settled(self, row: Row) -> None:
        self._curve.add_late(row)
        interval, addition = self._settled[row.t // self.length], Interval.from_row(row)
        addition.length = 0
        # The users of an interval are those at its end.
        addition.users *= row.t == interval.t + interval.length - 1
        interval.add(addition)

    def _add_began(self, t: int, count: int) -> None:
        if t < self._settled_until:
            self._settled[t // self.length].began += count
        else:
            self._began[t] = self._began.get(t, 0) + count

    def _settle(self, until: int) -> None:
        for interval in self._filled(range(self._settled_until, until)):
            if row := self._recent.pop(interval.t, None):
                self._curve.add(row)
            self._began.pop(interval.t, None)
            self._append(self._settled, interval)
            if self._limit and len(self._settled) > self._limit:
                self._halve()

    def _append(self, intervals: list[Interval], interval: Interval) -> None:
        if intervals and intervals[-1].length < self.length:
            intervals[-1].add(interval)
        else:
            intervals.append(interval)

    def _filled(self, seconds: Iterable[int]) -> list[Interval]:
        """Return an interval for each of these seconds, also for those without a row."""
        filled: list[Interval] = []
        users = self._settled[-1].users if self._settled else 0
        for t in seconds:
            row = self._recent.get(t)
            users = row.users if row else users
            began = self._began.get(t, 0)
            filled.append(Interval.from_row(row, began) if row else Interval(t, users=users, began=began))
        return filled

    def _halve(self) -> None:
        self.length *= 2
        self._settled = [combine(self._settled[n : n + 2]) for n in range(0, len(self._settled), 2)]
