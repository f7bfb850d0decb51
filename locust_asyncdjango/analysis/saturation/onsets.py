"""Where something began in a run: the slowdown, and each kind of failure.

Start reading at ``find_slowdown`` and ``find_failures``.
"""

from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Sequence
from itertools import accumulate
from math import ceil
from statistics import median

from locust_asyncdjango.analysis.saturation.figures import KindOnset, Onset
from locust_asyncdjango.analysis.saturation.load_points import BASELINE_SECONDS, SLOW_FACTOR, LoadPoint
from locust_asyncdjango.metrics.interval import Interval, largest_user_step, users_at_start
from locust_asyncdjango.metrics.statistics import student_t

SLOW_SECONDS = 3
FIT_LIMIT_FACTOR = 3.0
"""The corner is fitted to seconds whose latency is below this many times the baseline."""
FEWEST_FIT_USERS = 6
"""Fewer different numbers of users show no corner."""
CORNERS = 200
"""The number of corners that the fit tries."""


def find_slowdown(points: Sequence[LoadPoint]) -> Onset | None:
    """Return the onset of the slowdown; None without one. points: the seconds after the warm-up."""
    answered = [(users, interval) for users, interval in points if interval.p50_ms is not None]
    medians = [interval.p50_ms or 0.0 for _, interval in answered]
    if not medians:
        return None
    baseline = median(medians[:BASELINE_SECONDS])
    start = _lasting_rise(answered, SLOW_FACTOR * baseline)
    if start is None:
        return None
    (_, before), (_, first) = answered[max(start - 1, 0)], answered[start]
    earlier_ms = [interval.p50_ms or 0.0 for _, interval in answered[:start] if interval.users >= first.users]
    if len(earlier_ms) < SLOW_SECONDS or median(earlier_ms) > SLOW_FACTOR * baseline:
        end = _lasting_rise(answered, FIT_LIMIT_FACTOR * baseline)
        shortest = start + SLOW_SECONDS
        if onset := _corner_onset(answered[: shortest if end is None else max(end, shortest)]):
            return onset
    # Latency rose with time, not with users.
    return Onset(first.t, first.users, *sorted((before.users, first.users)))


def _lasting_rise(answered: Sequence[LoadPoint], limit_ms: float) -> int | None:
    """Return the index of the first point from which the median latency stays above a limit; None without one.

    It stays there if SLOW_SECONDS in a row are above it, and most later points with as many users or more are so too.
    """
    slow = [(interval.p50_ms or 0.0) > limit_ms for _, interval in answered]
    start = None
    # The users of all points from n on, and of the slow ones among them, sorted.
    later_users: list[int] = []
    later_slow_users: list[int] = []
    for n in range(len(slow) - 1, -1, -1):
        users = answered[n][1].users
        insort(later_users, users)
        if slow[n]:
            insort(later_slow_users, users)
            later_count, slow_count = (len(all_) - bisect_left(all_, users) for all_ in (later_users, later_slow_users))
            if n + SLOW_SECONDS <= len(slow) and all(slow[n : n + SLOW_SECONDS]) and 2 * slow_count > later_count:
                start = n
    return start


def _corner_onset(points: Sequence[LoadPoint]) -> Onset | None:
    """Return the onset at the corner of latency over users; None where there were too few numbers of users."""
    users, intervals = zip(*points, strict=True)
    if len(set(users)) < FEWEST_FIT_USERS:
        return None
    # The mean: where users wait for slots in step, most of them do not wait at all for a long time. Medians of three
    # ignore a single slow second.
    latencies = _medians_of_three([interval.mean_ms or 0.0 for interval in intervals])
    successes = (interval.ok for interval in intervals)
    corner, low, high = _corner(sorted(zip(users, latencies, successes, strict=True)))
    step = largest_user_step(intervals)
    corner_users = round(corner)
    first = next((interval for interval in intervals if interval.users >= corner_users), intervals[-1])
    return Onset(first.t, corner_users, 0 if low == min(users) else max(round(low - step), 0), round(high + step))


def _medians_of_three(values: Sequence[float]) -> list[float]:
    return [median(values[max(n - 1, 0) : n + 2]) for n in range(len(values))]


def _corner(points: Sequence[tuple[float, float, float]]) -> tuple[float, float, float]:
    """Return the corner k of the best line y = a + b * max(x - k, 0), b >= 0, and the interval of k.

    points: x, y and weight, sorted by x. The interval has all corners that fit as well by an F test.
    """
    xs, n = [x for x, _, _ in points], len(points)
    moments = ((w, w * x, w * x * x, w * y, w * x * y) for x, y, w in points)
    sums = [list(accumulate(moment, initial=0.0)) for moment in zip(*moments, strict=True)]
    weight, mean_y = sums[0][-1], sums[3][-1] / sums[0][-1]
    squares_about_mean = sum(w * (y - mean_y) ** 2 for _, y, w in points)
    corners = [xs[0] + (xs[-1] - xs[0]) * step / CORNERS for step in range(CORNERS)]
    errors = []
    for k in corners:
        # Weighted sums over the points beyond the corner, of d = x - k.
        at = bisect_right(xs, k)
        w, x, xx, y, xy = (total[-1] - total[at] for total in sums)
        d, dd, dy = x - w * k, xx - 2 * k * x + w * k * k, xy - k * y
        spread = dd - d * d / weight
        slope = max((dy - d * mean_y) / spread, 0.0) if spread > 0 else 0.0
        errors.append(squares_about_mean - slope * (2 * (dy - d * mean_y) - slope * spread))
    limit = max(min(errors), 1e-12) * (1 + student_t(n - 3) ** 2 / (n - 3))
    fitting = [k for k, error in zip(corners, errors, strict=True) if error <= limit]
    return corners[errors.index(min(errors))], min(fitting), max(fitting)


def find_failures(intervals: Sequence[Interval]) -> tuple[KindOnset, ...]:
    """Return how often each kind of failure occurred, most frequent first, and when it first did."""
    counts: Counter[str] = Counter()
    first: dict[str, Onset] = {}
    for n, interval in enumerate(intervals):
        for kind, count in interval.failed.items():
            counts[kind] += count
            if kind not in first:
                first[kind] = _error_onset(intervals, n)
    return tuple(KindOnset(kind, n, first[kind]) for kind, n in sorted(counts.items(), key=lambda item: -item[1]))


def _error_onset(intervals: Sequence[Interval], n: int) -> Onset:
    # The first failed request is taken for the shortest failure of the interval: a longer one may be of another kind.
    interval = intervals[n]
    shortest_ms, longest_ms = interval.failed_ms or (0.0, 0.0)
    since = n - 1 - ceil(longest_ms / 1000 / interval.length)
    users = [0] * (since < 0) + [each.users for each in intervals[max(since, 0) : n + 1]]
    return Onset(interval.t, round(users_at_start(intervals, n, shortest_ms)), min(users), max(users))
