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
"""A name's lower loads are those at which a third of its requests began, and the lowest load at least."""
LOWEST_FAILURES = 20
"""Its lowest loads are those at which so many requests would fail with the name's mean share. Of a name that fails
always, less than half of these do in one of 200 runs by chance (Poisson)."""


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


def lowest_fail_too(counts: Sequence[Counts]) -> bool:
    """Return whether requests at the lowest loads fail at least half as often as all of them.

    counts: of each load, the lowest one first; some requests failed.
    """
    total_failed, total = sum(failed for failed, _ in counts), sum(requests for _, requests in counts)
    failed, requests = _up_to(counts, LOWEST_FAILURES * total / total_failed)
    return LEAST_CHANGE * failed * total >= total_failed * requests


def failing_text(names: Sequence[FailingName]) -> str:
    """Return which names fail at every load, and which share of their requests: "GET / (12 %) fails at every load"."""
    shown = [f"{each.name} ({100 * each.share:.3g} %)" for each in names[:NAMES_SHOWN]]
    if more := len(names) - len(shown):
        shown.append(counted(more, "other name"))
    *first, last = shown
    all_names = f"{', '.join(first)} and {last}" if first else last
    return f"{all_names} {'fail' if first else 'fails'} at every load"


def _counts(level: LoadLevel, name: str) -> Counts:
    """Return how many of the requests with a name that began at a level failed, and how many there were."""
    failed = level.failed_by_name.get(name, 0)
    return failed, level.ok_by_name.get(name, 0) + failed


def _fails_always(counts: Sequence[Counts]) -> bool:
    """Return whether requests failed from the lowest load on, and no more often from some load on."""
    first = next(n for n, (_, requests) in enumerate(counts) if requests)
    if first > len(counts) // 2:
        return False
    total_failed, total = (sum(each) for each in zip(*counts, strict=True))
    if total_failed == total:
        return True
    low_failed, low = _up_to(counts, total / LOW_LOAD_PART)
    high_failed, high = total_failed - low_failed, total - low
    if low_failed < FEWEST_FAILURES or not high or not lowest_fail_too(counts):
        return False
    # The shares at the lower loads and at the others, each multiplied by both numbers of requests.
    low_share, high_share = low_failed * high, high_failed * low
    if not low_share / LEAST_CHANGE <= high_share <= LEAST_CHANGE * low_share:
        return False
    return earliest_change([each for each in counts if each[1]]) is None


def _up_to(counts: Sequence[Counts], enough: float) -> Counts:
    """Return the sums of the lowest loads that have so many requests together, or those of all loads."""
    failed = requests = 0
    for each_failed, each in counts:
        failed, requests = failed + each_failed, requests + each
        if requests >= enough:
            break
    return failed, requests
