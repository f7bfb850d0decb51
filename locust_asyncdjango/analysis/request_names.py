"""The requests of a run by their name: figures for tables, and which names a text means.

A name is a method and the name that Locust has for the request, such as "GET /posts/". Start reading at
``request_figures``.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from locust_asyncdjango.failures.normalize import safe_line
from locust_asyncdjango.metrics.interval import PERCENTILES
from locust_asyncdjango.metrics.request_names.sums import LONGEST_NAME, RequestsByName, RequestSums
from locust_asyncdjango.metrics.statistics import percentiles


@dataclass(frozen=True, slots=True)
class RequestFigures:
    """The figures of all requests with one name in a run.

    requests: all that ended. failures: those that failed. p50_ms, p95_ms, p99_ms: percentiles (nearest rank) of the
    latency of the successful ones; None without one.
    """

    name: str
    requests: int
    failures: int
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None

    @property
    def failed_share(self) -> float:
        """Return the share of the requests that failed, from 0 to 1."""
        return self.failures / self.requests if self.requests else 0.0


def clean_name(text: str) -> str:
    """Return a name as it is counted and shown: without secrets and control characters, and not too long."""
    name = safe_line(text)
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 3]}..."


def request_figures(names: RequestsByName) -> tuple[RequestFigures, ...]:
    """Return the figures of each name, worst first: those that fail most, in whole per cent, and then the slowest."""
    figures = (_figures_of(name, sums) for name, sums in names.items())
    return tuple(sorted(figures, key=lambda each: (-round(100 * each.failed_share), -(each.p95_ms or 0.0), each.name)))


def matching_names(pattern: str, names: Iterable[str]) -> list[str]:
    """Return the names that a text means: the one that is equal to it, or those that are so without their method."""
    return [name for name in names if pattern in (name, name.partition(" ")[2])]


def nearest_name(pattern: str, names: Iterable[str]) -> str:
    """Return the name, with its method or without, that is most like a text; "" where none is."""
    candidates = sorted({part for name in names for part in (name.partition(" ")[2], name)})
    return next(iter(get_close_matches(pattern, candidates, n=1)), "")


def _figures_of(name: str, sums: RequestSums) -> RequestFigures:
    latencies = percentiles(sums.ok_ms, PERCENTILES) if sums.ok_ms else (None, None, None)
    return RequestFigures(name, sums.requests, sums.failures, *latencies)
