"""What a server cannot carry, whatever it is: a result above its ceiling is a fault of the measurement.

Definitions
    service time: what a request takes by itself, less what one to /healthz takes, which does nothing; or less, if one
        took less under load. Of what the site and its services compute in it half is left out: a shared machine may
        become twice as fast during a trial, and only waiting stays as it is.
    ceiling: of a server with slots, slots / service time; of one that takes any number of requests at once, database
        connections / service time, as each request holds one for about as long. Over ten seconds as many more may end
        as were under way when they began.
    flagged: what lies a quarter above.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from locust_asyncdjango.analysis.saturation import PEAK_WINDOW_S
from locust_asyncdjango.lab.environment.servers import Server
from locust_asyncdjango.lab.experiment.result import Result
from locust_asyncdjango.lab.experiment.spec import DEFAULT_POOL_SIZE
from locust_asyncdjango.metrics.interval import Interval

TOLERANCE = 1.25
SHORTEST_MS = 2.0
"""A service time that can be told from none, if /healthz does not take as long."""
WITHOUT_DATABASE = {"template", "cached", "cpu", "external"}


@dataclass(frozen=True, slots=True)
class Ceiling:
    """per_s: requests a second. why: slots or connections, and service time."""

    per_s: float
    why: str


def ceiling(result: Result, server: Server, fastest_ms: float | None, factors: Mapping[str, str]) -> Ceiling | None:
    """Of a trial; None where there is none, or a request takes too little to tell, or it is not known.

    fastest_ms: what a request took under load at least, None where that is not known. factors: the site's environment.
    """
    alone, trial = result.baseline, result.trial
    if alone is None:
        return None
    service_ms = alone.request_ms - alone.healthz_ms - alone.cpu_ms / 2
    service_ms = min(service_ms, alone.request_ms if fastest_ms is None else fastest_ms)
    if service_ms < max(SHORTEST_MS, alone.healthz_ms):
        return None
    if server.slots is not None:
        at_once, what = server.slots * trial.workers, "slot"
    elif limit := _connections(result, server, factors):
        at_once, what = limit, "connection"
    else:
        return None
    per_s = at_once * (1000 / service_ms + 1 / PEAK_WINDOW_S)
    return Ceiling(per_s, f"{at_once} {what}{'s' if at_once > 1 else ''}, {service_ms:.3g} ms a request by itself")


def flag(result: Result, ceiling: Ceiling | None) -> str:
    """Why what a trial carried cannot be true; "" where it can."""
    if ceiling is None or result.figures is None or result.figures.peak_per_s <= TOLERANCE * ceiling.per_s:
        return ""
    return f"{result.figures.peak_per_s:.1f} req/s lie above its ceiling of {ceiling.per_s:.1f} ({ceiling.why})"


def _connections(result: Result, server: Server, factors: Mapping[str, str]) -> int | None:
    """The most that all processes of a site have together; None where it is not known, or none is needed."""
    trial, database = result.trial, result.site.get("database")
    known = database.get("max_connections") if isinstance(database, dict) else None
    limit = known if isinstance(known, int) else None if server.url else trial.max_connections
    if limit is None or trial.route in WITHOUT_DATABASE:
        return None
    if not (trial.variant.endswith("_pool") or factors.get("TARGET_SITE_CONNECTIONS") == "pool"):
        return limit
    size = factors.get("TARGET_SITE_POOL_SIZE") or str(DEFAULT_POOL_SIZE)
    return min(limit, int(size) * trial.workers) if size.isdecimal() and not server.url else None


def in_flight(seconds: Sequence[Interval], slots: int | None, workers: int) -> float:
    """The most requests that a server worked on at once, over ten seconds; of one second at least.

    By Little's law what requests took together in a second, but no more than there were users, or it has slots.
    """
    windows = (seconds[begin : begin + PEAK_WINDOW_S] for begin in range(max(len(seconds) - PEAK_WINDOW_S, 0) + 1))
    most = max(
        min(sum(s.busy_s for s in window) / sum(s.length for s in window), max(s.users for s in window))
        for window in windows
    )
    return most if slots is None else min(most, slots * workers)
