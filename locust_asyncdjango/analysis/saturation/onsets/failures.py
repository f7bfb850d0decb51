"""Where requests began to fail: each failure kind's first one, and where the share of failures rises for good.

Start reading at ``find_failures`` and ``find_breaking``. A failure by chance is not where load broke a server, and
neither is anything that fails at every load. Load broke it where the share of failures has a change point.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import ceil, floor

from locust_asyncdjango.analysis.saturation.figures import KindOnset, Onset
from locust_asyncdjango.analysis.saturation.onsets.always_failing import lowest_fail_too
from locust_asyncdjango.analysis.saturation.onsets.change_point import LEAST_CHANGE, Change, earliest_change
from locust_asyncdjango.metrics.interval import Interval, users_at_start

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


def find_breaking(intervals: Sequence[Interval], always_failing: Collection[str] = ()) -> Breaking:
    """Return where the share of failed requests rises for good with the users of a run, or with its time.

    always_failing: names of requests whose failures do not count, because they fail at every load.
    """
    if not any(interval.failed for interval in intervals):
        return Breaking(None)
    seconds = [second for n in range(len(intervals)) if (second := _second(intervals, n, always_failing)).requests]
    if not any(second.failed for second in seconds):
        return Breaking(None)
    by_users = sorted(seconds, key=lambda second: (second.users, second.t))
    with_users, with_time = (
        earliest_change([(second.failed, second.requests) for second in ordered]) for ordered in (by_users, seconds)
    )
    if with_time and (with_users is None or with_time.ratio > with_users.ratio + CLEARLY_BETTER):
        return Breaking(_onset(seconds, with_time))
    if with_users:
        return Breaking(_onset(by_users, with_users))
    return Breaking(None, _fails_always(by_users))


def _second(intervals: Sequence[Interval], n: int, always_failing: Collection[str] = ()) -> _Second:
    # The first failed request is taken for the shortest failure of the interval: a longer one may be of another kind.
    interval = intervals[n]
    mean_ms = interval.mean_ms or 0.0
    shortest_ms, longest_ms = interval.failed_ms or ((0.0, 0.0) if interval.failed else (mean_ms, mean_ms))
    since = n - 1 - ceil(longest_ms / 1000 / interval.length)
    until = max(n - floor(shortest_ms / 1000 / interval.length), 0)
    users = [0] * (since < 0) + [each.users for each in intervals[max(since, 0) : until + 1]]
    at_begin = users_at_start(intervals, n, shortest_ms)
    failed = interval.failures - sum(interval.failed_by_name[name] for name in always_failing)
    return _Second(interval.t, at_begin, min(users), max(users), failed, interval.ok + failed)


def _onset(seconds: Sequence[_Second], change: Change) -> Onset:
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
    if of_all <= ALWAYS_SHARE or of_lowest * LEAST_CHANGE < of_all:
        return False
    return lowest_fail_too([(second.failed, second.requests) for second in by_users])
