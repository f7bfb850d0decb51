"""The time that an experiment may take, and whether another round fits into it. Start reading at ``TimeBudget``."""

import time
from collections.abc import Callable
from statistics import fmean

from locust_asyncdjango.lab.analysis.planning.budget import END_S


class TimeBudget:
    """Measures what trials take, and says whether more of them fit."""

    def __init__(
        self, budget_s: float | None, clock: Callable[[], float] = time.monotonic, spent_s: float = 0.0
    ) -> None:
        """Begin to count. budget_s: how long the experiment may take; None for as long as it likes. spent_s: so far."""
        self._budget_s, self._clock = budget_s, clock
        self._begin_s, self._earlier_s = clock(), spent_s
        self._trials_s: list[float] = []

    def add_earlier(self, took_s: float) -> None:
        """Count a trial of an earlier run of the experiment. took_s: 0 if it is not known."""
        if took_s:
            self._earlier_s += took_s
            self._trials_s.append(took_s)

    def add(self, took_s: float) -> None:
        """Learn how long a trial of this run took."""
        self._trials_s.append(took_s)

    @property
    def used_s(self) -> float:
        """Return the seconds that the experiment took so far."""
        return self._clock() - self._begin_s + self._earlier_s

    def fits(self, trials: int) -> bool:
        """Return whether so many trials will end in time, if they take as long as those before on average."""
        if self._budget_s is None or not self._trials_s:
            return True
        return self.used_s + trials * fmean(self._trials_s) + END_S <= self._budget_s
