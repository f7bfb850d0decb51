"""The same climb again and again: is each like the first?"""

from collections.abc import Iterator

from locust_asyncdjango.shapes.parameters import Seconds, Stage
from locust_asyncdjango.shapes.planned import Planned, climb_s


class Sawtooth(Planned):
    """``teeth`` climbs at ``rate`` from ``base`` to ``peak``, each dropped within ``drop`` and followed by ``rest``."""

    abstract = bool(__package__)

    base: int = 10
    teeth: int = 5
    drop: Seconds = Seconds(1)
    rest: Seconds = Seconds(10)

    def stages(self, peak: int, rate: float) -> Iterator[Stage]:
        """Up slowly, and down at once."""
        base = min(self.base, peak)
        yield Stage(climb_s(base, rate), base)
        for _ in range(self.teeth):
            yield Stage(self.rest, base)
            yield Stage(climb_s(peak - base, rate), peak)
            yield Stage(self.drop, base)
