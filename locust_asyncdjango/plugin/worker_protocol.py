"""What workers and their master say to each other: rows and failures each second, and at the end that all is sent."""

import logging
import time
from contextlib import suppress
from typing import Any

import gevent
from locust.exception import RPCError, RPCSendError
from locust.runners import MasterRunner, WorkerRunner

log = logging.getLogger(__name__)

ROWS_MESSAGE = "locust_asyncdjango_rows"
"""By which a worker sends what it has recorded, once a second."""

FINISH_MESSAGE = "locust_asyncdjango_finish"
"""By which a master asks its workers to stop and to send what is left, and by which they say that they did."""

LAG_S = 3
"""For which a master waits for the rows of workers that are late."""

FINISH_DEADLINE_S = 10
"""For which a master waits for them at the end."""

News = dict[str, Any]
"""What a worker has recorded since it last told; started: epoch second in which its second 0 lies."""


class WorkerLink:
    """A worker's side."""

    def __init__(self, runner: WorkerRunner) -> None:
        self._runner = runner
        self._unsent: list[News] = []

    def send(self, news: News) -> None:
        """Sends what is new, and keeps for later what cannot be sent now."""
        self._unsent.append(news)
        try:
            while self._unsent:
                self._runner.send_message(ROWS_MESSAGE, self._unsent[0])
                self._unsent.pop(0)
        except (RPCError, RPCSendError) as error:
            log.warning("The master cannot be reached (%s); what was recorded is kept for later", error)

    def say_finished(self) -> None:
        """Says that nothing more comes of this run."""
        self._runner.send_message(FINISH_MESSAGE)

    def send_locusts_own(self) -> None:
        """What Locust has counted, of which it sends the last seconds only on a quit."""
        with suppress(RPCError, RPCSendError):
            self._runner._send_stats()


class MasterLink:
    """A master's side."""

    def __init__(self, runner: MasterRunner) -> None:
        self._runner = runner
        self._told_until: dict[str, float] = {}
        self._finished: set[str] = set()

    def told(self, worker: str, until: float) -> None:
        """Takes note that a worker has told all up to a second (epoch)."""
        self._told_until[worker] = max(until, self._told_until.get(worker, 0))

    def complete_until(self, now: float) -> float:
        """The second (epoch) up to which all that load have told, or should have."""
        loading = (*self._runner.clients.spawning, *self._runner.clients.running)
        told = min((self._told_until.get(client.id, 0) for client in loading), default=now)
        return max(min(told, now), now - LAG_S)

    def tell(self, message: str, data: Any) -> None:
        """Sends all workers the same."""
        self._runner.send_message(message, data)

    def workers(self) -> frozenset[str]:
        """The workers that make requests, or are to."""
        clients = self._runner.clients
        return frozenset(client.id for client in (*clients.ready, *clients.spawning, *clients.running))

    def finished(self, worker: str) -> None:
        """Takes note that nothing more comes of a worker."""
        self._finished.add(worker)

    def gather(self) -> None:
        """Has the workers stop, and waits for the last that they have; those that are gone have sent it before."""
        self._finished.clear()
        self._runner.send_message(FINISH_MESSAGE)
        deadline = time.monotonic() + FINISH_DEADLINE_S
        while missing := self._runner.clients.keys() - self._finished:
            gone = {client.id for client in self._runner.clients.missing}
            if missing <= gone or time.monotonic() > deadline:
                log.warning("%s did not send the last second, which is not counted", ", ".join(sorted(missing)))
                return
            gevent.sleep(0.05)
