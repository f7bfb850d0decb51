"""Count the requests that are in flight when a run ends: they have begun, and have neither succeeded nor failed.

Locust has an event for a request that has ended, and none for one that begins. So ``InFlight`` looks at stacks: a
greenlet inside the ``request`` method of one of Locust's HTTP clients, or of a client derived from them, waits for a
response. Locust ends its users by throwing an exception into their greenlets, and greenlet's tracing says so at that
moment, in the greenlet itself. What is not a user of Locust's is looked at when all users have ended. Nothing of Locust
is changed for this, and until a run stops it costs nothing.
"""

import gc
import sys
import time
from collections.abc import Callable, Iterator
from inspect import isfunction
from types import CodeType, FrameType
from typing import Any

from gevent import Greenlet, getcurrent
from greenlet import gettrace, settrace
from locust.clients import HttpSession
from locust.contrib.fasthttp import FastHttpSession
from locust.env import Environment

Trace = Callable[[str, tuple[Any, Any]], object]


class InFlight:
    """The requests in flight while a run stops. Its owner calls ``stop_begins``, and then ``stop_ended``."""

    def __init__(self, environment: Environment) -> None:
        """Prepare to count. environment: Locust's, whose request event says which requests have ended after all."""
        self._environment = environment
        self._codes: frozenset[CodeType] = frozenset()
        self._began: dict[Greenlet, float] = {}
        """The requests into which an exception was thrown, and when they began, in epoch seconds."""
        self._trace_before: Trace | None = None
        self._is_stopping = False

    def stop_begins(self) -> None:
        """Begin to watch how users end. Call it before Locust stops them."""
        if self._is_stopping:
            return
        self._is_stopping, self._codes = True, frozenset(_request_codes())
        self._environment.events.request.add_listener(self._on_request)
        self._trace_before = gettrace()
        settrace(self._on_switch)

    def stop_ended(self) -> dict[Greenlet, float]:
        """Return the requests that have not ended: by greenlet, for how many seconds its request has waited.

        Call it when Locust has stopped all users. Without a call of ``stop_begins`` before it there are no requests.
        """
        if not self._is_stopping:
            return {}
        settrace(self._trace_before)
        self._environment.events.request.remove_listener(self._on_request)
        self._is_stopping = False
        began, self._began = self._began, {}
        began.update(_waiting_greenlets(self._codes))
        now = time.time()
        return {greenlet: max(now - when, 0.0) for greenlet, when in began.items()}

    def _on_switch(self, event: str, greenlets: tuple[Any, Any]) -> None:
        if event == "throw" and (frame := _innermost(sys._getframe(1), self._codes)):
            self._began[greenlets[1]] = _began(frame)
        if self._trace_before is not None:
            self._trace_before(event, greenlets)

    def _on_request(self, start_time: float = 0.0, **_: object) -> None:
        # A time limit is thrown as well, and its request ends. A user may send another request in its on_stop.
        if self._began.get(greenlet := getcurrent()) == start_time:
            del self._began[greenlet]


def _waiting_greenlets(codes: frozenset[CodeType]) -> Iterator[tuple[Greenlet, float]]:
    """Yield each greenlet that waits for a response, and when its request began, in epoch seconds."""
    for each in [each for each in gc.get_objects() if issubclass(type(each), Greenlet)]:
        if frame := _innermost(each.gr_frame, codes):
            yield each, _began(frame)


def _began(frame: FrameType) -> float:
    # All three clients, ours included, have a variable of this name. It is also in what they report.
    when: float = frame.f_locals.get("start_time", time.time())
    return when


def _request_codes() -> Iterator[CodeType]:
    """Yield the code of the ``request`` method of each HTTP client that there is."""
    classes: list[type] = [HttpSession, FastHttpSession]
    for each in classes:
        classes += each.__subclasses__()
        request = vars(each).get("request")
        if isfunction(request):
            yield request.__code__


def _innermost(frame: FrameType | None, codes: frozenset[CodeType]) -> FrameType | None:
    """Return the innermost frame of a stack that runs one of these codes; None without one."""
    while frame is not None and frame.f_code not in codes:
        frame = frame.f_back
    return frame
