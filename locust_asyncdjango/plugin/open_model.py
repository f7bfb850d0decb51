"""The open model of a run: make the due requests in this process, or give each worker its share of them."""

from contextlib import suppress
from typing import Any

import gevent
from locust.env import Environment
from locust.exception import RPCError, RPCSendError
from locust.runners import WorkerRunner

from locust_asyncdjango.failures.normalize import safe_logger
from locust_asyncdjango.load.arrival_schedule import RateStages
from locust_asyncdjango.load.arrivals import ArrivalQueue, ArrivalWaitError, require_arrival_wait
from locust_asyncdjango.load.shape_registry import rate_stages
from locust_asyncdjango.plugin.worker_protocol import MasterLink

ARRIVALS_MESSAGE = "locust_asyncdjango_arrivals"
"""Master to worker: the stages of the rate, the seconds since the start, and the worker's share.

Worker to master: it does not know its share, as it could not listen when the master sent it.
"""

log = safe_logger(__name__)


class OpenModel:
    """Begins the open model in a process that is not a worker. With a shape of users, nothing is due."""

    def __init__(self, environment: Environment, arrivals: ArrivalQueue, workers: MasterLink | None) -> None:
        """Prepare the model. arrivals: the queue of this process. workers: on a master, the link to its workers."""
        self._environment = environment
        self._arrivals = arrivals
        self._workers = workers
        self._shared: tuple[frozenset[str], float] | None = None
        """The workers that got a share, and when the shape's time had begun then."""
        self._stages: RateStages | None = None
        if workers and environment.runner:
            environment.runner.register_message(ARRIVALS_MESSAGE, self._on_share_requested)

    def begin(self) -> None:
        """Begin the open model of a run. If its users do not wait for arrivals, log why and stop the run."""
        self._shared, self._stages = None, rate_stages(self._environment.shape_class)
        try:
            require_arrival_wait(self._environment)
        except ArrivalWaitError as error:
            # The user chose the shape in the web UI, and the run has begun already.
            log.error("%s", error)
            self._stages = None
            if self._environment.runner is not None:
                gevent.spawn(self._environment.runner.stop)
        if self._workers:
            self.share()
        else:
            self._arrivals.begin(self._stages)

    def share(self) -> None:
        """Send each worker of a master its share of the rate.

        Do nothing if no worker has come or gone, and the shape's time has not begun anew, since the last call.
        """
        if self._workers is None:
            return
        ids, shape = self._workers.workers(), self._environment.shape_class
        if (state := (ids, shape.start_time if shape else 0.0)) != self._shared:
            self._shared = state
            elapsed = shape.get_run_time() if shape else 0.0
            content = {"stages": self._stages, "elapsed": elapsed, "share": 1 / max(len(ids), 1)}
            self._workers.send_to_all(ARRIVALS_MESSAGE, content)

    def _on_share_requested(self, **_: Any) -> None:
        self._shared = None
        self.share()


def request_share(runner: WorkerRunner) -> None:
    """Make the master of a worker send the shares once more."""
    with suppress(RPCError, RPCSendError):  # Locust will connect again, and the worker is then one that comes
        runner.send_message(ARRIVALS_MESSAGE)


def accept_shares(runner: WorkerRunner, arrivals: ArrivalQueue) -> None:
    """Make a worker's queue follow the shares that its master sends."""

    def on_arrivals(msg: Any, **_: Any) -> None:
        arrivals.begin(**msg.data)

    runner.register_message(ARRIVALS_MESSAGE, on_arrivals)
