"""Users climb and leave again: does it recover as it went down?"""

from collections.abc import Iterator

from locust_asyncdjango.shapes.parameters import Seconds, Stage
from locust_asyncdjango.shapes.planned import climb_s
from locust_asyncdjango.shapes.ramp import Ramp


class RampDown(Ramp):
    """``rate`` users more every second up to ``peak``, ``hold``, and as many fewer every second down to none."""

    abstract = bool(__package__)

    hold = Seconds(30)

    def stages(self, peak: int, rate: float) -> Iterator[Stage]:
        """Up, on, and down."""
        yield from super().stages(peak, rate)
        yield Stage(climb_s(peak, rate), 0)
