"""How a master has its workers start and stop users while a load climbs, without taking their time from measuring.

On each of Locust's own spawn messages a worker builds Locust's command-line parser once for every option there is: some
80 ms in which it neither sends nor reads (``locust.runners.WorkerRunner.handle_message``, locust 2.47). So Locust sends
the first of a run, which brings the options, and the last of a climb, twice as a rule; those between are ours, which
bring numbers of users alone. A climb of a shape is one for Locust, which would not ask the shape before it is over: it
is asked here.
"""

import logging
from typing import Any

import gevent
from locust.dispatch import UsersDispatcher
from locust.env import Environment
from locust.exception import RPCError, RPCSendError
from locust.runners import STATE_RUNNING, STATE_SPAWNING, MasterRunner, WorkerRunner, locust_exception_handler

USERS_MESSAGE = "locust_asyncdjango_users"
"""By which a master tells a worker how many users of each class it is to have."""

CORRECTED_S = 0.05
"""Between two looks whether a climb is over for Locust as well."""

LEVEL_S = 3
"""After so many seconds without a change a climb is over."""

log = logging.getLogger(__name__)

Users = dict[str, dict[str, int]]
"""By worker, how many users of each class."""


def install_dispatcher(environment: Environment) -> None:
    """Has a master send messages of ours, unless the locustfile has a dispatcher of its own, and a worker obey them."""
    runner = environment.runner
    if isinstance(runner, WorkerRunner):
        runner.register_message(USERS_MESSAGE, _on_users)
    elif isinstance(runner, MasterRunner) and environment.dispatcher_class is UsersDispatcher:
        environment.dispatcher_class = type("SparingDispatcher", (SparingDispatcher,), {"runner": runner})


class SparingDispatcher(UsersDispatcher):
    """Of one run. What it yields, Locust sends; the rest it has sent itself."""

    runner: MasterRunner

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._known: set[str] = set()
        """Workers that Locust itself has told of this run."""
        self._sent: Users = {}
        self._last_tick: tuple[Any, ...] | None = None
        """What the shape has said here, in this climb."""

    def new_dispatch(self, *args: Any, **kwargs: Any) -> None:
        """Locust begins a climb."""
        super().new_dispatch(*args, **kwargs)
        self._last_tick = None

    def __next__(self) -> Users:
        users = super().__next__()
        while users.keys() <= self._known:
            self._send(users)
            following = self._following()
            if following is None:
                gevent.spawn(self._correct_last_tick, self._last_tick)
                return users
            users = following
        self._known, self._sent = set(users), users
        return users

    def _send(self, users: Users) -> None:
        for worker, counts in users.items():
            if counts != self._sent.get(worker):
                try:
                    self.runner.send_message(USERS_MESSAGE, counts, worker)
                except (RPCError, RPCSendError):
                    self._known.discard(worker)  # whom Locust will tell, or miss
        self._sent = users

    def _following(self) -> Users | None:
        """What comes next in this climb, when its time has come; None when it is over."""
        try:
            return super().__next__()
        except StopIteration:
            return self._asked_of_shape()

    def _asked_of_shape(self) -> Users | None:
        shape = self.runner.environment.shape_class
        if shape is None or self.runner.shape_greenlet is not gevent.getcurrent():
            return None
        for _ in range(LEVEL_S):
            # At whole seconds of the run, so that it ends in time.
            gevent.sleep(1 - shape.get_run_time() % 1)
            # Locust makes another where a worker was lost for long.
            if self.runner._users_dispatcher is not self or (tick := shape.tick()) is None:
                return None
            if tick[0] != self.runner.target_user_count:
                log.info("Shape test updating to %d users at %.2f spawn rate", *tick[:2])  # as Locust says it
            self._last_tick = tick
            super().new_dispatch(*tick)
            self.runner.target_user_count = tick[0]
            users = super().__next__()
            if users != self._sent:
                return users
        return None

    def _correct_last_tick(self, tick: tuple[Any, ...] | None) -> None:
        """Locust takes what the shape has said when the climb began for the last that it has said, and would pass over
        the same, if it were next."""
        while self.runner._users_dispatcher is self and not self.runner.spawning_completed:
            gevent.sleep(CORRECTED_S)
        gevent.sleep(CORRECTED_S)
        if tick and self.runner.shape_last_tick and self.runner._users_dispatcher is self:
            self.runner.shape_last_tick = tick


def _on_users(msg: Any, environment: Environment, **_: Any) -> None:
    """A worker's master tells it how many users it is to have."""
    runner = environment.runner
    # What was sent before it was stopped may come after.
    if isinstance(runner, WorkerRunner) and runner.worker_state in (STATE_SPAWNING, STATE_RUNNING):
        if runner.spawning_greenlet:
            runner.spawning_greenlet.kill(block=True)
        runner.spawning_greenlet = runner.greenlet.spawn(runner.start_worker, msg.data)
        runner.spawning_greenlet.link_exception(locust_exception_handler(environment))
