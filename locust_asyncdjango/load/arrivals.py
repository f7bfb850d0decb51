"""The open model in one Locust process: hand each request that is due to a user that waits for one.

Start reading at ``ArrivalQueue``. The plugin makes one queue for each Locust environment and attaches it to that
environment; the wait function ``arrival`` finds it there.

The user that became idle last gets the next request, so that no more connections are open than are needed. If all users
are busy, a request waits in the queue. The time that it waits is its delay, and the delay is part of its latency: a
real visitor would have waited as long, because the server kept the other users busy. A closed model leaves this time
out ("coordinated omission").
"""

import time
from collections import deque
from collections.abc import Callable
from functools import wraps
from random import Random
from typing import Any, cast

import gevent
from gevent.event import AsyncResult
from locust import TaskSet, User
from locust.env import Environment

from locust_asyncdjango.load.arrival_schedule import ArrivalPlan
from locust_asyncdjango.load.shape_registry import arrival_plan

QUEUE_ATTRIBUTE = "locust_asyncdjango_arrivals"
"""The attribute of a Locust environment that holds its ArrivalQueue."""


class ArrivalWaitError(ValueError):
    """Raised if a user class does not wait for the arrivals of an open shape. The message says what to do."""


class ArrivalQueue:
    """The requests that are due in this process and the users that wait for one.

    clock: returns the time in seconds. sleep: blocks a greenlet for so many seconds of that clock. is_open: whether
    users wait until ``begin`` is called, because it is not known yet whether there is an open model.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = gevent.sleep,
        *,
        is_open: bool = False,
    ) -> None:
        self._clock, self._sleep = clock, sleep
        self._is_open = is_open
        self._greenlet: gevent.Greenlet | None = None
        self._begun: tuple[ArrivalPlan, float] | None = None
        self.is_known = False
        """Whether ``begin`` was called, so that it is known whether there is an open model."""
        self._idle: list[AsyncResult[float]] = []
        self._waiting: deque[float] = deque()
        self._delay_s: dict[gevent.Greenlet, float] = {}

    def begin(self, plan: ArrivalPlan | None, elapsed: float = 0.0) -> None:
        """Start to make requests due, or change the part that this process makes of a run that goes on.

        plan: None for a closed model, in which nobody waits. elapsed: seconds since the plan began.
        """
        if self._greenlet:
            self._greenlet.kill(block=False)
        else:
            self._delay_s.clear()  # delays of users of an earlier run
        self._greenlet, self._is_open, self.is_known = None, plan is not None, True
        self._begun = (plan, elapsed) if plan else None
        if plan:
            self._greenlet = gevent.spawn(self._arrive, plan, self._clock() - elapsed, elapsed)
        while self._idle and not self._is_open:
            self._idle.pop().set(self._clock())

    def restart(self) -> None:
        """Begin once more what was begun last, as nobody could make the requests that were due so far."""
        if self._begun:
            self._waiting.clear()
            self.begin(*self._begun)

    def end(self) -> tuple[float, ...]:
        """Stop making requests due.

        Return for how many seconds each request that was due and never begun has waited. Users that are waiting now
        wait until Locust stops them.
        """
        if self._greenlet:
            self._greenlet.kill(block=False)
            self._greenlet = None
        self._begun = None
        now = self._clock()
        waits_s = tuple(max(now - due_s, 0.0) for due_s in self._waiting)
        self._waiting.clear()
        return waits_s

    def wait(self) -> None:
        """Block the current user until a request is due. Return at once in a closed model."""
        if not self._is_open:
            return
        due_s = self._waiting.popleft() if self._waiting else self._wait_for_next()
        self._delay_s[gevent.getcurrent()] = max(self._clock() - due_s, 0.0)

    def has_request(self) -> bool:
        """Return whether the current user got a request from the queue that it has not sent yet."""
        return gevent.getcurrent() in self._delay_s

    def pop_delay_ms(self) -> float:
        """Return by how many milliseconds the current user's request began after it was due.

        Only the first request after a wait has a delay; for all others this is 0.
        """
        return self._delay_s.pop(gevent.getcurrent(), 0.0) * 1000 if self._delay_s else 0.0

    def delay_s(self, greenlet: gevent.Greenlet) -> float:
        """Return by how many seconds a user's request, which has begun and not ended, began after it was due."""
        return self._delay_s.get(greenlet, 0.0)

    def _wait_for_next(self) -> float:
        result: AsyncResult[float] = AsyncResult()
        self._idle.append(result)
        try:
            due_s: float = result.get()
        except BaseException:  # Locust stops the user: its request goes to another one
            if result.ready():
                self._waiting.appendleft(result.get())
            else:
                self._idle.remove(result)
            raise
        return due_s

    def _arrive(self, plan: ArrivalPlan, begun_s: float, elapsed: float) -> None:
        for seconds in plan.due_times(Random(), elapsed):  # noqa: S311
            self._sleep(max(begun_s + seconds - self._clock(), 0))
            if self._idle:
                self._idle.pop().set(begun_s + seconds)
            else:
                self._waiting.append(begun_s + seconds)


def attach_queue(environment: Environment, queue: ArrivalQueue) -> None:
    """Make a queue the one that users of this environment wait on. The plugin calls it once, when Locust starts."""
    setattr(environment, QUEUE_ATTRIBUTE, queue)


def arrival(user: Any) -> float:
    """Wait until the next request of an open model is due. Use it as ``wait_time = arrival`` in a user class.

    With ``--shape ArrivalRate`` (or another open shape) a user with this wait time sends a request each time that one
    is due. With other shapes it does not wait at all. The user also waits before its first task, after ``on_start``.

    The queue of due requests belongs to the run. The plugin sets it as an attribute of the user's ``environment``;
    without the plugin there is no queue, and the function does not wait.

    As the functions that Locust's own ``between`` and ``constant`` return, it is called with the user: ``arrival()``
    raises TypeError.

    user: the user or task set that waits; Locust passes it. Return 0: Locust does not have to wait any longer.
    """
    queue = _queue(user)
    if queue is not None:
        queue.wait()
    return 0.0


def wait_before_first_task(user_class: type[User]) -> None:
    """Make users of this class wait for an arrival before their first task too, if ``arrival`` is their wait time."""
    on_start = user_class.on_start
    if user_class.wait_time is not arrival or getattr(on_start, "waits", False):
        return

    @wraps(on_start)
    def start_and_wait(self: User) -> None:
        on_start(self)
        queue = _queue(self)
        if queue is None or not queue.has_request():
            self.wait()

    start_and_wait.waits = True  # type: ignore[attr-defined]
    user_class.on_start = start_and_wait  # type: ignore[method-assign]


def require_arrival_wait(environment: Environment) -> None:
    """Raise ArrivalWaitError if the shape is an open model and a user class does not wait for arrivals.

    Raise ShapeError where the shape has a wrong value as ``arrivals``.
    """
    if not arrival_plan(environment.shape_class):
        return
    shape_name = type(environment.shape_class).__name__
    for user_class in environment.user_classes:
        if getattr(user_class, "wait_time", None) is not arrival:
            raise ArrivalWaitError(
                f"{user_class.__name__} does not wait until a request of {shape_name} is due;"
                " give it wait_time = locust_asyncdjango.arrival"
            )


def _queue(user: Any) -> ArrivalQueue | None:
    # A task set has no environment; it knows its user. A user class may have an attribute "user" of its own.
    owner = user.user if isinstance(user, TaskSet) else user
    environment = getattr(owner, "environment", None)
    return cast("ArrivalQueue | None", getattr(environment, QUEUE_ATTRIBUTE, None))
