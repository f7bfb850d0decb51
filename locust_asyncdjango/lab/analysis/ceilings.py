"""Ceilings: the most that a server can carry. A result above its ceiling is a measurement error.

Definitions
    service time: the unloaded latency of the route, minus that of /healthz, which does no work; or the shortest latency
        under load, if that is less. Only half of the processor time of a request counts, because a shared machine may
        become twice as fast during a trial. Time spent waiting counts in full.
    ceiling: for a server with slots, slots / service time. For a server without a limit, database connections / service
        time, because each request holds a connection for about as long. Over the ten seconds of a peak, the requests
        that were already in flight at their beginning may end too; they are added.
    violation: a peak that is more than a quarter above the ceiling.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from locust_asyncdjango.analysis.saturation import PEAK_WINDOW_S
from locust_asyncdjango.lab.environment.servers import Server
from locust_asyncdjango.lab.experiment.result import Result
from locust_asyncdjango.lab.experiment.spec import DEFAULT_POOL_SIZE
from locust_asyncdjango.metrics.interval import Interval
from locust_asyncdjango.metrics.plural import counted
from locust_asyncdjango.routes import ROUTES

TOLERANCE = 1.25
"""How many times its ceiling a peak may reach before it is taken for a measurement error."""
MIN_SERVICE_MS = 2.0
"""The shortest service time that can be measured, unless /healthz takes even longer."""
ROUTES_OF_THE_DATABASE = ROUTES.keys() - {"template", "cached", "cpu", "external"}
"""Routes of which each request holds a connection to the database; of a project's views it is not known."""


@dataclass(frozen=True, slots=True)
class Ceiling:
    """The most that a server can carry.

    per_s: requests per second. why: the slots or connections and the service time from which the ceiling follows.
    """

    per_s: float
    why: str


def compute_ceiling(
    result: Result, server: Server, fastest_ms: float | None, factors: Mapping[str, str]
) -> Ceiling | None:
    """Return the ceiling of a trial, or None if nothing limits it, or if its service time is too short or unknown.

    fastest_ms: the shortest latency under load, None if unknown. factors: the environment variables that configure the
    site.
    """
    baseline = result.baseline
    if baseline is None:
        return None
    service_ms = baseline.request_ms - baseline.healthz_ms - baseline.cpu_ms / 2
    service_ms = min(service_ms, baseline.request_ms if fastest_ms is None else fastest_ms)
    if service_ms < max(MIN_SERVICE_MS, baseline.healthz_ms):
        return None
    if server.slots is not None:
        capacity, unit = server.slots * result.trial.workers, "slot"
    elif limit := _connection_limit(result, server, factors):
        capacity, unit = limit, "connection"
    else:
        return None
    per_s = capacity * (1000 / service_ms + 1 / PEAK_WINDOW_S)
    return Ceiling(per_s, f"{counted(capacity, unit)}, {service_ms:.3g} ms per request")


def ceiling_violation(result: Result, ceiling: Ceiling | None) -> str:
    """Return why the peak of a trial cannot be right, or "" if it can."""
    if ceiling is None or result.figures is None or result.figures.peak_per_s <= TOLERANCE * ceiling.per_s:
        return ""
    return f"{result.figures.peak_per_s:.1f} req/s is above its ceiling of {ceiling.per_s:.1f} req/s ({ceiling.why})"


def _connection_limit(result: Result, server: Server, factors: Mapping[str, str]) -> int | None:
    """Return how many connections all processes of a site can have together; None if unknown or if none are needed."""
    trial, database = result.trial, result.site.get("database")
    reported = database.get("max_connections") if isinstance(database, dict) else None
    limit = reported if isinstance(reported, int) else None if server.url else trial.max_connections
    if limit is None or trial.route not in ROUTES_OF_THE_DATABASE:
        return None
    if not (trial.variant.endswith("_pool") or factors.get("TARGET_SITE_CONNECTIONS") == "pool"):
        return limit
    size = factors.get("TARGET_SITE_POOL_SIZE") or str(DEFAULT_POOL_SIZE)
    return min(limit, int(size) * trial.workers) if size.isdecimal() and not server.url else None


def peak_in_flight(intervals: Sequence[Interval], slots: int | None, workers: int) -> float:
    """Return the most requests that a server worked on at once, as a mean over ten seconds.

    intervals: the seconds of a run, at least one. slots: of each worker, None without a limit.

    By Little's law this is the time that all requests of a second took together, divided by its length. It cannot be
    more than the users, nor more than the slots.
    """
    last_start = max(len(intervals) - PEAK_WINDOW_S, 0)
    windows = (intervals[start : start + PEAK_WINDOW_S] for start in range(last_start + 1))
    highest = max(
        min(
            sum(interval.busy_s for interval in window) / sum(interval.length for interval in window),
            max(interval.users for interval in window),
        )
        for window in windows
    )
    return highest if slots is None else min(highest, slots * workers)
