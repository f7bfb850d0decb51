"""The messages between a master and its workers: rows and failures each second, and at the end that all was sent.

A worker sends an ``Update`` once a second through its ``WorkerLink``. The master merges it into its own recording
through its ``MasterLink``. When the run ends, the master asks each worker to finish; the worker stops its users, sends
the last update and replies that it has finished.
"""

import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import gevent
from locust.exception import RPCError, RPCSendError
from locust.runners import MasterRunner, WorkerRunner

from locust_asyncdjango.failures.normalize import OnceLogger, safe_logger
from locust_asyncdjango.metrics.columns import hundredths
from locust_asyncdjango.plugin.generator.worker_clock import TOLERANCE_S, WorkerClock
from locust_asyncdjango.plugin.recording import Recording
from locust_asyncdjango.plugin.worker_update import Update, UpdateReader

log = safe_logger(__name__)

ROWS_MESSAGE = "locust_asyncdjango_rows"
"""Worker to master, once a second: an Update."""

FINISH_MESSAGE = "locust_asyncdjango_finish"
"""Master to worker: stop and send what is left. Worker to master: it is done."""

MAX_LAG_S = 3
"""Seconds that a master waits for the rows of a slow worker before it goes on without them."""

FINISH_DEADLINE_S = 10
"""Seconds that a master waits for its workers to finish."""


def take_update(recording: Recording, until: float | None = None) -> Update:
    """Take what was not sent yet from a worker's recording: all seconds before ``until``, or everything."""
    update = Update(
        rows=tuple(recording.recorder.take(until)),
        failures=recording.failure_counts.take(until),
        unrecorded=recording.unrecorded,
        started=recording.recorder.started,
        until=until,
        sent=recording.now(),
    )
    recording.unrecorded = 0
    return update


def merge_update(recording: Recording, update: Update, now: float, clock: WorkerClock) -> None:
    """Add a worker's update to the master's recording.

    now: the master's clock in epoch seconds. clock: the worker's, by whose difference its times are moved.
    """
    for row in update.rows:
        row.clock_s = hundredths(clock.difference_s)
    started = update.started + clock.shift_s
    recording.recorder.merge(update.rows, started, now)
    recording.failure_counts.merge(update.failures, started)
    recording.unrecorded += update.unrecorded


class WorkerLink:
    """The worker's side: send updates, keep those that cannot be sent, and finish when the master asks for it."""

    def __init__(self, runner: WorkerRunner, finish: Callable[[], None], now: Callable[[], float]) -> None:
        """Listen to the master.

        finish: called when the run shall end; stops the users and sends the last update. now: returns the time in epoch
        seconds.
        """
        self._runner = runner
        self._now = now
        self._finish = finish
        self._unsent: list[Update] = []
        runner.register_message(FINISH_MESSAGE, self._on_finish)

    def send(self, update: Update) -> None:
        """Send an update. If the master cannot be reached, keep it and send it before the next one."""
        self._unsent.append(update)
        try:
            while self._unsent:
                self._runner.send_message(ROWS_MESSAGE, replace(self._unsent[0], sent=self._now()).to_message())
                self._unsent.pop(0)
        except (RPCError, RPCSendError) as error:
            log.warning("The master cannot be reached (%s). This worker keeps its rows to send them later", error)

    def send_locust_stats(self) -> None:
        """Send what Locust itself has counted. Locust sends the last seconds only when it quits."""
        with suppress(RPCError, RPCSendError):
            self._runner._send_stats()

    def _on_finish(self, **_: Any) -> None:
        self._finish()
        self._runner.send_message(FINISH_MESSAGE)


