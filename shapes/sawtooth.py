"""The same climb several times: is each like the first?"""

from collections.abc import Iterator

from locust_asyncdjango.shapes.parameters import Seconds, Stage
from locust_asyncdjango.shapes.planned import Planned, climb_s


class Sawtooth(Planned):
    """Climb ``teeth`` times at ``rate`` from ``base`` to ``peak``; each time drop within ``drop``, and ``rest``.

    Answers whether each climb is like the first one, or whether traces of earlier climbs remain in the server.

    Parameters:
        peak: most users at once (100). ``-u`` overrides it.
        rate: users that start in a second (10). ``-r`` overrides it.
        base: users between two climbs (10).
        teeth: number of climbs (5).
        drop: seconds in which users go from peak to base (1).
        rest: seconds at the base before each climb (10). ``-t`` overrides the length of the whole run.

    Example: ``locust -f examples/io_read.py --shape Sawtooth:peak=200,teeth=3,rest=20``
    """

    abstract = bool(__package__)

    base: int = 10
    teeth: int = 5
    drop: Seconds = Seconds(1)
    rest: Seconds = Seconds(10)

    def stages(self, peak: int, rate: float) -> Iterator[Stage]:
        """Yield the stages: for each tooth a rest, a climb and a drop."""
        base = min(self.base, peak)
        yield Stage(climb_s(base, rate), base)
        for _ in range(self.teeth):
            yield Stage(self.rest, base)
            yield Stage(climb_s(peak - base, rate), peak)
            yield Stage(self.drop, base)
