"""The base of shapes whose load is known beforehand: stages, and ticks that follow from the time alone."""

from abc import abstractmethod
from collections import deque
from collections.abc import Iterable
from itertools import pairwise
from math import floor

from locust_asyncdjango.shapes.parameters import Parametrised, Stage


class Planned(Parametrised):
    """Base of shapes that run through stages. Derive from it, and define ``stages``; the rest follows.

    Each class attribute with an annotation is a parameter that ``--shape module:Class:name=value`` can set::

        class TwoHumps(Planned):
            pause: Seconds = Seconds(30)

            def stages(self, peak, rate):
                for _ in range(2):
                    yield Stage(peak / rate, peak)
                    yield Stage(peak / rate, 0)
                    yield Stage(self.pause, 0)
    """

    abstract = True

    def __init__(self, **parameters: str) -> None:
        """Set parameters from texts, such as ``peak="1000"``. Raise ParameterError for a wrong one."""
        self._ticks: deque[tuple[float, int]] = deque(maxlen=2)
        """The last ticks: seconds since the start, and the users at the end of the second that began then."""
        super().__init__(**parameters)

    @abstractmethod
    def stages(self, peak: int, rate: float) -> Iterable[Stage]:
        """Return the plan. Define it in your shape.

        peak: the most users. rate: users a second. Both may come from the command line, so do not use ``self.peak``.
        """

    @property
    def run_time(self) -> float:
        """The length of the run in seconds: that of ``-t``, or else of all stages together."""
        return float(self.locust_option("run_time") or sum(stage.seconds for stage in self.effective_stages()))

    def effective_stages(self) -> list[Stage]:
        """Return the stages with the users and the rate of the command line, if it has any."""
        return list(self.stages(self.effective_peak(), self.effective_rate()))

    def level_at(self, elapsed: float) -> float:
        """Return the level planned ``elapsed`` seconds after the start. After the end, the last level stays."""
        begin, before = 0.0, 0.0
        for seconds, level in self.effective_stages():
            if elapsed < begin + seconds:
                return before + (level - before) * (elapsed - begin) / seconds
            begin, before = begin + seconds, level
        return before

    def users_at(self, elapsed: float) -> int:
        """Return the users planned ``elapsed`` seconds after the start: one at least, if the level is above 0."""
        # A sum of lengths has rounding errors: 98.99999999999999 users count as 99.
        level = self.level_at(elapsed)
        return max(floor(level + 1e-9), 1 if level > 0 else 0)

    def tick(self) -> tuple[int, float] | None:
        """Return the users at the end of this second and the rate to get there, or None when the time is over.

        Both follow from the time alone. While a master starts users, it does not call this method. Its next call has to
        make up for the missed ticks, so the rate is above the shape's own if there are too few or too many users.
        """
        elapsed = self.get_run_time()  # type: ignore[no-untyped-call]
        if elapsed >= self.run_time:
            return None
        planned = self.users_at(elapsed + 1)
        self._ticks.append((elapsed, planned))
        difference = abs(planned - self.get_current_user_count())  # type: ignore[no-untyped-call]
        return planned, max(self._steepest_slope(), float(difference))

    def reset_time(self) -> None:
        """Begin the plan. Locust calls it when a run begins."""
        super().reset_time()  # type: ignore[no-untyped-call]
        self._ticks.clear()

    def planned_users(self, ago_s: float = 0.0) -> int | None:
        """Return the users that the last tick before ``ago_s`` seconds ago asked for; those of the plan without one.

        Locust starts and stops the users of a second at its tick. The plan has them at the end of that second only.
        """
        when = self.get_run_time() - ago_s  # type: ignore[no-untyped-call]
        at_tick = next((users for elapsed, users in reversed(self._ticks) if elapsed <= when), None)
        return super().planned_users(ago_s) if at_tick is None else at_tick

    def preview(self, columns: int) -> list[float]:
        """Return the level in the middle of each column, as a share of the highest."""
        length = sum(stage.seconds for stage in self.effective_stages())
        levels = [self.level_at((column + 0.5) / columns * length) for column in range(columns)]
        highest = max(*levels, 1e-9)
        return [level / highest for level in levels]

    def _steepest_slope(self) -> float:
        stages = [Stage(0, 0), *self.effective_stages()]
        slopes = (abs(to.level - from_.level) / to.seconds for from_, to in pairwise(stages) if to.seconds)
        return max([1.0, *(round(slope, 6) for slope in slopes)])


def climb_s(users: float, rate: float) -> float:
    """Return the seconds in which so many users start, or stop, at a rate of users a second."""
    return abs(users) / rate
