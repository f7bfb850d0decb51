"""Where a run saturated: seconds -> peak, successes, slowdown onset, error onset, with intervals. Sums and sorts only.

Definitions
    warm-up: as many of the first seconds as each had a median latency of successes above one and a half times that of
        the five answered seconds behind them (their median), at most a third of the run. Latency that falls while users
        climb is that of caches and connections, not of load.
    points: the whole seconds behind the warm-up, with the users when the requests began that ended in them: by the
        mean latency before the middle of the second. Latency tells of the users whom a request has met, not of those
        who came while it waited.
    peak: the most successful requests a second over any ten consecutive seconds (all of them in a shorter run), with
        the users at the end of those seconds. Locust's own current rate is a ten-second mean too (locust/stats.py,
        ``current_rps``), so the two can be compared. Interval: Student's t, with the noise of the thirty seconds around
        it by successive differences; its lower end also for its being the highest of several (Bonferroni). Of its
        users: wherever ten seconds reach that interval.
    successes: their count. Interval: of another run that is alike, by the mean square of successive differences
        (von Neumann, 1941), which a trend does not disturb.
    slowdown: there is one if three seconds in a row have a median latency of successes above one and a half times the
        baseline (that of the first five points, their median), and so have most behind them that have as many users.
        Its onset are the users from which latency rises: the corner of a line that is flat and then rises, fitted to
        the mean latency of successes over users up to three times the baseline, by least squares, each second weighing
        as much as its successes. (The mean, because Little's law is about means: where users wait for slots in step,
        most do not wait at all for a long time.) Interval: the corners that fit as well by an F test (profile
        likelihood; Seber and Wild, Nonlinear Regression, 1989), and not less than the users change in a second; from 0
        where latency rises from the first. Where users hardly change, or as many ran before and it was not slow, its
        onset is the first of the three seconds.
    error onset: the users when a request began that failed, in the first second that had a failure: the shortest of
        them, as a longer one may be of another kind. Interval: from the users when the longest may have begun to those
        in the second of the failure.
"""

from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import ceil, sqrt
from statistics import median

from locust_asyncdjango.metrics.interval import Interval, full_intervals, largest_user_step, users_at_start
from locust_asyncdjango.metrics.statistics import ERROR, noise, normal_z, student_t

PEAK_WINDOW_S = 10
BASELINE_SECONDS = 5
SLOW_FACTOR = 1.5
SLOW_SECONDS = 3
FITTED_FACTOR = 3.0
FITTED_SECONDS = 6
"""Fewer of them, or of different numbers of users, show no corner."""
CORNERS = 200
"""That are tried."""

Range = tuple[float, float]
"""Lower and upper end of a 95 % interval."""


@dataclass(frozen=True, slots=True)
class Onset:
    """When something began: seconds since the start, users then, and between which users it may have been."""

    t: int
    users: int
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class KindOnset:
    """How often a kind of failure happened and when first."""

    kind: str
    count: int
    first: Onset


@dataclass(frozen=True, slots=True)
class Saturation:
    """The figures of one run; None where it did not come to that."""

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


def find_saturation(seconds: Sequence[Interval]) -> Saturation:
    """The figures of a run's seconds, failures most frequent first."""
    peak_per_s, peak_range, peak_users, peak_users_range = _peak(seconds)
    warm_up_s = warm_up(seconds)
    failures = _failures(seconds)
    return Saturation(
        peak_per_s=peak_per_s,
        peak_range=peak_range,
        peak_users=peak_users,
        peak_users_range=peak_users_range,
        successes=sum(second.ok for second in seconds),
        successes_range=_successes_range(seconds),
        warm_up_s=warm_up_s,
        slowdown=_slowdown(_points(seconds, warm_up_s)),
        errors=min((failure.first for failure in failures), key=lambda onset: onset.t, default=None),
        failures=failures,
    )


def points(seconds: Sequence[Interval]) -> list[tuple[float, Interval]]:
    """The whole seconds behind the warm-up, with the users that the requests met that ended in them."""
    return _points(seconds, warm_up(seconds))


