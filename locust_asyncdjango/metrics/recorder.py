"""Samples -> rows, and the merge of workers' rows. The recorder has no clock and no I/O of its own.

Start reading at ``Recorder.add`` (a request has finished) and ``Recorder.take`` (its row is complete).
"""

from collections import Counter
from collections.abc import Iterable
from operator import itemgetter

from locust_asyncdjango.metrics.columns import hundredths, largest_known
from locust_asyncdjango.metrics.histogram import LONGEST_MS, rounded_ms
from locust_asyncdjango.metrics.request_names.sums import NameLimit
from locust_asyncdjango.metrics.row import Row, Sample

BATCH = 250
"""Samples that are counted together, in a fifth of a millisecond. One by one they would take several times as long."""

_ENDED = itemgetter(0)


class Recorder:
    """Counts samples and other recorders' rows, in one row a second, until they are taken."""

    def __init__(self, started: float) -> None:
        """Begin to record. started: epoch seconds; the whole second in which it lies is second 0 of the run."""
        self.started = int(started)
        self.name_limit = NameLimit()
        """The names of requests in this run. Samples have names that it has admitted; the rows of others need not."""
        self._rows: dict[int, Row] = {}
        self._batch: list[Sample] = []
        self._users = 0
        self._users_until = -1
        """The last second whose number of users is known."""

    def add(self, sample: Sample) -> None:
        """Record a finished request. Raise ValueError if its latency is not a duration."""
        if sample[2] is not None and not 0 <= sample[2] < LONGEST_MS:
            raise ValueError(f"a latency of {sample[2]} ms is not possible")
        self._batch.append(sample)
        if len(self._batch) >= BATCH:
            self._count_batch()

    def _count_batch(self) -> None:
        batch, self._batch = self._batch, []
        seconds = set(map(int, map(_ENDED, batch)))
        for ended_s in seconds:
            samples = batch if len(seconds) == 1 else [sample for sample in batch if int(sample[0]) == ended_s]
            self._row(self._t(ended_s)).add(samples, self.started)

    def record_state(self, when: float, users: int, cpu: float | None = None, lag_ms: float | None = None) -> None:
        """Record the generator's state at the end of a second.

        when: epoch seconds, within the second. users: those that run. cpu: per cent of a processor that it used.
        lag_ms: the delay of its event loop in milliseconds. None where one of them is not known.
        """
        t = self._t(when)
        for second in range(self._users_until + 1, t + 1):
            self._row(second).users = users
        row = self._row(t)
        row.cpu, row.lag_ms = hundredths(cpu), hundredths(lag_ms)
        self._users, self._users_until = users, max(t, self._users_until)

    def add_late_start(self, when: float) -> None:
        """Record that a request of an open model began later than it was due. when: epoch seconds of its end."""
        self._row(self._t(when)).late += 1

    def add_missed(self, when: float, requests: int) -> None:
        """Record requests of an open model that were due by then (epoch seconds) and will never begin."""
        self._row(self._t(when)).missed += requests

    def add_in_flight(self, when: float, requests: int, longest_s: float) -> None:
        """Record requests that were not answered when the run ended. when: epoch seconds of the end.

        longest_s: for how many seconds the oldest of them had waited.
        """
        row = self._row(self._t(when))
        row.in_flight += requests
        row.in_flight_s = largest_known(row.in_flight_s, hundredths(longest_s))

    def add_cut_off(self, when: float, waits_s: Iterable[float]) -> None:
        """Record for how long the requests had waited that the end of the run cut off. when: epoch seconds of the end.

        waits_s: for each request that has not begun or not ended, the seconds since it was due.
        """
        self._row(self._t(when)).cut_off_ms.update(Counter(rounded_ms(1000 * wait_s) for wait_s in waits_s))

    def set_planned(self, when: float, users: int | None, due_per_s: float | None = None) -> None:
        """Record the load that the shape wants at the end of a second; None where it has no such plan.

        when: epoch seconds, within the second. due_per_s: requests a second of an open model.
        """
        row = self._row(self._t(when))
        row.planned, row.due_per_s = users, hundredths(due_per_s)

    def set_lost_workers(self, when: float, workers: int) -> None:
        """Record how many workers a master has lost so far; do nothing for 0.

        when: epoch seconds, within the second.
        """
        if workers:
            self._row(self._t(when)).lost_workers = workers

    def merge(self, rows: Iterable[Row], started: int, now: float) -> None:
        """Add the rows of another recorder.

        started: epoch second that is the other recorder's second 0, by its own clock.
        now: epoch seconds by this process's clock. Rows in the future, from a clock that is ahead, count as of now.
            Rows before the start, from a clock that is behind, count as of the first second.
        """
        for row in rows:
            t = row.t + started - self.started
            row.t = max(min(t, int(now) - self.started), 0)
            if t < 0:
                row.users = 0  # the users of each second before the first would add up
            row.names = self.name_limit.fold(row.names)
            self._row(row.t).merge(row)

    def take(self, before: float | None = None) -> list[Row]:
        """Return the rows of all seconds before one, in order, and forget them.

        before: epoch seconds; None takes all rows. If a second gets more requests later, they make another row.
        """
        self._count_batch()
        limit = None if before is None else int(before) - self.started
        rows = [self._rows.pop(t) for t in sorted(t for t in self._rows if limit is None or t < limit)]
        for row in rows:
            # In the second in which a run ends, no user runs any more.
            row.users = row.users or (self._users if row.t > self._users_until else 0)
        return rows

    def _t(self, when: float) -> int:
        """Return the second of the run that an epoch time lies in; the first one for a time before the run."""
        return max(int(when) - self.started, 0)

    def _row(self, t: int) -> Row:
        row = self._rows.get(t)
        if row is None:
            row = self._rows[t] = Row(t)
        return row
