"""Samples -> rows of a series, and the merge of workers' rows. No clock and no I/O of its own."""

from collections.abc import Iterable
from typing import Any

from locust_asyncdjango.sample import Sample
from locust_asyncdjango.series import Row, Series

BATCH = 100
"""Samples that are folded at once: one after the other they are folded in a third of the time that each alone takes."""


class Recorder:
    """Folds samples and other recorders' rows into one row a second.

    It keeps all rows for the analysis at the end, and apart from them those that were not yet taken: by a worker to
    send them to its master, by others to append them to the series file.
    """

    def __init__(self, started: float) -> None:
        self.started = int(started)
        self._all: dict[int, Row] = {}
        self._open: dict[int, Row] = {}
        self._unfolded: list[Sample] = []

    def add(self, sample: Sample) -> None:
        """Records a finished request."""
        self._unfolded.append(sample)
        if len(self._unfolded) >= BATCH:
            self._fold()

    def _fold(self) -> None:
        for sample in self._unfolded:
            self._open_row(int(sample[0]) - self.started).add(sample)
        self._unfolded.clear()

    def note_users(self, when: float, users: int) -> None:
        """Records how many users run, so that a second without samples has its row too."""
        row = self._open_row(int(when) - self.started)
        row.users = max(row.users, users)

    def merge(self, rows: Iterable[dict[str, Any]], started: int) -> None:
        """Adds rows that another recorder, which began at epoch second ``started``, gave out."""
        for row in map(Row.from_json, rows):
            row.t += started - self.started
            self._open_row(row.t).merge(row)

    def take(self, before: float | None = None) -> list[dict[str, Any]]:
        """The rows, as JSON objects, that no later sample can change; all of them without ``before`` (epoch)."""
        self._fold()
        limit = None if before is None else int(before) - self.started
        ripe = sorted(t for t in self._open if limit is None or t < limit)
        rows = [self._open.pop(t) for t in ripe]
        for row in rows:
            self._all.setdefault(row.t, Row(row.t)).merge(row)
        return [row.to_json() for row in rows]

    def users_at(self, t: int) -> int:
        """How many users ran in a second since the start; 0 if nothing was recorded in it."""
        return max(rows[t].users if t in rows else 0 for rows in (self._all, self._open))

    def series(self, header: dict[str, Any]) -> Series:
        """All that was recorded."""
        self._fold()
        return Series.of(header, [*self._all.values(), *self._open.values()])

    def _open_row(self, t: int) -> Row:
        row = self._open.get(t)
        if row is None:
            row = self._open[t] = Row(t)
        return row