def _points(seconds: Sequence[Interval], since: int) -> list[tuple[float, Interval]]:
    met = (
        (users_at_start(seconds, n, second.mean_ms or 0.0), second)
        for n, second in enumerate(full_intervals(seconds), 1)
    )
    return [(users, second) for users, second in met if second.t >= since and second.users]


def warm_up(seconds: Sequence[Interval]) -> int:
    """The seconds at a run's beginning that tell of its warming up."""
    answered = [(second.t, second.p50_ms) for second in seconds if second.p50_ms is not None]
    medians = [ms for _, ms in answered]
    lowest = enumerate(accumulate(medians[: len(medians) // 3], min), 1)
    cold = [end for end, low in lowest if low > SLOW_FACTOR * median(medians[end : end + BASELINE_SECONDS])]
    return answered[cold[-1]][0] if cold else 0


def _peak(seconds: Sequence[Interval]) -> tuple[float, Range, int, Range]:
    if not any(second.ok for second in seconds):
        return 0.0, (0.0, 0.0), 0, (0, 0)
    size = min(ceil(PEAK_WINDOW_S / seconds[0].length), len(seconds))
    ok = list(accumulate((second.ok for second in seconds), initial=0))
    length = list(accumulate((second.length for second in seconds), initial=0))
    ends = range(size, len(seconds) + 1)
    rates = {end: (ok[end] - ok[end - size]) / (length[end] - length[end - size]) for end in ends}
    best = max(ends, key=lambda end: rates[end])
    near = full_intervals(seconds)[max(best - 2 * size, 0) : best + size]
    freedom = max(len(near), 1)
    # Of too few seconds the noise is not known: as if requests came by chance alone (Poisson).
    error = (_noise(near) if len(near) >= BASELINE_SECONDS else sqrt(rates[best])) / sqrt(size)
    # The highest of many windows that are alike is high by chance: its lower end is that of all of them (Bonferroni).
    alike = sum(rate >= rates[best] - 3 * error for rate in rates.values())
    low = max(rates[best] - student_t(freedom, ERROR / alike) * error, 0.0)
    reached = [seconds[end - 1].users for end in ends if rates[end] >= low]
    spread = (low, rates[best] + student_t(freedom) * error)
    return rates[best], spread, seconds[best - 1].users, (min(reached), max(reached))


def _noise(seconds: Sequence[Interval]) -> float:
    """The standard deviation of successes a second, by successive differences; 0 of fewer than two seconds."""
    return noise([second.ok / second.length for second in seconds])


def _successes_range(seconds: Sequence[Interval]) -> Range:
    total = sum(second.ok for second in seconds)
    margin = normal_z() * _noise(full_intervals(seconds)) * sqrt(len(seconds)) * (seconds[0].length if seconds else 1)
    return round(max(total - margin, 0)), round(total + margin)


def _slowdown(met: Sequence[tuple[float, Interval]]) -> Onset | None:
    answered = [(users, second) for users, second in met if second.p50_ms is not None]
    medians = [second.p50_ms or 0.0 for _, second in answered]
    if not medians:
        return None
    baseline = median(medians[:BASELINE_SECONDS])
    seen = _to_stay(answered, SLOW_FACTOR * baseline)
    if seen is None:
        return None
    (_, before), (_, first) = answered[max(seen - 1, 0)], answered[seen]
    as_many = [second.p50_ms or 0.0 for _, second in answered[:seen] if second.users >= first.users]
    if len(as_many) < SLOW_SECONDS or median(as_many) > SLOW_FACTOR * baseline:
        end = _to_stay(answered, FITTED_FACTOR * baseline)
        fitted = answered[: seen + SLOW_SECONDS if end is None else max(end, seen + SLOW_SECONDS)]
        if onset := _corner_onset(fitted):
            return onset
    # It came with time, not with users.
    return Onset(first.t, first.users, *sorted((before.users, first.users)))


def _to_stay(answered: Sequence[tuple[float, Interval]], limit: float) -> int | None:
    """Where some seconds in a row have a median above a limit, as most have behind them with as many users or more."""
    slow = [(second.p50_ms or 0.0) > limit for _, second in answered]
    found = None
    # Users of the seconds from here on, and of the slow ones of them, in order.
    behind: list[int] = []
    slow_behind: list[int] = []
    for n in range(len(slow) - 1, -1, -1):
        users = answered[n][1].users
        insort(behind, users)
        if slow[n]:
            insort(slow_behind, users)
            as_many, slow_ones = (len(all_) - bisect_left(all_, users) for all_ in (behind, slow_behind))
            if n + SLOW_SECONDS <= len(slow) and all(slow[n : n + SLOW_SECONDS]) and 2 * slow_ones > as_many:
                found = n
    return found


def _corner_onset(met: Sequence[tuple[float, Interval]]) -> Onset | None:
    """From where on latency rises; None where too few numbers of users were seen."""
    users, seconds = zip(*met, strict=True)
    if len(set(users)) < FITTED_SECONDS:
        return None
    # A single slow second is passed over.
    latencies = _medians_of_three([second.mean_ms or 0.0 for second in seconds])
    corner, low, high = _corner(sorted(zip(users, latencies, (second.ok for second in seconds), strict=True)))
    step = largest_user_step(seconds)
    users_then = round(corner)
    first = next((second for second in seconds if second.users >= users_then), seconds[-1])
    return Onset(first.t, users_then, 0 if low == min(users) else max(round(low - step), 0), round(high + step))


def _medians_of_three(values: Sequence[float]) -> list[float]:
    return [median(values[max(n - 1, 0) : n + 2]) for n in range(len(values))]


def _corner(points: Sequence[tuple[float, float, float]]) -> tuple[float, float, float]:
    """The corner k of the best line y = a + b * max(x - k, 0), b >= 0, and those between which others fit as well.

    points: x, y and weight, in the order of x.
    """
    xs, n = [x for x, _, _ in points], len(points)
    moments = ((w, w * x, w * x * x, w * y, w * x * y) for x, y, w in points)
    sums = [list(accumulate(moment, initial=0.0)) for moment in zip(*moments, strict=True)]
    weight, mean_y = sums[0][-1], sums[3][-1] / sums[0][-1]
    about_mean = sum(w * (y - mean_y) ** 2 for _, y, w in points)
    corners = [xs[0] + (xs[-1] - xs[0]) * step / CORNERS for step in range(CORNERS)]
    errors = []
    for k in corners:
        # Weighted sums over the points behind the corner, of d = x - k.
        at = bisect_right(xs, k)
        w, x, xx, y, xy = (total[-1] - total[at] for total in sums)
        d, dd, dy = x - w * k, xx - 2 * k * x + w * k * k, xy - k * y
        spread = dd - d * d / weight
        slope = max((dy - d * mean_y) / spread, 0.0) if spread > 0 else 0.0
        errors.append(about_mean - slope * (2 * (dy - d * mean_y) - slope * spread))
    limit = max(min(errors), 1e-12) * (1 + student_t(n - 3) ** 2 / (n - 3))
    alike = [k for k, error in zip(corners, errors, strict=True) if error <= limit]
    return corners[errors.index(min(errors))], min(alike), max(alike)


def _failures(seconds: Sequence[Interval]) -> tuple[KindOnset, ...]:
    counts: Counter[str] = Counter()
    first: dict[str, Onset] = {}
    for n, second in enumerate(seconds):
        for kind, count in second.failed.items():
            counts[kind] += count
            if kind not in first:
                first[kind] = _error_onset(seconds, n)
    return tuple(KindOnset(kind, n, first[kind]) for kind, n in sorted(counts.items(), key=lambda item: -item[1]))


def _error_onset(seconds: Sequence[Interval], n: int) -> Onset:
    # The longest failures of a second may be of another kind.
    second = seconds[n]
    shortest_ms, longest_ms = second.failed_ms or (0.0, 0.0)
    since = n - 1 - ceil(longest_ms / 1000 / second.length)
    users = [0] * (since < 0) + [each.users for each in seconds[max(since, 0) : n + 1]]
    return Onset(second.t, round(users_at_start(seconds, n, shortest_ms)), min(users), max(users))
