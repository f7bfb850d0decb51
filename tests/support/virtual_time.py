"""A clock that only tests move, for greenlets that sleep by it: hours pass at once, and always the same way."""

import heapq
import itertools

import gevent
from gevent.event import Event


class VirtualTime:
    """Seconds that pass only in ``advance``."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self._order = itertools.count()
        self._sleepers: list[tuple[float, int, Event]] = []

    def clock(self) -> float:
        """Return the seconds that have passed."""
        return self.now_s

    def sleep(self, seconds: float) -> None:
        """Block the current greenlet until so many seconds have passed."""
        event = Event()
        heapq.heappush(self._sleepers, (self.now_s + seconds, next(self._order), event))
        event.wait()

    def advance(self, seconds: float) -> None:
        """Let seconds pass. Each greenlet that wakes up in them runs at its moment until it blocks again."""
        end_s = self.now_s + seconds
        gevent.idle()
        while self._sleepers and self._sleepers[0][0] <= end_s:
            self.now_s, _, event = heapq.heappop(self._sleepers)
            event.set()
            gevent.idle()
        self.now_s = end_s
