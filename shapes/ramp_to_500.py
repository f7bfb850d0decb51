"""The published ramp: 500 users in 100 seconds, 3 minutes in all."""

from collections.abc import Iterator

from locust_asyncdjango.shapes.parameters import Seconds, Stage
from locust_asyncdjango.shapes.planned import Planned, climb_s


class RampTo500(Planned):
    """5 users, 5 more every second up to 500, 3 minutes in all."""

    abstract = bool(__package__)

    peak = 500
    rate = 5.0
    length: Seconds = Seconds(180)
    """In all, however long it climbs."""

    @property
    def run_time(self) -> float:
        """The length in seconds, however long it climbs."""
        return float(self.locust_option("run_time") or self.length)

    def stages(self, peak: int, rate: float) -> Iterator[Stage]:
        """Up, and on."""
        climbing = climb_s(peak, rate)
        yield Stage(climbing, peak)
        yield Stage(max(self.length - climbing, 0), peak)
