"""The requests of a run by their name: figures for tables, which names a text means, and which fail at every load.

A name is a method and the name that Locust has for the request, such as "GET /posts/". Start reading at
``request_figures`` and ``always_failing``.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from locust_asyncdjango.failures.normalize import safe_line
from locust_asyncdjango.metrics.interval import PERCENTILES
from locust_asyncdjango.metrics.load_curve import LoadLevel
from locust_asyncdjango.metrics.request_names.sums import LONGEST_NAME, RequestsByName, RequestSums
from locust_asyncdjango.metrics.statistics import percentiles

FEWEST_FAILURES = 3
"""So many requests must have failed at the lowest loads, or all of the name at all loads: fewer may be chance."""
LOW_LOAD_PART = 3
"""A name's lowest loads are those at which a third of its requests ended, and the lowest load at least."""
MOST_CHANGE = 2.0
"""Where the share of failures at higher loads is more times that at the lowest, or the reverse, it follows the load."""


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


def always_failing(levels: Sequence[LoadLevel]) -> tuple[str, ...]:
    """Return the names that fail at every load, in alphabetical order: load did not break them.

    Such a name failed from the lowest loads on, and about as often at higher loads. levels: of the run, fewest users
    first. A name that had no request at the lower half of the loads is not one: nobody knows what it did there.
    """
    names = sorted({name for level in levels for name, count in level.failed_by_name.items() if count})
    return tuple(name for name in names if _fails_always([_counts(level, name) for level in levels]))


def _figures_of(name: str, sums: RequestSums) -> RequestFigures:
    latencies = percentiles(sums.ok_ms, PERCENTILES) if sums.ok_ms else (None, None, None)
    return RequestFigures(name, sums.requests, sums.failures, *latencies)


def _counts(level: LoadLevel, name: str) -> tuple[int, int]:
    """Return how many requests with this name ended at a level, and how many of them failed."""
    failed = level.failed_by_name.get(name, 0)
    return level.done_by_name.get(name, 0) + failed, failed


def _fails_always(counts: Sequence[tuple[int, int]]) -> bool:
    """Return whether requests failed from the lowest load on. counts: requests and failures at each load."""
    first = next(n for n, (requests, _) in enumerate(counts) if requests)
    if first > len(counts) // 2:
        return False
    total, total_failed = sum(requests for requests, _ in counts), sum(failed for _, failed in counts)
    low = low_failed = 0
    for requests, failed in counts:
        low, low_failed = low + requests, low_failed + failed
        if low * LOW_LOAD_PART >= total:
            break
    if total_failed == total:
        return True
    high, high_failed = total - low, total_failed - low_failed
    if low_failed < FEWEST_FAILURES or not high:
        return False
    return low_failed * high <= MOST_CHANGE * high_failed * low <= MOST_CHANGE**2 * low_failed * high
