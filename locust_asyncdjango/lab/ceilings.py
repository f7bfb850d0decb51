"""What a server cannot carry, whatever it is: a result above its ceiling is a fault of the measurement.

Definitions
    service time: what a request takes by itself, less what one to /healthz takes, which does nothing; or less, if one
        took less under load.
    ceiling: of a server with slots, slots / service time; of one that takes any number of requests at once, database
        connections / service time, as each request holds one for about as long. Over ten seconds as many more may end
        as were under way when they began.
    flagged: what lies a quarter above, since a machine may become faster during a trial.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from locust_asyncdjango.lab.alone import Alone
from locust_asyncdjango.lab.spec import Trial
from locust_asyncdjango.second import Second

WINDOW_S = 10
"""That a peak is the mean of."""
TOLERANCE = 1.25
SHORTEST_MS = 2.0
"""A service time that can be told from none, if /healthz does not take as long."""
DEFAULT_POOL_SIZE = 10
WITHOUT_DATABASE = {"template", "cached", "cpu", "external"}


@dataclass(frozen=True, slots=True)
class Ceiling:
    """per_s: requests a second. why: slots or connections, and service time."""

    per_s: float
    why: str

    @property
    def flagged_above(self) -> float:
        """Requests a second."""
        return TOLERANCE * self.per_s


def ceiling(
    trial: Trial, slots: int | None, alone: Alone, fastest_ms: float | None, factors: Mapping[str, str]
) -> Ceiling | None:
    """Of a trial; None where there is none, or a request takes too little to tell.

    slots: of a process, None for unbounded. fastest_ms: what a request took under load at least, None where that is not
    known. factors: the site's environment.
    """
    service_ms = min(alone.request_ms - alone.nothing_ms, alone.request_ms if fastest_ms is None else fastest_ms)
    if service_ms < max(SHORTEST_MS, alone.nothing_ms):
        return None
    if slots is not None:
        at_once, what = slots * trial.workers, "slot"
    elif trial.route not in WITHOUT_DATABASE:
        at_once, what = _connections(trial, factors), "connection"
    else:
        return None
    per_s = at_once * (1000 / service_ms + 1 / WINDOW_S)
    return Ceiling(per_s, f"{at_once} {what}{'s' if at_once > 1 else ''}, {service_ms:.3g} ms a request by itself")


def _connections(trial: Trial, factors: Mapping[str, str]) -> int:
    if factors.get("TARGET_SITE_CONNECTIONS") != "pool":
        return trial.max_connections
    return min(trial.max_connections, int(factors.get("TARGET_SITE_POOL_SIZE") or DEFAULT_POOL_SIZE) * trial.workers)


def in_flight(seconds: Sequence[Second], slots: int | None, workers: int) -> float:
    """The most requests that a server worked on at once, over ten seconds; of one second at least.

    By Little's law what requests took together in a second, but no more than there were users, or it has slots.
    """
    windows = (seconds[begin : begin + WINDOW_S] for begin in range(max(len(seconds) - WINDOW_S, 0) + 1))
    most = max(
        min(sum(s.busy_s for s in window) / sum(s.length for s in window), max(s.users for s in window))
        for window in windows
    )
    return most if slots is None else min(most, slots * workers)
