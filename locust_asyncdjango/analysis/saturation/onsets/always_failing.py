"""The names of requests that fail at every load, so that load did not break them.

Start reading at ``find_always_failing``. Such a name failed from the lowest loads on and about as often at higher ones,
and its share of failures has no change point. A name that had no request at the lower half of the loads is not one:
nobody knows what it did there.
"""

from collections.abc import Sequence

from locust_asyncdjango.analysis.saturation.figures import FailingName
from locust_asyncdjango.analysis.saturation.onsets.change_point import (
    FEWEST_FAILURES,
    LEAST_CHANGE,
    Counts,
    earliest_change,
)
from locust_asyncdjango.metrics.load_curve import LoadLevel
from locust_asyncdjango.metrics.plural import counted

NAMES_SHOWN = 3
"""How many names a text has: those with most failures."""
LOW_LOAD_PART = 3
"""A name's lowest loads are those at which a third of its requests ended, and the lowest load at least."""


def find_always_failing(levels: Sequence[LoadLevel]) -> tuple[FailingName, ...]:
    """Return the names that fail at every load, those with most failures first. levels: of a run, lowest load first."""
    names = sorted({name for level in levels for name, count in level.failed_by_name.items() if count})
    found = []
    for name in names:
        counts = [_counts(level, name) for level in levels]
        if _fails_always(counts):
            failed, requests = (sum(each) for each in zip(*counts, strict=True))
            found.append((failed, FailingName(name, failed / requests)))
    return tuple(name for _, name in sorted(found, key=lambda each: -each[0]))


def failing_text(names: Sequence[FailingName]) -> str:
    """Return which names fail at every load, and which share of their requests: "GET / (12 %) fails at every load"."""
    shown = [f"{each.name} ({100 * each.share:.3g} %)" for each in names[:NAMES_SHOWN]]
    if more := len(names) - len(shown):
        shown.append(counted(more, "other name"))
    *first, last = shown
    all_names = f"{', '.join(first)} and {last}" if first else last
    return f"{all_names} {'fail' if first else 'fails'} at every load"


def _counts(level: LoadLevel, name: str) -> Counts:
    """Return how many requests with a name failed at a level, and how many there were."""
    failed = level.failed_by_name.get(name, 0)
    return failed, level.done_by_name.get(name, 0) + failed


def _fails_always(counts: Sequence[Counts]) -> bool:
    """Return whether requests failed from the lowest load on, and no more often from some load on."""
    first = next(n for n, (_, requests) in enumerate(counts) if requests)
    if first > len(counts) // 2:
        return False
    total_failed, total = (sum(each) for each in zip(*counts, strict=True))
    if total_failed == total:
        return True
    low = low_failed = 0
    for failed, requests in counts:
        low, low_failed = low + requests, low_failed + failed
        if low * LOW_LOAD_PART >= total:
            break
    high, high_failed = total - low, total_failed - low_failed
    if low_failed < FEWEST_FAILURES or not high:
        return False
    # The shares at the lowest loads and at the others, each multiplied by both numbers of requests.
    low_share, high_share = low_failed * high, high_failed * low
    if not low_share / LEAST_CHANGE <= high_share <= LEAST_CHANGE * low_share:
        return False
    return earliest_change([each for each in counts if each[1]]) is None
