"""Levels, each held long enough to read it."""

from collections.abc import Iterator

from locust_asyncdjango.shapes.parameters import Seconds, Stage
from locust_asyncdjango.shapes.planned import Planned, climb_s


class Steps(Planned):
    """``levels`` equal steps up to ``peak``; each is climbed at ``rate`` and then held for ``hold``."""

    abstract = bool(__package__)

    rate = 50.0
    levels: int = 5
    hold: Seconds = Seconds(30)

    def stages(self, peak: int, rate: float) -> Iterator[Stage]:
        """One step after the other."""
        for level in range(1, self.levels + 1):
            yield Stage(climb_s(peak / self.levels, rate), peak * level / self.levels)
            yield Stage(self.hold, peak * level / self.levels)
