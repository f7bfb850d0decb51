"""Where a run saturated: seconds -> peak, successes, slowdown onset, error onset, with intervals. Sums and sorts only.

Definitions
    warm-up: as many of the first seconds as each had a median latency of successes above one and a half times that of
        the five answered seconds behind them (their median), at most a third of the run. Latency that falls while users
        climb is that of caches and connections, not of load.
    peak: the most successful requests a second over any ten consecutive seconds (all of them in a shorter run), with
        the users at the end of those seconds. Locust's own current rate is a ten-second mean too (locust/stats.py,
        ``current_rps``), so the two can be compared. Interval: Student's t of those seconds. Of its users: wherever
        ten seconds reach that interval.
    successes: their count. Interval: of another run that is alike, by the mean square of successive differences
        (von Neumann, 1941), which a trend does not disturb.
    slowdown: there is one if three seconds in a row have a median latency of successes above one and a half times the
        baseline, which is that of the first five whole seconds behind the warm-up (their median). Its onset are the
        users from which latency rises: the corner of a line that is flat and then rises, fitted to the mean latency of
        successes over users up to three times the baseline, by least squares, each second weighing as much as its
        successes. (The mean, because Little's law is about means: where users wait for slots in step, most do not wait
        at all for a long time.) Interval: the corners that fit as well by an F test (profile likelihood; Seber and
        Wild, Nonlinear Regression, 1989), and not less than the users change in a second; from 0 where latency rises
        from the first. Where users hardly change, its onset is the first of the three seconds.
    error onset: the users when a request began that failed, in the first second that had a failure. Interval: from the
        users when that request may have begun to those in the second of the failure.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import ceil, floor, sqrt
from statistics import median, stdev

from locust_asyncdjango.second import Second, whole

PEAK_WINDOW_S = 10
BASELINE_SECONDS = 5
SLOW_FACTOR = 1.5
SLOW_SECONDS = 3
FITTED_FACTOR = 3.0
FITTED_SECONDS = 6
"""Fewer of them, or of different numbers of users, show no corner."""
CORNERS = 200
"""That are tried."""
Z = 1.96
"""Of the normal distribution, for 95 %."""

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


def saturation(seconds: Sequence[Second]) -> Saturation:
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
        slowdown=_slowdown([second for second in whole(seconds) if second.t >= warm_up_s]),
        errors=min((failure.first for failure in failures), key=lambda onset: onset.t, default=None),
        failures=failures,
    )


def warm_up(seconds: Sequence[Second]) -> int:
    """The seconds at a run's beginning that tell of its warming up."""
    answered = [(second.t, second.p50_ms) for second in seconds if second.p50_ms is not None]
    medians = [ms for _, ms in answered]
    lowest = enumerate(accumulate(medians[: len(medians) // 3], min), 1)
    cold = [end for end, low in lowest if low > SLOW_FACTOR * median(medians[end : end + BASELINE_SECONDS])]
    return answered[cold[-1]][0] if cold else 0


def _peak(seconds: Sequence[Second]) -> tuple[float, Range, int, Range]:
    if not any(second.ok for second in seconds):
        return 0.0, (0.0, 0.0), 0, (0, 0)
    size = min(ceil(PEAK_WINDOW_S / seconds[0].length), len(seconds))
    ok = list(accumulate((second.ok for second in seconds), initial=0))
    length = list(accumulate((second.length for second in seconds), initial=0))
    ends = range(size, len(seconds) + 1)
    rates = {end: (ok[end] - ok[end - size]) / (length[end] - length[end - size]) for end in ends}
    best = max(ends, key=lambda end: rates[end])
    each = [second.ok / second.length for second in seconds[best - size : best]]
    margin = _t(size - 1) * stdev(each) / sqrt(size) if size > 1 else 0.0
    reached = [seconds[end - 1].users for end in ends if rates[end] >= rates[best] - margin]
    spread = (max(rates[best] - margin, 0.0), rates[best] + margin)
    return rates[best], spread, seconds[best - 1].users, (min(reached), max(reached))


def _successes_range(seconds: Sequence[Second]) -> Range:
    total = sum(second.ok for second in seconds)
    if len(seconds) < 2:
        return total, total
    variance = sum((after.ok - before.ok) ** 2 for before, after in pairwise(seconds)) / (len(seconds) - 1) / 2
    margin = Z * sqrt(len(seconds) * variance)
    return round(max(total - margin, 0)), round(total + margin)


def _slowdown(seconds: Sequence[Second]) -> Onset | None:
    answered = [second for second in seconds if second.ok]
    medians = [second.p50_ms or 0.0 for second in answered]
    if not medians:
        return None
    baseline = median(medians[:BASELINE_SECONDS])
    seen = _first_in_a_row(medians, SLOW_FACTOR * baseline)
    if seen is None:
        return None
    end = _first_in_a_row(medians, FITTED_FACTOR * baseline)
    fitted = answered[: seen + SLOW_SECONDS if end is None else max(end, seen + SLOW_SECONDS)]
    return _corner_onset(fitted) or Onset(
        answered[seen].t, answered[seen].users, answered[max(seen - 1, 0)].users, answered[seen].users
    )


def _first_in_a_row(medians: Sequence[float], limit: float) -> int | None:
    for first in range(len(medians) - SLOW_SECONDS + 1):
        if all(ms > limit for ms in medians[first : first + SLOW_SECONDS]):
            return first
    return None


def _corner_onset(seconds: Sequence[Second]) -> Onset | None:
    """From where on latency rises; None where too few numbers of users were seen."""
    # A request has seen the users of the whole second, not those at its end; a single slow second is passed over.
    users = [(before.users + second.users) / 2 for before, second in zip([seconds[0], *seconds], seconds, strict=False)]
    latencies = _medians_of_three([second.mean_ms or 0.0 for second in seconds])
    points = sorted(zip(users, latencies, [second.ok for second in seconds], strict=True))
    if len(set(users)) < FITTED_SECONDS:
        return None
    corner, low, high = _corner(points)
    step = max(abs(after.users - before.users) for before, after in pairwise(seconds))
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
    least = max(min(errors), 1e-12)
    alike = [k for k, error in zip(corners, errors, strict=True) if error <= least * (1 + _t(n - 3) ** 2 / (n - 3))]
    return corners[errors.index(min(errors))], min(alike), max(alike)


def _t(freedom: int) -> float:
    """Student's t for 95 %, by the first terms of its expansion about the normal distribution's (Fisher, 1926)."""
    g1, g2 = (Z**3 + Z) / 4, (5 * Z**5 + 16 * Z**3 + 3 * Z) / 96
    return Z + g1 / freedom + g2 / freedom**2


def _failures(seconds: Sequence[Second]) -> tuple[KindOnset, ...]:
    counts: Counter[str] = Counter()
    first: dict[str, Onset] = {}
    for n, second in enumerate(seconds):
        for kind, count in second.failed.items():
            counts[kind] += count
            if kind not in first:
                first[kind] = _error_onset(seconds, n)
    return tuple(KindOnset(kind, n, first[kind]) for kind, n in sorted(counts.items(), key=lambda item: -item[1]))


def _error_onset(seconds: Sequence[Second], n: int) -> Onset:
    # Of the failures of a second, the longest began first; it is taken to have ended in the middle of it.
    second = seconds[n]
    ago = second.longest_failed_ms / 1000 / second.length
    since = n - 1 - ceil(ago)
    users = [0] * (since < 0) + [each.users for each in seconds[max(since, 0) : n + 1]]
    return Onset(second.t, round(_users_at(seconds, n + 0.5 - ago)), min(users), max(users))


def _users_at(seconds: Sequence[Second], when: float) -> float:
    """Users at a moment, in lengths of a second since the start: between those at the ends of two seconds."""
    n = floor(when)
    before, after = (seconds[max(each, 0)].users for each in (n - 1, n))
    return before + (when - n) * (after - before)
