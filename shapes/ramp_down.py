"""Users climb and leave again: does the server recover while the load falls as it slowed down while the load rose?"""

from collections.abc import Iterator

from locust_asyncdjango.shapes.parameters import Seconds, Stage
from locust_asyncdjango.shapes.planned import climb_s
from locust_asyncdjango.shapes.ramp import Ramp


class RampDown(Ramp):
    """Start ``rate`` users a second up to ``peak``, keep them for ``hold``, and stop as many a second down to none.

    Answers whether the server is as fast at each level on the way down as on the way up.

    Parameters:
        peak: most users at once (100). ``-u`` overrides it.
        rate: users that start, and later stop, in a second (10). ``-r`` overrides it.
        hold: seconds for which all users stay (30). ``-t`` overrides the length of the whole run.

    Example: ``locust -f examples/io_read.py --shape RampDown:peak=300,rate=10,hold=30``
    """

    abstract = bool(__package__)

    hold = Seconds(30)

    def stages(self, peak: int, rate: float) -> Iterator[Stage]:
        """Yield the stages: up, constant, and down."""
        yield from super().stages(peak, rate)
        yield Stage(climb_s(peak, rate), 0)
