"""How far the clock of a worker is from its master's. Pure: no clock of its own, and no I/O."""

from math import inf

TOLERANCE_S = 1.0
"""Seconds by which the clock of a worker may differ before its rows are moved."""

HYSTERESIS_S = 0.6
"""Seconds, more than half of one, by which an estimate must be off before rows are moved by another whole number.

Otherwise a message that was a little faster could move them, and a second would count twice.
"""

CERTAIN_AFTER = 3
"""Messages after which a clock counts as behind: one message that takes long looks the same."""


class WorkerClock:
    """Estimates how many seconds a worker's clock is behind its master's, from the messages that the worker sends.

    By the master's clock a message arrives later than it was sent by the worker's clock: by the difference of both
    clocks, and by the time that it took. That time is never below 0, and sometimes near 0, so the lowest value is near
    the difference.
    """

    def __init__(self) -> None:
        self.behind_s = inf
        """The estimate in seconds: below 0 where the worker's clock is ahead. It is never below the difference."""
        self._shift_s = 0
        self._messages = 0

    def observe(self, sent: float, received: float) -> None:
        """Take a message. sent: when, by the worker's clock. received: when, by the master's. Both in epoch seconds."""
        self._messages += 1
        self.behind_s = min(self.behind_s, received - sent)
        if abs(self.behind_s) <= TOLERANCE_S:
            self._shift_s = 0
        elif abs(self.behind_s - self._shift_s) > HYSTERESIS_S:
            self._shift_s = round(self.behind_s)

    @property
    def is_certain(self) -> bool:
        """Whether it is certain if the clocks differ. What a worker has sent is better not used before."""
        return self.behind_s <= TOLERANCE_S or self._messages >= CERTAIN_AFTER

    @property
    def shift_s(self) -> int:
        """Return the whole seconds to add to a worker's times to get the master's; 0 where that is not certain."""
        return self._shift_s if self.is_certain else 0

    @property
    def difference_s(self) -> float | None:
        """Return by how many seconds the clocks differ; None where it is not certain that they do."""
        return abs(self.behind_s) if self.is_certain and abs(self.behind_s) > TOLERANCE_S else None
