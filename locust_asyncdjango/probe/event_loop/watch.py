"""Watch an event loop: a beat in the loop, and a thread that looks where the loop is when the beat is late.

While the loop is on time, the thread sleeps until a beat would be late, so that both cost next to nothing.
"""

import asyncio
import threading
import time
from typing import Any

from .blocks import Blocks, blocking_place
from .hops import count_hops
from .stacks import Sample, sample_thread

BEAT_S = 0.02
"""Seconds between two beats."""
LATE_S = 0.05
"""From this lateness on, the loop counts as blocked."""
LOOK_AFTER_S = 0.025
"""Lateness from which the thread looks at the loop."""
LOOK_EVERY_S = 0.005
SAMPLES_LIMIT = 200
"""How many times the thread looks at the loop while one beat is late."""


class LoopWatch:
    """The watch over one running loop. Make it in the loop's own thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._thread_id = threading.get_ident()
        self._native_id = threading.get_native_id()
        self._processor_clock = _processor_clock(self._thread_id)
        self._due_s = time.monotonic() + BEAT_S
        self._processor_s = 0.0
        self.reset()

    def reset(self) -> None:
        """Forget what was measured so far."""
        self._since_s = time.monotonic()
        self._most_s = 0.0
        self._late_s = 0.0
        self._unexplained = 0
        self._blocks = Blocks()

    def start(self) -> None:
        """Start the beat and the thread, which ends with the loop."""
        count_hops(self.loop)
        self._beat()
        threading.Thread(target=self._look, name="locust-asyncdjango-probe", daemon=True).start()

    def _beat(self) -> None:
        now_s = time.monotonic()
        lateness_s = now_s - self._due_s
        self._most_s = max(self._most_s, lateness_s)
        if lateness_s >= LATE_S:
            self._late_s += lateness_s
        self._processor_s = time.thread_time()
        self._due_s = now_s + BEAT_S
        self.loop.call_later(BEAT_S, self._beat)

    def _look(self) -> None:
        while not self.loop.is_closed():
            wait_s = self._due_s + LOOK_AFTER_S - time.monotonic()
            if wait_s > 0:
                time.sleep(wait_s)
            else:
                self._watch_late_beat()

    def _watch_late_beat(self) -> None:
        due_s, processor_s = self._due_s, self._processor_s
        samples: list[Sample] = []
        used_s = passed_s = 0.0
        while self._due_s == due_s and self.loop.is_running():
            if len(samples) < SAMPLES_LIMIT:
                samples.append(sample_thread(self._thread_id, self._native_id))
            used_s, passed_s = self._used_s(processor_s), time.monotonic() - (due_s - BEAT_S)
            time.sleep(LOOK_EVERY_S)
        lateness_s = self._due_s - BEAT_S - due_s
        if lateness_s < LATE_S:
            if not self.loop.is_running():
                time.sleep(BEAT_S)
            return
        place = blocking_place(samples, used_s, passed_s)
        if place is None:
            self._unexplained += 1
        else:
            self._blocks.add(place, lateness_s)

    def _used_s(self, begin_s: float) -> float:
        """Return the seconds in which the loop's thread was on a processor. begin_s: its clock at the last beat."""
        return 0.0 if self._processor_clock is None else time.clock_gettime(self._processor_clock) - begin_s

    def as_json(self) -> dict[str, Any]:
        """Return how late the loop was, and what blocked it.

        late_share: of the time, in which a beat was late by LATE_S or more. unexplained: late beats without a line of
        the project to blame, such as those on a busy machine.
        """
        watched_s = max(time.monotonic() - self._since_s, 1e-6)
        return {
            "lag_most_ms": round(1000 * self._most_s, 1),
            "late_share": round(min(self._late_s / watched_s, 1.0), 4),
            "unexplained": self._unexplained,
            "blocks": self._blocks.as_json(),
        }


def _processor_clock(thread_id: int) -> int | None:
    """Return the clock of a thread's time on a processor; None where the system has none."""
    try:
        return time.pthread_getcpuclockid(thread_id)
    except (AttributeError, OSError):
        return None


class LoopWatches:
    """The watches over the loops of this process, which has one as a rule. Each starts with its loop's first request.

    A server that loads the application before it forks starts no thread in the parent that way.
    """

    def __init__(self) -> None:
        self._watches: list[LoopWatch] = []
        self._watched_last: asyncio.AbstractEventLoop | None = None

    def watch_running_loop(self) -> None:
        """Start a watch over the loop that runs this code, unless there is one, or the loop is none of asyncio's."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        if loop is self._watched_last:
            return
        if not any(watch.loop is loop for watch in self._watches):
            watch = LoopWatch(loop)
            self._watches = [each for each in self._watches if not each.loop.is_closed()] + [watch]
            watch.start()
        self._watched_last = loop

    def reset(self) -> None:
        """Forget what was measured so far."""
        for watch in self._watches:
            watch.reset()

    def as_json(self) -> dict[str, Any] | None:
        """Return the figures of the loop that was latest; None without a loop."""
        figures = [watch.as_json() for watch in self._watches]
        return max(figures, key=lambda each: each["lag_most_ms"], default=None)
