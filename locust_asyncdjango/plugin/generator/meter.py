"""Measure the load generator itself: how much of a processor it uses, and how late its event loop is.

A generator that is too busy, or that something blocks, reads responses late, and then measures itself. Locust reads the
processor's use every ten seconds only, and its first reading is 0. Start reading at ``GeneratorMeter.read``.
"""

import time
from collections.abc import Callable

from gevent import Greenlet, sleep, spawn

INTERVAL_S = 0.01
"""Seconds between two looks at how late the event loop is. They take a thousandth of a processor."""


class GeneratorMeter:
    """Measures this process while a run goes on.

    clock: returns seconds. cpu_clock: returns the seconds of processor time that this process has used. sleep: blocks
    a greenlet for so many seconds. Tests replace them.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        cpu_clock: Callable[[], float] = time.process_time,
        sleep: Callable[[float], None] = sleep,
    ) -> None:
        self._clock, self._cpu_clock, self._sleep = clock, cpu_clock, sleep
        self._greenlet: Greenlet | None = None
        self._begin_reading()

    def start(self) -> None:
        """Begin to measure: what was used before does not count."""
        self.stop()
        self._begin_reading()
        self._greenlet = spawn(self._watch_loop)

    def stop(self) -> None:
        """Stop measuring. A second call does nothing."""
        if self._greenlet is not None:
            self._greenlet.kill(block=False)
            self._greenlet = None

    def read(self) -> tuple[float | None, float | None]:
        """Return the use of a processor in per cent and the delay of the event loop, since the call before.

        The delay is the mean time in milliseconds for which an event, such as the arrival of a response, waits until
        the event loop gets to it. Both are None where no time has passed.
        """
        passed_s, used_s, waited = self._clock() - self._read_s, self._cpu_clock() - self._cpu_s, self._waited
        if passed_s <= 0:
            return None, None
        self._begin_reading()
        return 100 * used_s / passed_s, 1000 * waited / passed_s

    def _begin_reading(self) -> None:
        self._read_s, self._cpu_s, self._waited = self._clock(), self._cpu_clock(), 0.0

    def _watch_loop(self) -> None:
        while True:
            due_s = self._clock() + INTERVAL_S
            self._sleep(INTERVAL_S)
            late_s = max(self._clock() - due_s, 0.0)
            # What happens at any moment of a time in which the loop is blocked waits for half of that time on average.
            self._waited += late_s**2 / 2
