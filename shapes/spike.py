"""Few users, suddenly many, few again: does it come back?"""

from collections.abc import Iterator

from locust_asyncdjango.shapes.parameters import Seconds, Stage
from locust_asyncdjango.shapes.planned import Planned, climb_s


class Spike(Planned):
    """``base`` users for ``before``, ``peak`` for ``hold``, ``base`` again for ``after``; between these at ``rate``."""

    abstract = bool(__package__)

    rate = 100.0
    base: int = 10
    before: Seconds = Seconds(30)
    hold: Seconds = Seconds(20)
    after: Seconds = Seconds(60)

    def stages(self, peak: int, rate: float) -> Iterator[Stage]:
        """Low, high, and low."""
        base = min(self.base, peak)
        yield Stage(climb_s(base, rate), base)
        yield Stage(self.before, base)
        yield Stage(climb_s(peak - base, rate), peak)
        yield Stage(self.hold, peak)
        yield Stage(climb_s(peak - base, rate), base)
        yield Stage(self.after, base)
