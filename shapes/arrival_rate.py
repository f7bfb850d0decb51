"""The open model: requests begin at a rate, whatever the server does. A slow server does not slow the load down."""

from collections.abc import Iterator
from math import floor

from locust_asyncdjango.shapes.parameters import Arrivals, Seconds, Stage
from locust_asyncdjango.shapes.planned import Planned

START_RATE = 100.0
"""Users that start in a second. They do nothing until a request is due."""


class ArrivalRate(Planned):
    """Begin requests at a rate: from 0 up to ``rate`` a second within ``climb``, then as many for ``hold``.

    This is an open model. ``peak`` users wait for requests that are due. If all users are busy, a request begins late,
    and its latency counts from the time at which it was due. The user classes need ``wait_time = arrival``.

    Parameters:
        peak: users that make the requests (500). ``-u`` overrides it.
        rate: requests a second (50). ``-r`` overrides it.
        climb: seconds until the rate is reached (30).
        hold: seconds for which the rate stays (60). ``-t`` overrides the length of the whole run.
        arrivals: ``poisson``, as from visitors who do not know of each other, with bursts and gaps; or ``uniform``,
            evenly spread (poisson).

    Example: ``locust -f examples/io_read.py --shape ArrivalRate:rate=100,climb=10,hold=2m``
    """

    abstract = bool(__package__)
    is_open = True

    peak = 500
    rate = 50.0
    climb: Seconds = Seconds(30)
    hold: Seconds = Seconds(60)
    arrivals: Arrivals = Arrivals.POISSON

    def stages(self, peak: int, rate: float) -> Iterator[Stage]:  # noqa: ARG002
        """Yield stages whose levels are requests a second: up, and constant."""
        yield Stage(self.climb, rate)
        yield Stage(self.hold, rate)

    def users_at(self, elapsed: float) -> int:
        """Return the users planned after ``elapsed`` seconds: all of them, as soon as they can have started.

        Locust starts the users of a second at its beginning.
        """
        return min(self.effective_peak(), int(START_RATE * (floor(elapsed) + 1)))

    def tick(self) -> tuple[int, float] | None:
        """Return the number of users and the rate at which they start; None when the time is over."""
        is_over = self.get_run_time() >= self.run_time  # type: ignore[no-untyped-call]
        return None if is_over else (self.effective_peak(), START_RATE)
