"""Few users, suddenly many, few again: does the server come back?"""

from collections.abc import Iterator

from locust_asyncdjango.shapes.parameters import Seconds, Stage
from locust_asyncdjango.shapes.planned import Planned, climb_s


class Spike(Planned):
    """Run ``base`` users for ``before``, ``peak`` for ``hold``, and ``base`` again for ``after``.

    Answers whether the server comes back after a rush.

    Parameters:
        peak: most users at once (100). ``-u`` overrides it.
        rate: users that start or stop in a second (100). ``-r`` overrides it.
        base: users before and after the spike (10).
        before: seconds before the spike (30).
        hold: seconds at the peak (20).
        after: seconds after the spike (60). ``-t`` overrides the length of the whole run.

    Example: ``locust -f examples/io_read.py --shape Spike:peak=300,base=20,hold=30``
    """

    abstract = bool(__package__)

    rate = 100.0
    base: int = 10
    before: Seconds = Seconds(30)
    hold: Seconds = Seconds(20)
    after: Seconds = Seconds(60)

    def stages(self, peak: int, rate: float) -> Iterator[Stage]:
        """Yield the stages: low, high, and low again."""
        base = min(self.base, peak)
        yield Stage(climb_s(base, rate), base)
        yield Stage(self.before, base)
        yield Stage(climb_s(peak - base, rate), peak)
        yield Stage(self.hold, peak)
        yield Stage(climb_s(peak - base, rate), base)
        yield Stage(self.after, base)
