"""A run as far as it is known, in bounded memory: rows as they come -> a list of seconds.

The last seconds are kept as rows, so that what comes late of them adds up exactly; those before as a few numbers each.
When there are more than LIMIT of these, two become one: then each stands for two seconds, later for four, and so on.
The file keeps every second as it was.
"""

from collections.abc import Iterable

from locust_asyncdjango.metrics.interval import Interval, combine
from locust_asyncdjango.metrics.row import Row

LIMIT = 3600
"""Seconds that are told apart: an hour."""

RECENT = 10
"""Seconds that are kept as rows."""


class History:
    """All seconds of a run, from its first to the last that is known."""

    def __init__(self, limit: int = LIMIT) -> None:
        """limit: seconds from which on two become one; an even number. Without end for 0."""
        self.length = 1
        """Seconds that each stands for; the last may stand for fewer."""
        self.total = Row(0)
        """The whole run in one row: its t and users are those of the last second."""
        self._limit = limit
        self._settled: list[Interval] = []
        self._recent: dict[int, Row] = {}
        self._began: dict[int, int] = {}
        """Of seconds that are not settled."""

    def add(self, row: Row) -> None:
        """Takes the next row, or what came late of an earlier second."""
        self.total.t = max(self.total.t, row.t)
        self.total.merge(row)
        for seconds, count in row.began.items():
            self._note_began(max(row.t - seconds, 0), count)
        if row.t < self._settled_until:
            period, late = self._settled[row.t // self.length], Interval.from_row(row)
            late.length = 0
            late.users *= row.t == period.t + period.length - 1  # a period's users are those at its end
            period.add(late)
        else:
            self._recent.setdefault(row.t, Row(row.t)).merge(row)
        self.total.users = self.users_at(self.total.t)
        self._settle(self.total.t - RECENT)

    def intervals(self) -> list[Interval]:
        """All of them, without gaps: in a second without a row as many users ran as before."""
        recent = self._filled(range(self._settled_until, self.total.t + 1)) if self._recent else []
        # What is not settled is added to a copy of the last period.
        periods = [*self._settled[:-1], *(combine([last]) for last in self._settled[-1:])]
        for second in recent:
            self._append(periods, second)
        return periods

    def users_at(self, t: int) -> int:
        """How many users ran at the end of a second; 0 if it is not known."""
        if t in self._recent:
            return self._recent[t].users
        return self._settled[t // self.length].users if 0 <= t < self._settled_until else 0

    @property
    def _settled_until(self) -> int:
        return self._settled[-1].t + self._settled[-1].length if self._settled else 0

    def _note_began(self, t: int, count: int) -> None:
        if t < self._settled_until:
            self._settled[t // self.length].began += count
        else:
            self._began[t] = self._began.get(t, 0) + count

    def _settle(self, until: int) -> None:
        for second in self._filled(range(self._settled_until, until)):
            self._recent.pop(second.t, None)
            self._began.pop(second.t, None)
            self._append(self._settled, second)
            if self._limit and len(self._settled) > self._limit:
                self._halve()

    def _append(self, periods: list[Interval], second: Interval) -> None:
        if periods and periods[-1].length < self.length:
            periods[-1].add(second)
        else:
            periods.append(second)

    def _filled(self, seconds: Iterable[int]) -> list[Interval]:
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
