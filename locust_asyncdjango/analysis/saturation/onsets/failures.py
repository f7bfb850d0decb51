"""Where requests began to fail: each failure kind's first one, and where the share of failures rises for good.

Start reading at ``find_failures`` and ``find_breaking``. A failure by chance is not where load broke a server, and
neither is anything that fails at every load. Load broke it where the share of failures has a change point: it is
constant below, and higher above. The change point is the one with the highest binomial likelihood. It counts if a
likelihood ratio test shows it, for failures that come in bursts too: these make the share vary more than chance does,
and the ratio is divided by that dispersion.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import ceil, floor, log

from locust_asyncdjango.analysis.saturation.figures import KindOnset, Onset
from locust_asyncdjango.metrics.interval import Interval, users_at_start

FEWEST_FAILURES = 3
"""Fewer failures beyond a change point are chance."""
LEAST_RATIO = 14.0
"""The likelihood ratio of a change point: so high that failures by chance seldom reach it at any of all points."""
RATIO_LIMIT = 3.84
"""A change point with a likelihood ratio of less below the best one is as good, in 95 % of all runs."""
LEAST_CHANGE = 2.0
"""Load broke a server where it fails so many times more often than before."""
CLEARLY_BETTER = 10.0
"""Failures came with time, and not with the users, if that makes the likelihood ratio so much higher."""
ALWAYS_SHARE = 0.01
"""A server of which a smaller share of requests fails at every load has failures by chance."""


@dataclass(frozen=True, slots=True)
class Breaking:
    """How the share of failures depends on the load.

    onset: where it rises for good; None where it does not. fails_always: it is as high at the lowest loads.
    """

    onset: Onset | None
    fails_always: bool = False


@dataclass(frozen=True, slots=True)
class _Second:
    """The requests that ended in a second. users, low, high: when its failed requests began, and the range of that."""

    t: int
    users: float
    low: int
    high: int
    failed: int
    requests: int


@dataclass(frozen=True, slots=True)
class _Change:
    """A change point: the second from which the share is higher, and the first and the last that fits as well."""

    at: int
    first: int
    last: int
    ratio: float


def find_failures(intervals: Sequence[Interval]) -> tuple[KindOnset, ...]:
    """Return how often each kind of failure occurred, most frequent first, and when it first did."""
    counts: Counter[str] = Counter()
    first: dict[str, Onset] = {}
    for n, interval in enumerate(intervals):
        for kind, count in interval.failed.items():
            counts[kind] += count
            if kind not in first:
                second = _second(intervals, n)
                first[kind] = Onset(second.t, round(second.users), second.low, second.high)
    return tuple(KindOnset(kind, n, first[kind]) for kind, n in sorted(counts.items(), key=lambda item: -item[1]))


def find_breaking(intervals: Sequence[Interval]) -> Breaking:
    """Return where the share of failed requests rises for good with the users of a run, or with its time."""
    if not any(interval.failed for interval in intervals):
        return Breaking(None)
    seconds = [_second(intervals, n) for n, each in enumerate(intervals) if each.ok or each.failures]
    by_users = sorted(seconds, key=lambda second: (second.users, second.t))
    with_users, with_time = _earliest_change(by_users), _earliest_change(seconds)
    if with_time and (with_users is None or with_time.ratio > with_users.ratio + CLEARLY_BETTER):
        return Breaking(_onset(seconds, with_time))
    if with_users:
        return Breaking(_onset(by_users, with_users))
    return Breaking(None, _fails_always(by_users))


def _second(intervals: Sequence[Interval], n: int) -> _Second:
    # The first failed request is taken for the shortest failure of the interval: a longer one may be of another kind.
    interval = intervals[n]
    mean_ms = interval.mean_ms or 0.0
    shortest_ms, longest_ms = interval.failed_ms or ((0.0, 0.0) if interval.failed else (mean_ms, mean_ms))
    since = n - 1 - ceil(longest_ms / 1000 / interval.length)
    until = max(n - floor(shortest_ms / 1000 / interval.length), 0)
    users = [0] * (since < 0) + [each.users for each in intervals[max(since, 0) : until + 1]]
    at_begin = users_at_start(intervals, n, shortest_ms)
    requests = interval.ok + interval.failures
    return _Second(interval.t, at_begin, min(users), max(users), interval.failures, requests)


def _earliest_change(seconds: Sequence[_Second]) -> _Change | None:
    """Return the first change point of the share: below it, the share is constant.

    Where the share rises by and by, the best change point is in the middle of that. Then there is another one below it.
    """
    change, end = None, len(seconds)
    while (earlier := _best_change(seconds[:end])) is not None:
        change, end = earlier, earlier.at
    return change


def _best_change(seconds: Sequence[_Second]) -> _Change | None:
    failed = list(accumulate((second.failed for second in seconds), initial=0))
    requests = list(accumulate((second.requests for second in seconds), initial=0))
    if failed[-1] < FEWEST_FAILURES or len(seconds) < 2:
        return None
    whole = _likelihood(failed[-1], requests[-1])

    def ratio(at: int) -> float:
        below = failed[at] / requests[at]
        above = (failed[-1] - failed[at]) / (requests[-1] - requests[at])
        if above <= LEAST_CHANGE * below or failed[-1] - failed[at] < FEWEST_FAILURES:
            return 0.0
        parts = _likelihood(failed[at], requests[at])
        return 2 * (parts + _likelihood(failed[-1] - failed[at], requests[-1] - requests[at]) - whole)

    ratios = {at: ratio(at) for at in range(1, len(seconds))}
    best = max(ratios, key=lambda at: ratios[at])
    dispersion = _dispersion(seconds, best)
    if ratios[best] < LEAST_RATIO * dispersion:
        return None
    fitting = [at for at in ratios if ratios[at] >= ratios[best] - RATIO_LIMIT * dispersion]
    return _Change(best, fitting[0], fitting[-1], ratios[best] / dispersion)


def _likelihood(failed: int, requests: int) -> float:
    """Return the logarithm of the highest likelihood of so many failures, if all requests fail with the same share."""
    succeeded = requests - failed
    return sum(n * log(n / requests) for n in (failed, succeeded) if n)


def _dispersion(seconds: Sequence[_Second], at: int) -> float:
    """Return how many times more the share varies from second to second than by chance; 1 at least."""
    squares = 0.0
    for part in (seconds[:at], seconds[at:]):
        share = sum(second.failed for second in part) / sum(second.requests for second in part)
        if 0 < share < 1:
            squares += sum((each.failed - each.requests * share) ** 2 / each.requests for each in part) / (
                share * (1 - share)
            )
    return max(squares / max(len(seconds) - 2, 1), 1.0)


def _onset(seconds: Sequence[_Second], change: _Change) -> Onset:
    first = next((second for second in seconds[change.at :] if second.failed), seconds[change.at])
    fitting = seconds[change.first : change.last + 1]
    low, high = min(second.low for second in fitting), max(second.high for second in fitting)
    users = min(max(round(first.users), low), high)
    return Onset(min(second.t for second in seconds[change.at :] if second.failed), users, low, high)


def _fails_always(by_users: Sequence[_Second]) -> bool:
    """Return whether the share of failures is as high at the lowest loads as in the whole run, and more than chance."""
    lowest = by_users[: max(len(by_users) // 3, 1)]
    of_lowest, of_all = (
        sum(second.failed for second in part) / sum(second.requests for second in part) for part in (lowest, by_users)
    )
    return of_all > ALWAYS_SHARE and of_lowest * LEAST_CHANGE >= of_all
