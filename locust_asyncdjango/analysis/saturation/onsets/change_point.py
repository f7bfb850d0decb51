"""The change point of a share: it is constant below, and higher above. Start reading at ``earliest_change``.

The change point is the one with the highest binomial likelihood. It counts if a likelihood ratio test shows it, for
failures that come in bursts too: these make the share vary more than chance does, and the ratio is divided by that
dispersion.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import log

FEWEST_FAILURES = 3
"""Fewer failures beyond a change point are chance."""
LEAST_RATIO = 14.0
"""The likelihood ratio of a change point: so high that failures by chance seldom reach it at any of all points."""
RATIO_LIMIT = 3.84
"""A change point fits as well as the best one if its likelihood ratio is lower by this at most: so many change points
hold the true one in 95 % of all runs (chi-squared with one degree of freedom)."""
LEAST_CHANGE = 2.0
"""Load broke a server where it fails so many times more often than before."""

Counts = tuple[int, int]
"""How many requests failed, and how many there were, at least one."""


@dataclass(frozen=True, slots=True)
class Change:
    """A change point.

    at: the index of the counts from which on the share is higher. first, last: the first and the last index that fit as
    well. ratio: the likelihood ratio, divided by the dispersion.
    """

    at: int
    first: int
    last: int
    ratio: float


def earliest_change(counts: Sequence[Counts]) -> Change | None:
    """Return the first change point of the share: below it, the share is constant.

    Where the share rises gradually, the best change point is in the middle of that. Then there is another one below it.
    """
    change, end = None, len(counts)
    while (earlier := _best_change(counts[:end])) is not None:
        change, end = earlier, earlier.at
    return change


def _best_change(counts: Sequence[Counts]) -> Change | None:
    failed = list(accumulate((each for each, _ in counts), initial=0))
    requests = list(accumulate((each for _, each in counts), initial=0))
    if failed[-1] < FEWEST_FAILURES or len(counts) < 2:
        return None
    whole = _likelihood(failed[-1], requests[-1])

    def ratio(at: int) -> float:
        below = failed[at] / requests[at]
        above = (failed[-1] - failed[at]) / (requests[-1] - requests[at])
        if above <= LEAST_CHANGE * below or failed[-1] - failed[at] < FEWEST_FAILURES:
            return 0.0
        parts = _likelihood(failed[at], requests[at])
        return 2 * (parts + _likelihood(failed[-1] - failed[at], requests[-1] - requests[at]) - whole)

    ratios = {at: ratio(at) for at in range(1, len(counts))}
    best = max(ratios, key=lambda at: ratios[at])
    dispersion = _dispersion(counts, best)
    if ratios[best] < LEAST_RATIO * dispersion:
        return None
    fitting = [at for at in ratios if ratios[at] >= ratios[best] - RATIO_LIMIT * dispersion]
    return Change(best, fitting[0], fitting[-1], ratios[best] / dispersion)


def _likelihood(failed: int, requests: int) -> float:
    """Return the logarithm of the highest likelihood of so many failures, if all requests fail with the same share."""
    succeeded = requests - failed
    return sum(n * log(n / requests) for n in (failed, succeeded) if n)


def _dispersion(counts: Sequence[Counts], at: int) -> float:
    """Return how many times more the share varies than by chance; 1 at least."""
    squares = 0.0
    for part in (counts[:at], counts[at:]):
        share = sum(failed for failed, _ in part) / sum(requests for _, requests in part)
        if 0 < share < 1:
            variance = share * (1 - share)
            squares += sum((failed - requests * share) ** 2 / requests for failed, requests in part) / variance
    return max(squares / max(len(counts) - 2, 1), 1.0)
