"""Start and stop the users of workers without making the workers stop measuring.

On each spawn message of Locust, a worker builds Locust's command-line parser once for every option. That takes some
80 ms, in which it neither sends nor reads (``locust.runners.WorkerRunner.handle_message``, locust 2.47). So Locust
sends only the first message of a run, which contains the options, and the last message of a climb. The messages between
them are ours, and contain only numbers of users.

For Locust a whole climb of a shape is then one climb, and Locust does not call the shape before the climb is over. So
``SparingDispatcher`` calls the shape itself.
"""

import logging
from typing import Any

import gevent
from locust.dispatch import UsersDispatcher
from locust.env import Environment
from locust.exception import RPCError, RPCSendError
from locust.runners import (
    STATE_INIT,
    STATE_RUNNING,
    STATE_SPAWNING,
    MasterRunner,
    WorkerRunner,
    locust_exception_handler,
)

USERS_MESSAGE = "locust_asyncdjango_users"
"""Master to worker: how many users of each class the worker should have."""

POLL_S = 0.05
"""Seconds between two checks whether Locust has noticed the end of a climb."""

WAIT_UNREPORTED_S = 5.0
"""Seconds that a master waits for its workers to begin before it says so."""

WAIT_LIMIT_S = 600.0
"""Seconds after which a run begins without the workers that have not begun."""

LEVEL_S = 3
"""A climb is over after so many seconds without a change."""

log = logging.getLogger(__name__)

UserCounts = dict[str, dict[str, int]]
"""By worker id, how many users of each class."""


def install_dispatcher(environment: Environment) -> None:
    """Make a master send our messages and a worker follow them.

    A dispatcher class that the locustfile has set is kept.
    """
    runner = environment.runner
    if isinstance(runner, WorkerRunner):
        runner.register_message(USERS_MESSAGE, _on_users)
    elif isinstance(runner, MasterRunner) and environment.dispatcher_class is UsersDispatcher:
        environment.dispatcher_class = type("SparingDispatcher", (SparingDispatcher,), {"runner": runner})


class SparingDispatcher(UsersDispatcher):
    """Decides, for one run, how many users each worker gets. Locust sends what it yields; it sends the rest itself."""

    runner: MasterRunner

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._known: set[str] = set()
        """Workers to which Locust itself has sent a message of this run."""
        # Locust makes another dispatcher within a run when a worker has been missing for long.
        self._has_waited = any(node.state in (STATE_SPAWNING, STATE_RUNNING) for node in self._worker_nodes)
        """Whether the workers have begun the run."""
        self._sent: UserCounts = {}
        self._last_tick: tuple[Any, ...] | None = None
        """What the shape returned last in this climb, when it was called here."""

    def new_dispatch(self, *args: Any, **kwargs: Any) -> None:
        """Begin a climb. Locust calls it."""
        super().new_dispatch(*args, **kwargs)
        self._last_tick = None

    def __next__(self) -> UserCounts:
        if self._known and not self._has_waited:
            self._has_waited = True
            self._wait_for_workers()
        users = super().__next__()
        while users.keys() <= self._known:
            self._send(users)
            following = self._next_counts()
            if following is None:
                gevent.spawn(self._correct_last_tick, self._last_tick)
                return users
            users = following
        self._known, self._sent = set(users), users
        return users

    def _wait_for_workers(self) -> None:
        """Wait until the listeners to ``test_start`` have returned on all workers, or WAIT_LIMIT_S have passed.

        The shape's time begins then.
        """
        shape = self.runner.environment.shape_class
        for poll in range(1, round(WAIT_LIMIT_S / POLL_S) + 1):
            if self.runner._users_dispatcher is not self or not (names := self._beginning_workers()):
                return
            if poll == round(WAIT_UNREPORTED_S / POLL_S):
                log.info("Waiting for the listeners to test_start on %s", ", ".join(names))
            gevent.sleep(POLL_S)
            if shape is not None:
                shape.reset_time()
        log.warning(
            "The listeners to test_start on %s have not returned for %.0f s. The run goes on without waiting for them",
            ", ".join(names),
            WAIT_LIMIT_S,
        )

    def _beginning_workers(self) -> list[str]:
        """Return the workers that got a message of this run and have not begun to run users."""
        clients = [self.runner.clients[name] for name in self._known if name in self.runner.clients]
        return sorted(client.id for client in clients if client.state in (STATE_INIT, STATE_SPAWNING))

    def _send(self, users: UserCounts) -> None:
        for worker, counts in users.items():
            if counts != self._sent.get(worker):
                try:
                    self.runner.send_message(USERS_MESSAGE, counts, worker)
                except (RPCError, RPCSendError):
                    self._known.discard(worker)  # Locust will send to it, or notice that it is missing
        self._sent = users

    def _next_counts(self) -> UserCounts | None:
        """Wait for the next counts of this climb and return them; None when the climb is over."""
        try:
            return super().__next__()
        except StopIteration:
            return self._tick_shape()

    def _tick_shape(self) -> UserCounts | None:
        shape = self.runner.environment.shape_class
        if shape is None or self.runner.shape_greenlet is not gevent.getcurrent():
            return None
        for _ in range(LEVEL_S):
            # Wake at whole seconds of the run, so that the shape ends in time.
            gevent.sleep(1 - shape.get_run_time() % 1)
            # Locust makes another dispatcher when a worker has been missing for long.
            if self.runner._users_dispatcher is not self or (tick := shape.tick()) is None:
                return None
            if tick[0] != self.runner.target_user_count:
                # The wording is Locust's.
                log.info("Shape test updating to %d users at %.2f spawn rate", *tick[:2])
            self._last_tick = tick
            super().new_dispatch(*tick)
            self.runner.target_user_count = tick[0]
            users = super().__next__()
            if users != self._sent:
                return users
        return None

    def _correct_last_tick(self, tick: tuple[Any, ...] | None) -> None:
        """Set Locust's record of what the shape returned last, once Locust has noticed the end of the climb.

        Locust remembers what the shape returned when the climb began. If the shape returned that again next, Locust
        would see no change and ignore it.
        """
        while self.runner._users_dispatcher is self and not self.runner.spawning_completed:
            gevent.sleep(POLL_S)
        gevent.sleep(POLL_S)
        if tick and self.runner.shape_last_tick and self.runner._users_dispatcher is self:
            self.runner.shape_last_tick = tick


def _on_users(msg: Any, environment: Environment, **_: Any) -> None:
    """Start and stop a worker's users, so that it has as many as its master wants."""
    runner = environment.runner
    # A message that was sent before the worker was stopped may arrive after it.
    if isinstance(runner, WorkerRunner) and runner.worker_state in (STATE_SPAWNING, STATE_RUNNING):
        if runner.spawning_greenlet:
            runner.spawning_greenlet.kill(block=True)
        runner.spawning_greenlet = runner.greenlet.spawn(runner.start_worker, msg.data)
        runner.spawning_greenlet.link_exception(locust_exception_handler(environment))
