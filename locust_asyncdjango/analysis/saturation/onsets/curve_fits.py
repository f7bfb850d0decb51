"""Fits of latency over users or over time: flat and then rising, a step, a power of the users.

Start reading at ``fit_corner``. All are weighted least squares.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import log, sqrt

from locust_asyncdjango.metrics.statistics import student_t

CORNERS = 200
"""The number of corners that a fit tries."""
ROUNDS = 3
"""How often a fit is made, each time with the weights that follow from the one before."""
SMALLEST_SPREAD = 1e-4
"""Smaller variances of the logarithm of the users show no dependence on them."""

Point = tuple[float, float, float]
"""Where a latency was measured (users or seconds), the latency, and how many requests it is the mean of."""


@dataclass(frozen=True, slots=True)
class CornerFit:
    """The line y = level + slope * max(x - corner, 0), slope >= 0, that fits best.

    low, high: the corners that fit as well, by an F test. f: the F statistic of the corner against a straight line.
    """

    corner: float
    low: float
    high: float
    level: float
    slope: float
    f: float

    def value(self, x: float) -> float:
        """Return the height of the line."""
        return self.level + self.slope * max(x - self.corner, 0.0)


def fit_corner(points: Sequence[Point]) -> CornerFit:
    """Return the best corner of at least four points.

    The noise of a mean is a share of it: a point weighs as much as its requests by the square of the fitted latency.
    """
    ordered = sorted(points)
    fit = _fit_corner(ordered, [count / max(y, 1e-9) ** 2 for _, y, count in ordered])
    for _ in range(ROUNDS - 1):
        fit = _fit_corner(ordered, [count / max(fit.value(x), 1e-9) ** 2 for x, _, count in ordered])
    return fit


def _fit_corner(points: Sequence[Point], weights: Sequence[float]) -> CornerFit:
    xs, freedom, weight = [x for x, _, _ in points], max(len(points) - 3, 1), sum(weights)
    mean_y = sum(w * y for (_, y, _), w in zip(points, weights, strict=True)) / weight
    values = [(x, y - mean_y, w) for (x, y, _), w in zip(points, weights, strict=True)]
    moments = ((w, w * x, w * x * x, w * y, w * x * y) for x, y, w in values)
    sums = [list(accumulate(moment, initial=0.0)) for moment in zip(*moments, strict=True)]
    squares_about_mean = sum(w * y * y for _, y, w in values)
    corners = [xs[0] + (xs[-1] - xs[0]) * step / CORNERS for step in range(CORNERS)]
    lines, rests = [], []
    for k in corners:
        # Weighted sums over the points beyond the corner, of d = x - k.
        at = bisect_right(xs, k)
        w, x, xx, y, xy = (total[-1] - total[at] for total in sums)
        d, dd, dy = x - w * k, xx - 2 * k * x + w * k * k, xy - k * y
        spread = dd - d * d / weight
        slope = max(dy / spread, 0.0) if spread > 0 else 0.0
        lines.append((mean_y - slope * d / weight, slope))
        rests.append(max(squares_about_mean - slope * (2 * dy - slope * spread), 0.0))
    best = rests.index(min(rests))
    least = max(rests[best], 1e-9 * squares_about_mean, 1e-12)
    fitting = [
        k for k, rest in zip(corners, rests, strict=True) if rest <= least * (1 + student_t(freedom) ** 2 / freedom)
    ]
    return CornerFit(
        corners[best], min(fitting), max(fitting), *lines[best], f=(rests[0] - rests[best]) / least * freedom
    )


def rest_of_step(points: Sequence[Point]) -> float:
    """Return the weighted squares that the best single step of the values leaves.

    points: at least two, in order of x.
    """
    moments = ((w, w * y, w * y * y) for _, y, w in points)
    sums: list[list[float]] = [list(accumulate(moment, initial=0.0)) for moment in zip(*moments, strict=True)]
    weight, total, squares = (each[-1] for each in sums)

    def rest(at: int) -> float:
        w, y = sums[0][at], sums[1][at]
        below, above = y * y / w, (total - y) * (total - y) / (weight - w)
        return squares - below - above

    return min(rest(at) for at in range(1, len(points)))


@dataclass(frozen=True, slots=True)
class Elasticity:
    """By how many per cent latency rises with one per cent more users. error: its standard error.

    Where all users wait for the same few slots it is 1, and throughput does not rise. Where none waits it is 0.
    """

    value: float
    error: float
    freedom: int

    def is_above(self, limit: float) -> bool:
        """Return whether the elasticity is certain to be above a limit."""
        return self.value - student_t(self.freedom) * self.error > limit

    def is_below(self, limit: float) -> bool:
        """Return whether the elasticity is certain to be below a limit."""
        return self.value + student_t(self.freedom) * self.error < limit


def elasticity(points: Sequence[Point]) -> Elasticity | None:
    """Return the elasticity of latency over users, which must be above 0; None where the users hardly differ."""
    if len(points) < 2:
        return None
    weight = sum(w for _, _, w in points)
    mean_x, mean_y = (sum(point[2] * log(point[axis]) for point in points) / weight for axis in (0, 1))
    logs = [(log(x) - mean_x, log(y) - mean_y, w) for x, y, w in points]
    spread = sum(w * x * x for x, _, w in logs)
    if spread <= SMALLEST_SPREAD * weight:
        return None
    slope = sum(w * x * y for x, y, w in logs) / spread
    freedom = max(len(points) - 2, 1)
    rest = sum(w * (y - slope * x) ** 2 for x, y, w in logs)
    return Elasticity(slope, sqrt(rest / freedom / spread), freedom)
