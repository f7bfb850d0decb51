"""Shapes whose load at every time is known beforehand: stages, and ticks that follow from the time alone."""

from abc import abstractmethod
from collections.abc import Iterable
from itertools import pairwise
from math import floor

from locust_asyncdjango.shapes.parameters import Parametrised, Stage


class Planned(Parametrised):
    """A shape that runs through stages."""

    abstract = True

    @abstractmethod
    def stages(self, peak: int, rate: float) -> Iterable[Stage]:
        """The plan, for a number of users and a rate that may be the command line's."""

    @property
    def run_time(self) -> float:
        """How long it runs, in seconds."""
        return float(self.locust_option("run_time") or sum(stage.seconds for stage in self.effective_stages()))

    def effective_stages(self) -> list[Stage]:
        """The stages with the command line's users and rate."""
        return list(self.stages(self.effective_peak(), self.effective_rate()))

    def level_at(self, elapsed: float) -> float:
        """What is planned so many seconds after the start. The last level stays."""
        begin, before = 0.0, 0.0
        for seconds, level in self.effective_stages():
            if elapsed < begin + seconds:
                return before + (level - before) * (elapsed - begin) / seconds
            begin, before = begin + seconds, level
        return before

    def users_at(self, elapsed: float) -> int:
        """Users that are planned so many seconds after the start: as soon as there are to be any, one at least."""
        # Sums of lengths are not quite what they would be: 98.99999999999999 users are 99.
        level = self.level_at(elapsed)
        return max(floor(level + 1e-9), 1 if level > 0 else 0)

    def tick(self) -> tuple[int, float] | None:
        """Users wanted at the end of this second and the rate to get there, or None when the time is over.

        They follow from the time alone. A master does not call while it is busy spawning; what it missed then is made
        up at its next call, hence a rate above the shape's own when users are lacking, or are too many.
        """
        elapsed = self.get_run_time()  # type: ignore[no-untyped-call]
        if elapsed >= self.run_time:
            return None
        wanted = self.users_at(elapsed + 1)
        lacking = abs(wanted - self.get_current_user_count())  # type: ignore[no-untyped-call]
        return wanted, max(self._steepest_slope(), float(lacking))

    def preview(self, columns: int) -> list[float]:
        """The level in the middle of each column."""
        length = sum(stage.seconds for stage in self.effective_stages())
        levels = [self.level_at((column + 0.5) / columns * length) for column in range(columns)]
        highest = max(*levels, 1e-9)
        return [level / highest for level in levels]

    def _steepest_slope(self) -> float:
        stages = [Stage(0, 0), *self.effective_stages()]
        slopes = (abs(to.level - from_.level) / to.seconds for from_, to in pairwise(stages) if to.seconds)
        return max([1.0, *(round(slope, 6) for slope in slopes)])


def climb_s(users: float, rate: float) -> float:
    """Seconds in which so many users start or stop."""
    return abs(users) / rate
