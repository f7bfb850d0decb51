"""Users climb at a steady rate to a level and stay there: where does the server saturate?"""

from collections.abc import Iterator

from locust_asyncdjango.shapes.parameters import Seconds, Stage
from locust_asyncdjango.shapes.planned import Planned, climb_s


class Ramp(Planned):
    """Start ``rate`` users a second up to ``peak``, and keep them for ``hold``.

    Answers where the server saturates. The run takes peak / rate + hold: 70 seconds by default.

    Parameters:
        peak: most users at once (100). ``-u`` overrides it.
        rate: users that start in a second (10). ``-r`` overrides it.
        hold: seconds for which all users stay (60). ``-t`` overrides the length of the whole run.

    Example: ``locust -f examples/io_read.py --shape Ramp:peak=1000,rate=10,hold=1m``
    """

    abstract = bool(__package__)

    hold: Seconds = Seconds(60)

    def stages(self, peak: int, rate: float) -> Iterator[Stage]:
        """Yield the stages: up, and constant."""
        yield Stage(climb_s(peak, rate), peak)
        yield Stage(self.hold, peak)
