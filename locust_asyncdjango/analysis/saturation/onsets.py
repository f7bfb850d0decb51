"""Where a run saturated: intervals -> peak, successes, slowdown onset and error onset, each with a 95 % interval.

Start reading at ``find_saturation``. The exact definitions, with the reasons and the literature, are in
docs/saturation.md; definitions.py has a sentence of each for people.
"""

from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from math import ceil, sqrt
from statistics import median

from locust_asyncdjango.metrics.interval import Interval, full_intervals, largest_user_step, users_at_start
from locust_asyncdjango.metrics.statistics import ERROR, noise, normal_z, student_t

PEAK_WINDOW_S = 10
"""As long as the window of Locust's own current rate (locust/stats.py, ``current_rps``), so the two can be compared."""
BASELINE_SECONDS = 5
SLOW_FACTOR = 1.5
SLOW_SECONDS = 3
FIT_LIMIT_FACTOR = 3.0
"""The corner is fitted to seconds whose latency is below this many times the baseline."""
FEWEST_FIT_USERS = 6
"""Fewer different numbers of users show no corner."""
CORNERS = 200
"""The number of corners that the fit tries."""

Range = tuple[float, float]
"""Lower and upper end of a 95 % interval."""

LoadPoint = tuple[float, Interval]
"""The users that ran when the requests of an interval began, and the interval in which they ended."""


@dataclass(frozen=True, slots=True)
class Onset:
    """The moment at which something began.

    t: seconds since the start of the run. users: those at that moment. low, high: the fewest and the most users that it
    may have been, by a 95 % interval.
    """

    t: int
    users: int
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class KindOnset:
    """How often a failure kind occurred, and when it first did."""

    kind: str
    count: int
    first: Onset


@dataclass(frozen=True, slots=True)
class Saturation:
    """The figures of one run.

    slowdown, errors: None where the run had no slowdown or no failure. failures: most frequent first. in_flight: the
    requests that were not answered when the run ended. in_flight_s: for how many seconds the oldest of them had waited.
    length_s: the seconds of the run; 0 if unknown, as in results of earlier versions.
    """

    peak_per_s: float
    peak_range: Range
    peak_users: int
    peak_users_range: Range
    successes: int
    successes_range: Range
    warm_up_s: int
    slowdown: Onset | None
    errors: Onset | None
    failures: tuple[KindOnset, ...]
    in_flight: int = 0
    in_flight_s: float = 0.0
    length_s: int = field(default=0, compare=False)

    @property
    def has_peak(self) -> bool:
        """Return whether the run was as long as the seconds that a peak is the mean of; True for an unknown length."""
        return not 0 < self.length_s < PEAK_WINDOW_S

    @property
    def is_measured(self) -> bool:
        """Return whether a request ended: without one, nothing is known about the server."""
        return bool(self.successes or self.failures)


def find_saturation(intervals: Sequence[Interval]) -> Saturation:
    """Return the figures of a run. intervals: from its first second to its last; without any, all are 0 or None."""
    peak_per_s, peak_range, peak_users, peak_users_range = _peak(intervals)
    warm_up_s = find_warm_up(intervals)
    failures = _failures(intervals)
    return Saturation(
        peak_per_s=peak_per_s,
        peak_range=peak_range,
        peak_users=peak_users,
        peak_users_range=peak_users_range,
        successes=sum(interval.ok for interval in intervals),
        successes_range=_successes_range(intervals),
        warm_up_s=warm_up_s,
        slowdown=_slowdown(_load_points(intervals, warm_up_s)),
        errors=min((failure.first for failure in failures), key=lambda onset: onset.t, default=None),
        failures=failures,
        in_flight=sum(interval.in_flight for interval in intervals),
        length_s=sum(interval.length for interval in intervals),
        in_flight_s=max((interval.in_flight_s or 0.0 for interval in intervals), default=0.0),
    )


def load_points(intervals: Sequence[Interval]) -> list[LoadPoint]:
    """Return the full intervals of a run after its warm-up, each with the users that ran when its requests began."""
    return _load_points(intervals, find_warm_up(intervals))


def _load_points(intervals: Sequence[Interval], since_s: int) -> list[LoadPoint]:
    full = enumerate(full_intervals(intervals), 1)
    points = ((users_at_start(intervals, n, interval.mean_ms or 0.0), interval) for n, interval in full)
    return [(users, interval) for users, interval in points if interval.t >= since_s and interval.users]


def find_warm_up(intervals: Sequence[Interval]) -> int:
    """Return how many seconds at the beginning of a run are its warm-up."""
    answered = [(interval.t, interval.p50_ms) for interval in intervals if interval.p50_ms is not None]
    medians = [ms for _, ms in answered]
    # Latency that falls while users climb is due to caches and connections. It does so in a third of the run at most.
    lowest = enumerate(accumulate(medians[: len(medians) // 3], min), 1)
    warm_up_ends = [end for end, low in lowest if low > SLOW_FACTOR * median(medians[end : end + BASELINE_SECONDS])]
    return answered[warm_up_ends[-1]][0] if warm_up_ends else 0


def _peak(intervals: Sequence[Interval]) -> tuple[float, Range, int, Range]:
    if not any(interval.ok for interval in intervals):
        return 0.0, (0.0, 0.0), 0, (0, 0)
    size = min(ceil(PEAK_WINDOW_S / intervals[0].length), len(intervals))
    ok = list(accumulate((interval.ok for interval in intervals), initial=0))
    length = list(accumulate((interval.length for interval in intervals), initial=0))
    ends = range(size, len(intervals) + 1)
    rates = {end: (ok[end] - ok[end - size]) / (length[end] - length[end - size]) for end in ends}
    best = max(ends, key=lambda end: rates[end])
    near = full_intervals(intervals)[max(best - 2 * size, 0) : best + size]
    freedom = max(len(near), 1)
    # Too few seconds do not show their noise. Assume that requests came by chance alone (Poisson).
    error = (_noise(near) if len(near) >= BASELINE_SECONDS else sqrt(rates[best])) / sqrt(size)
    # The highest of many similar windows is high by chance, so the lower end allows for all of them (Bonferroni).
    similar = sum(rate >= rates[best] - 3 * error for rate in rates.values())
    low = max(rates[best] - student_t(freedom, ERROR / similar) * error, 0.0)
    users = {end: max(interval.users for interval in intervals[end - size : end]) for end in ends}
    reached = [users[end] for end in ends if rates[end] >= low]
    peak_range = (low, rates[best] + student_t(freedom) * error)
    return rates[best], peak_range, users[best], (min(reached), max(reached))


def _noise(intervals: Sequence[Interval]) -> float:
    return noise([interval.ok / interval.length for interval in intervals])


def _successes_range(intervals: Sequence[Interval]) -> Range:
    total = sum(interval.ok for interval in intervals)
    length_s = intervals[0].length if intervals else 1
    margin = normal_z() * _noise(full_intervals(intervals)) * sqrt(len(intervals)) * length_s
    return round(max(total - margin, 0)), round(total + margin)


def _slowdown(points: Sequence[LoadPoint]) -> Onset | None:
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


def _failures(intervals: Sequence[Interval]) -> tuple[KindOnset, ...]:
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
