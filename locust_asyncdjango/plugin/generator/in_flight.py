"""Count the requests that are in flight when a run ends: they have begun, and have neither succeeded nor failed.

Locust has an event for a request that has ended, and none for one that begins. So ``InFlight`` looks at what runs when
a run stops: a greenlet inside the ``request`` method of one of Locust's HTTP clients, or of a client derived from them,
waits for a response. Nothing of Locust is changed for this, and it costs a request nothing.
"""

import gc
import time
from collections.abc import Iterator
from inspect import isfunction
from types import CodeType, FrameType

from gevent import Greenlet, getcurrent, spawn_later
from locust.clients import HttpSession
from locust.contrib.fasthttp import FastHttpSession
from locust.env import Environment

MARGIN_S = 0.05
"""Seconds before the end of Locust's --stop-timeout at which we look which requests Locust is about to end."""


class InFlight:
    """The requests in flight while a run stops. Its owner calls ``stop_begins``, and then ``stop_ended``."""

    def __init__(self, environment: Environment) -> None:
        """Prepare to count. environment: Locust's, whose ``stop_timeout`` lets users go on for a while."""
        self._environment = environment
        self._is_stopping = False
        self._began: dict[Greenlet, float] = {}
        self._later: Greenlet | None = None

    def stop_begins(self) -> None:
        """Note the requests in flight. Call it before Locust stops users."""
        self._note_requests()
        if not self._is_stopping:
            self._is_stopping = True
            self._environment.events.request.add_listener(self._on_request)
            # Users go on until the timeout is over. Without one, those whose wait is over begin another request before
            # Locust gets to them.
            timeout_s = self._environment.stop_timeout or 0
            self._later = spawn_later(max(timeout_s - MARGIN_S, 0), self._note_requests)

    def stop_ended(self) -> tuple[int, float]:
        """Return how many requests have not ended, and for how many seconds the oldest of them has waited.

        Call it when Locust has stopped all users. A second call returns no requests.
        """
        if self._later is not None:
            self._later.kill(block=False)
            self._later = None
        if self._is_stopping:
            self._is_stopping = False
            self._environment.events.request.remove_listener(self._on_request)
        began, self._began = self._began, {}
        return len(began), max([0.0, *(time.time() - when for when in began.values())])

    def _note_requests(self) -> None:
        self._began.update(requests_in_flight())

    def _on_request(self, **_: object) -> None:
        self._began.pop(getcurrent(), None)


def requests_in_flight() -> Iterator[tuple[Greenlet, float]]:
    """Yield each greenlet that waits for a response, and when its request began, in epoch seconds."""
    codes = set(_request_codes())
    # Not only Locust's users: a task may send requests in greenlets of its own.
    for each in [each for each in gc.get_objects() if issubclass(type(each), Greenlet)]:
        if frame := _innermost(each.gr_frame, codes):
            # All three clients, ours included, have a variable of this name.
            yield each, frame.f_locals.get("start_time", time.time())


def _request_codes() -> Iterator[CodeType]:
    """Yield the code of the ``request`` method of each HTTP client that there is."""
    classes: list[type] = [HttpSession, FastHttpSession]
    for each in classes:
        classes += each.__subclasses__()
        request = vars(each).get("request")
        if isfunction(request):
            yield request.__code__


def _innermost(frame: FrameType | None, codes: set[CodeType]) -> FrameType | None:
    """Return the innermost frame of a stack that runs one of these codes; None without one."""
    while frame is not None and frame.f_code not in codes:
        frame = frame.f_back
    return frame