class MasterLink:
    """The master's side: merge updates, note up to which second they are complete, and collect the last ones."""

    def __init__(
        self, runner: MasterRunner, recording: Recording, sleep: Callable[[float], None] = gevent.sleep
    ) -> None:
        """Listen to the workers. recording: the master's, which gets the workers' updates. sleep: tests replace it."""
        self._runner = runner
        self._sleep = sleep
        self._recording = recording
        self._complete_until: dict[str, float] = {}
        self._clocks: defaultdict[str, WorkerClock] = defaultdict(WorkerClock)
        self._undated: defaultdict[str, list[Update]] = defaultdict(list)
        """By worker, updates that wait until it is certain how far the worker's clock is from the master's."""
        self._clock_warnings = OnceLogger(log)
        self._earlier_run_warnings = OnceLogger(log)
        self._finished: set[str] = set()
        self._updates = UpdateReader()
        runner.register_message(ROWS_MESSAGE, self._on_rows)
        runner.register_message(FINISH_MESSAGE, self._on_finished)

    def begin(self) -> None:
        """Forget what is known of the workers from the run before."""
        self._complete_until.clear()
        self._clocks.clear()
        self._undated.clear()
        self._clock_warnings.clear()
        self._earlier_run_warnings.clear()

    def note_progress(self, worker: str, until: float) -> None:
        """Note that a worker has sent everything up to this moment (epoch seconds)."""
        self._complete_until[worker] = max(until, self._complete_until.get(worker, 0))

    def complete_until(self, now: float) -> float:
        """Return the moment (epoch seconds) up to which all workers with users have sent their rows.

        A slow worker delays this moment, by MAX_LAG_S at most. now: the current time in epoch seconds.
        """
        loading = (*self._runner.clients.spawning, *self._runner.clients.running)
        slowest = min((self._complete_until.get(client.id, 0) for client in loading), default=now)
        return max(min(slowest, now), now - MAX_LAG_S)

    @property
    def has_begun(self) -> bool:
        """Return whether a worker runs users: the listeners to ``test_start`` have returned there."""
        return bool(self._runner.clients.running)

    def send_to_all(self, message: str, content: Any) -> None:
        """Send the same message to each worker."""
        self._runner.send_message(message, content)

    def workers(self) -> frozenset[str]:
        """Return the ids of the workers that make requests or are going to."""
        clients = self._runner.clients
        return frozenset(client.id for client in (*clients.ready, *clients.spawning, *clients.running))

    def count_lost(self) -> int:
        """Return how many workers of this run Locust has lost: they have ended, or send no heartbeat any more."""
        clients = self._runner.clients
        missing = {client.id for client in clients.missing}
        return sum(worker in missing or worker not in clients for worker in self._complete_until)

    def collect_last_updates(self) -> None:
        """Ask the workers to finish, and wait until they have. Do not wait for workers that Locust has lost."""
        self._wait_for_last_updates()
        for worker in self._clocks:
            self._merge_undated(worker)  # of a short run

    def _wait_for_last_updates(self) -> None:
        self._finished.clear()
        self._runner.send_message(FINISH_MESSAGE)
        deadline = time.monotonic() + FINISH_DEADLINE_S
        while missing := self._runner.clients.keys() - self._finished:
            lost = {client.id for client in self._runner.clients.missing}
            if missing <= lost or time.monotonic() > deadline:
                names = ", ".join(sorted(missing))
                log.warning("The last second of %s is missing from the results: the worker did not send it", names)
                return
            self._sleep(0.05)

    def _on_rows(self, msg: Any, **_: Any) -> None:
        update = self._updates.read(msg.node_id, msg.data)
        if update is None:
            self._recording.refused_updates += 1
            return
        clock = self._clocks[msg.node_id]
        clock.observe(update.sent, self._recording.now())
        self._warn_of_clock(msg.node_id, clock)
        self._undated[msg.node_id].append(update)
        if clock.is_certain:
            self._merge_undated(msg.node_id)

    def _merge_undated(self, worker: str) -> None:
        clock = self._clocks[worker]
        for update in self._undated.pop(worker, ()):
            # The estimate is never below the difference, so an update of this run never looks as old.
            if update.ended + clock.behind_s < self._recording.recorder.started - TOLERANCE_S:
                self._warn_of_earlier_run(worker)
                continue
            merge_update(self._recording, update, self._recording.now(), clock)
            if update.until:
                self.note_progress(worker, int(update.until) + clock.shift_s)

    def _warn_of_earlier_run(self, worker: str) -> None:
        self._earlier_run_warnings.warning(
            worker,
            "Worker %.80r has sent what it recorded before this run began, as it could not be reached then. That is"
            " left out of the results",
            worker,
        )

    def _warn_of_clock(self, worker: str, clock: WorkerClock) -> None:
        if clock.difference_s:
            direction = "behind" if clock.behind_s > 0 else "ahead of"
            self._clock_warnings.warning(
                worker,
                "The clock of worker %.80r is %.1f s %s the master's. Its times are moved by that; synchronize the"
                " clocks (NTP)",
                worker,
                clock.difference_s,
                direction,
            )

    def _on_finished(self, msg: Any, **_: Any) -> None:
        self._finished.add(msg.node_id)
