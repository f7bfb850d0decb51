"""Several levels, each held long enough to measure it."""

from collections.abc import Iterator

from locust_asyncdjango.shapes.parameters import Seconds, Stage
from locust_asyncdjango.shapes.planned import Planned, climb_s


class Steps(Planned):
    """Climb to ``peak`` in equal steps, ``levels`` of them, each at ``rate``; stay on each for ``hold``.

    Answers how throughput and latency are at each level.

    Parameters:
        peak: users on the highest step (100). ``-u`` overrides it.
        rate: users that start in a second between two steps (50). ``-r`` overrides it.
        levels: number of steps (5).
        hold: seconds on each step (30). ``-t`` overrides the length of the whole run.

    Example: ``locust -f examples/io_read.py --shape Steps:peak=200,levels=4,hold=1m``
    """

    abstract = bool(__package__)

    rate = 50.0
    levels: int = 5
    hold: Seconds = Seconds(30)

    def stages(self, peak: int, rate: float) -> Iterator[Stage]:
        """Yield a short climb and a constant stage for each step."""
        for level in range(1, self.levels + 1):
            yield Stage(climb_s(peak / self.levels, rate), peak * level / self.levels)
            yield Stage(self.hold, peak * level / self.levels)
