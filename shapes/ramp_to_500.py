"""The published ramp: 500 users in 100 seconds, 3 minutes in all."""

from collections.abc import Iterator

from locust_asyncdjango.shapes.parameters import Seconds, Stage
from locust_asyncdjango.shapes.planned import Planned, climb


class RampTo500(Planned):
    """5 users, 5 more every second up to 500, 3 minutes in all."""

    abstract = bool(__package__)

    peak = 500
    rate = 5.0
    length: Seconds = Seconds(180)
    """In all, however long it climbs."""

    def stages(self, peak: int, rate: float) -> Iterator[Stage]:
        """Up as far as there is time, and on."""
        climbing = min(climb(peak, rate), self.length)
        yield Stage(climbing, min(peak, rate * self.length))
        yield Stage(self.length - climbing, peak)
