"""An open model: requests begin at a rate, whatever the server does. A slow server does not slow them down."""

from collections.abc import Iterator

from locust_asyncdjango.shapes.parameters import Seconds, Stage
from locust_asyncdjango.shapes.planned import Planned

START_RATE = 100.0
"""Users that are started in a second; they wait for arrivals."""


class ArrivalRate(Planned):
    """Up to ``rate`` requests begin in a second, which are reached within ``climb`` and stay for ``hold``.
    ``peak``: users there are to make them; where all are busy, requests begin late, and count from when they were due.
    """

    abstract = bool(__package__)
    is_open = True

    peak = 500
    rate = 50.0
    climb: Seconds = Seconds(30)
    hold: Seconds = Seconds(60)

    def stages(self, peak: int, rate: float) -> Iterator[Stage]:  # noqa: ARG002
        """Requests a second: up, and on."""
        yield Stage(self.climb, rate)
        yield Stage(self.hold, rate)

    def users_at(self, elapsed: float) -> int:
        """All of them, as soon as they can be there."""
        return min(self.effective_peak(), int(START_RATE * elapsed))

    def tick(self) -> tuple[int, float] | None:
        """All users there are to be, or None when the time is over."""
        is_over = self.get_run_time() >= self.run_time  # type: ignore[no-untyped-call]
        return None if is_over else (self.effective_peak(), START_RATE)
