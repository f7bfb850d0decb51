"""The published ramp: 500 users in 100 seconds, 3 minutes in all."""

from collections.abc import Iterator

from locust_asyncdjango.shapes.parameters import Seconds, Stage
from locust_asyncdjango.shapes.planned import Planned, climb_s


class RampTo500(Planned):
    """Start 5 users, and 5 more every second up to 500; 3 minutes in all.

    This is the load of the published measurements. All 500 users run from second 100 to 180.

    Parameters:
        peak: most users at once (500). ``-u`` overrides it.
        rate: users that start in a second (5). ``-r`` overrides it.
        length: seconds that the run takes in all, however long the climb is (180). ``-t`` overrides it.

    Example: ``locust -f examples/io_read.py --shape RampTo500``
    """

    abstract = bool(__package__)

    peak = 500
    rate = 5.0
    length: Seconds = Seconds(180)

    @property
    def run_time(self) -> float:
        """The length of the run in seconds, however long the climb is."""
        return float(self.locust_option("run_time") or self.length)

    def stages(self, peak: int, rate: float) -> Iterator[Stage]:
        """Yield the stages: up, and constant for the rest of the length."""
        up_s = climb_s(peak, rate)
        yield Stage(up_s, peak)
        yield Stage(max(self.length - up_s, 0), peak)
