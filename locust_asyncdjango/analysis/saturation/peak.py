"""The peak of a run, and its successes, each with a 95 % interval.

The peak is the highest of many noisy means, so it is biased upward: it is shown for comparison with what others have
published, and decides nothing.
"""

from collections.abc import Sequence
from itertools import accumulate
from math import ceil, sqrt

from locust_asyncdjango.analysis.saturation.figures import PEAK_WINDOW_S, Range
from locust_asyncdjango.analysis.saturation.load_points import BASELINE_SECONDS
from locust_asyncdjango.metrics.interval import Interval, full_intervals
from locust_asyncdjango.metrics.statistics import ERROR, noise, normal_z, student_t


def find_peak(intervals: Sequence[Interval]) -> tuple[float, Range, int, Range]:
    """Return the peak in requests a second, its interval, the users at the peak, and their interval."""
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


def successes_range(intervals: Sequence[Interval]) -> Range:
    """Return how many successes another run under the same conditions may have."""
    total = sum(interval.ok for interval in intervals)
    length_s = intervals[0].length if intervals else 1
    margin = normal_z() * _noise(full_intervals(intervals)) * sqrt(len(intervals)) * length_s
    return round(max(total - margin, 0)), round(total + margin)
