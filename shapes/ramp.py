"""Users climb at a steady rate to a cap and stay there: where does it saturate?"""

from collections.abc import Iterator

from locust_asyncdjango.shapes.parameters import Seconds, Stage
from locust_asyncdjango.shapes.planned import Planned, climb_s


class Ramp(Planned):
    """``rate`` users more every second up to ``peak``, which stay for ``hold``."""

    abstract = bool(__package__)

    hold: Seconds = Seconds(60)

    def stages(self, peak: int, rate: float) -> Iterator[Stage]:
        """Up, and on."""
        yield Stage(climb_s(peak, rate), peak)
        yield Stage(self.hold, peak)
