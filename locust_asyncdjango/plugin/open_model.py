"""An open model in a run: has this process make the requests that are due, or each worker its share of them."""

import logging
from typing import Any

import gevent
from locust.env import Environment
from locust.runners import WorkerRunner

from locust_asyncdjango.load.arrival_schedule import Stages
from locust_asyncdjango.load.arrivals import ARRIVALS
from locust_asyncdjango.load.shape_registry import rate_stages
from locust_asyncdjango.plugin.setup import LineupError, require_arrival_wait
from locust_asyncdjango.plugin.worker_protocol import MasterLink

ARRIVALS_MESSAGE = "locust_asyncdjango_arrivals"
"""By which a master tells a worker what is due."""

log = logging.getLogger(__name__)


class OpenModel:
    """Of one Locust process. Where the shape is of users, nothing is due, and users need not wait."""

    def __init__(self, environment: Environment, from_workers: MasterLink | None) -> None:
        """from_workers: on a master."""
        self._environment = environment
        self._from_workers = from_workers
        self._sharers: frozenset[str] = frozenset()
        self._stages: Stages | None = None
        if isinstance(environment.runner, WorkerRunner):
            environment.runner.register_message(ARRIVALS_MESSAGE, _on_arrivals)

    def begin(self) -> None:
        """A run begins. A worker is told by its master."""
        runner = self._environment.runner
        if runner is None or isinstance(runner, WorkerRunner):
            return
        self._sharers, self._stages = frozenset(), rate_stages(self._environment.shape_class)
        try:
            require_arrival_wait(self._environment)
        except LineupError as error:
            # Chosen in the web UI, which has begun the run.
            log.error("%s", error)
            self._stages = None
            gevent.spawn(runner.stop)
        if self._from_workers:
            self.share()
        else:
            ARRIVALS.begin(self._stages)

    def share(self) -> None:
        """On a master: tells each worker its share, where one has come or gone since they were told."""
        if self._from_workers and (workers := self._from_workers.workers()) != self._sharers:
            self._sharers, shape = workers, self._environment.shape_class
            elapsed = shape.get_run_time() if shape else 0.0
            news = {"stages": self._stages, "elapsed": elapsed, "share": 1 / max(len(workers), 1)}
            self._from_workers.tell(ARRIVALS_MESSAGE, news)


def _on_arrivals(msg: Any, **_: Any) -> None:
    """A worker's master tells it what is due."""
    ARRIVALS.begin(**msg.data)
