"""Samples -> rows, and the merge of workers' rows. No clock and no I/O of its own, and nothing kept that was taken."""

from collections.abc import Iterable
from itertools import groupby

from locust_asyncdjango.metrics.row import Row
from locust_asyncdjango.metrics.sample import Sample

BATCH = 100
"""Samples that are folded at once: one after the other they are folded in a third of the time that each alone takes."""


class Recorder:
    """Folds samples and other recorders' rows into one row a second, until they are taken."""

    def __init__(self, started: float) -> None:
        """started: epoch seconds; second 0 is the whole one in which it lies."""
        self.started = int(started)
        self._rows: dict[int, Row] = {}
        self._unfolded: list[Sample] = []
        self._users = 0
        self._noted = -1
        """The last second of which it is known how many users ran."""

    def add(self, sample: Sample) -> None:
        """Records a finished request. Raises ValueError if its latency is no duration."""
        if sample[2] is not None and not 0 <= sample[2] < 1e12:
            raise ValueError(f"a latency of {sample[2]} ms cannot be")
        self._unfolded.append(sample)
        if len(self._unfolded) >= BATCH:
            self._fold()

    def _fold(self) -> None:
        for ended_s, samples in groupby(self._unfolded, key=_ended_s):
            self._row(self._t(ended_s)).add(samples, self.started)
        self._unfolded.clear()

    def record_state(self, when: float, users: int, cpu: float = 0.0) -> None:
        """Records what is so at the end of a second: users that run, and per cent of a processor that are used."""
        t = self._t(when)
        for second in range(self._noted + 1, t + 1):
            self._row(second).users = users
        self._row(t).cpu = cpu
        self._users, self._noted = users, max(t, self._noted)

    def add_late_start(self, when: float) -> None:
        """Records that a request which ended then had begun later than it was due."""
        self._row(self._t(when)).late += 1

    def add_missed(self, when: float, requests: int) -> None:
        """Records that requests which were due by then will never begin."""
        self._row(self._t(when)).missed += requests

    def set_planned(self, when: float, users: int | None) -> None:
        """Records how many users a shape wanted at the end of a second; None where it does not say."""
        self._row(self._t(when)).planned = users

    def merge(self, rows: Iterable[Row], started: int, now: float) -> None:
        """Adds rows that another recorder, which began at epoch second ``started``, has given out by ``now``.

        By a clock that goes before this one they would lie ahead: they count as of now. By one that goes behind it, the
        first would lie before the start: they count as of the first second.
        """
        for row in rows:
            t = row.t + started - self.started
            row.t = max(min(t, int(now) - self.started), 0)
            if t < 0:
                row.users = 0  # of each second before the first, which would add up
            self._row(row.t).merge(row)

    def take(self, before: float | None = None) -> list[Row]:
        """The rows of the seconds before one (epoch), in order; without ``before`` all of them.

        A second that is added to afterwards has a further row, with what came late.
        """
        self._fold()
        limit = None if before is None else int(before) - self.started
        rows = [self._rows.pop(t) for t in sorted(t for t in self._rows if limit is None or t < limit)]
        for row in rows:
            # The second in which a run ended: its users are gone.
            row.users = row.users or (self._users if row.t > self._noted else 0)
        return rows

    def _t(self, when: float) -> int:
        """The second of the run that a moment is in; what was before the run is in its first."""
        return max(int(when) - self.started, 0)

    def _row(self, t: int) -> Row:
        row = self._rows.get(t)
        if row is None:
            row = self._rows[t] = Row(t)
        return row


def _ended_s(sample: Sample) -> int:
    return int(sample[0])
