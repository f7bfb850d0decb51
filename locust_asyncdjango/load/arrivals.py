"""An open model in one Locust process: hands each request that is due to a user who waits for one.

The user that became idle last comes first, so that no more connections are open than are needed. Where all are busy,
what is due waits. By as much it is late, and that is part of its latency: so long a user of the server would have
waited, as it kept the others busy (a closed model omits that: "coordinated omission").
"""

import time
from collections import deque
from functools import wraps
from random import Random
from typing import Any

import gevent
from gevent.event import AsyncResult
from locust import User

from locust_asyncdjango.load.arrival_schedule import Stages, due_times


class ArrivalQueue:
    """Of one process and, at a time, of one run."""

    def __init__(self) -> None:
        self._is_open = False
        self._greenlet: gevent.Greenlet | None = None
        self._idle: list[AsyncResult[float]] = []
        self._waiting: deque[float] = deque()
        self._late_s: dict[gevent.Greenlet, float] = {}

    def begin(self, stages: Stages | None, elapsed: float = 0.0, share: float = 1.0) -> None:
        """From now on requests are due, so many seconds after the beginning of the stages, or an other share of them.

        stages: None for a closed model.
        """
        if self._greenlet:
            self._greenlet.kill(block=False)
        else:
            self._late_s.clear()  # of users of a former run
        self._greenlet, self._is_open = None, stages is not None
        if stages:
            self._greenlet = gevent.spawn(self._arrive, stages, time.monotonic() - elapsed, elapsed, share)

    def end(self) -> int:
        """Nothing more is due, and who waits does so until it is stopped. Returns how many were due and never begun."""
        if self._greenlet:
            self._greenlet.kill(block=False)
            self._greenlet = None
        left = len(self._waiting)
        self._waiting.clear()
        return left

    def wait(self) -> None:
        """Blocks a user until a request is due; not at all where the model is not open."""
        if not self._is_open:
            return
        due_s = self._waiting.popleft() if self._waiting else self._next()
        self._late_s[gevent.getcurrent()] = max(time.monotonic() - due_s, 0.0)

    def has_given(self) -> bool:
        """Whether the user that asks has been given a request that it has not made yet."""
        return gevent.getcurrent() in self._late_s

    def late_ms(self) -> float:
        """By how much the request of the user that asks, its first since it has waited, began after it was due."""
        return self._late_s.pop(gevent.getcurrent(), 0.0) * 1000 if self._late_s else 0.0

    def _next(self) -> float:
        result: AsyncResult[float] = AsyncResult()
        self._idle.append(result)
        try:
            due_s: float = result.get()
        except BaseException:  # the user is stopped
            if result.ready():
                self._waiting.appendleft(result.get())
            else:
                self._idle.remove(result)
            raise
        return due_s

    def _arrive(self, stages: Stages, begun_s: float, elapsed: float, share: float) -> None:
        for seconds in due_times(stages, share, Random(), elapsed):  # noqa: S311
            gevent.sleep(max(begun_s + seconds - time.monotonic(), 0))
            if self._idle:
                self._idle.pop().set(begun_s + seconds)
            else:
                self._waiting.append(begun_s + seconds)


ARRIVALS = ArrivalQueue()
"""Of this process."""


class Arrival:
    """A ``wait_time``: until the next request is due with an open shape, and none with others.

    The user waits before its first task as well, after its ``on_start``.
    """

    def __call__(self, *_: Any) -> float:
        """Seconds that Locust is to wait: none, as it was waited here."""
        ARRIVALS.wait()
        return 0.0


arrival = Arrival()
"""``wait_time = arrival`` in a user class lets it make the requests of ``--shape ArrivalRate``."""


def wait_before_first_task(user: type[User]) -> None:
    """Has users of this class, if they wait for arrivals, wait before their first task too."""
    on_start = user.on_start
    if user.wait_time is not arrival or getattr(on_start, "waits", False):
        return

    @wraps(on_start)
    def starting(self: User) -> None:
        on_start(self)
        if not ARRIVALS.has_given():
            self.wait()

    starting.waits = True  # type: ignore[attr-defined]
    user.on_start = starting  # type: ignore[method-assign]
