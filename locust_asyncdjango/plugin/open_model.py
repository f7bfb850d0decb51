"""The open model of a run: make the due requests in this process, or give each worker its share of them."""

from contextlib import suppress
from dataclasses import replace
from typing import Any

import gevent
from locust.env import Environment
from locust.exception import RPCError, RPCSendError
from locust.runners import WorkerRunner

from locust_asyncdjango.failures.normalize import safe_logger
from locust_asyncdjango.load.arrival_schedule import ArrivalPlan
from locust_asyncdjango.load.arrivals import ArrivalQueue, ArrivalWaitError, require_arrival_wait
from locust_asyncdjango.load.shape_registry import ShapeError, arrival_plan
from locust_asyncdjango.plugin.worker_protocol import MasterLink

ARRIVALS_MESSAGE = "locust_asyncdjango_arrivals"
"""Master to worker: the stages of the rate, the kind of arrivals, the seconds since the start, and who shares the rate.

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
        self._plan: ArrivalPlan | None = None
        if workers and environment.runner:
            environment.runner.register_message(ARRIVALS_MESSAGE, self._on_share_requested)

    def begin(self) -> None:
        """Begin the open model of a run. If its users do not wait for arrivals, log why and stop the run."""
        self._shared, self._plan = None, None
        try:
            require_arrival_wait(self._environment)
            self._plan = arrival_plan(self._environment.shape_class)
        except (ArrivalWaitError, ShapeError) as error:
            # The user chose the shape in the web UI, and the run has begun already.
            log.error("%s", error)
            if self._environment.runner is not None:
                gevent.spawn(self._environment.runner.stop)
        if self._workers:
            self.share()
        else:
            self._arrivals.begin(self._plan)

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
            self._workers.send_to_all(ARRIVALS_MESSAGE, _message(self._plan, elapsed, ids))

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
        arrivals.begin(_plan_of(runner.client_id, msg.data), msg.data["elapsed"])

    runner.register_message(ARRIVALS_MESSAGE, on_arrivals)


def _message(plan: ArrivalPlan | None, elapsed: float, workers: frozenset[str]) -> dict[str, Any]:
    """Return what a master sends to its workers, as plain types."""
    return {
        "stages": [*plan.stages] if plan else None,
        "arrivals": plan.arrivals if plan else "",
        "elapsed": elapsed,
        "workers": sorted(workers),
    }


def _plan_of(worker: str, message: dict[str, Any]) -> ArrivalPlan | None:
    """Return what a worker has to make of what its master has sent.

    A worker that the master does not count, because it takes it for lost, makes nothing: the others make its part.
    """
    if message["stages"] is None:
        return None
    plan, workers = ArrivalPlan(message["stages"], message["arrivals"]), message["workers"]
    if worker not in workers:
        return replace(plan, stages=())
    return replace(plan, number=workers.index(worker), processes=len(workers))
