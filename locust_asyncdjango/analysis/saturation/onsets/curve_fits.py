"""Fits of latency over users or over time: flat and then rising, a step, a power of the users.

Start reading at ``fit_corner``. All are weighted least squares.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import log, sqrt
from operator import mul

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

    def values(self, xs: Sequence[float]) -> list[float]:
        """Return the height of the line at each of these places."""
        level, slope, corner = self.level, self.slope, self.corner
        return [level + slope * (x - corner) if x > corner else level for x in xs]


def fit_corner(points: Sequence[Point]) -> CornerFit:
    """Return the best corner of at least four points.

    The noise of a mean is a share of it: a point weighs as much as its requests by the square of the fitted latency.
    """
    cells = _Cells(points)
    fit = cells.fit_corner(cells.mean_ys)
    for _ in range(ROUNDS - 1):
        fit = cells.fit_corner(fit.values(cells.mean_xs))
    return fit


@dataclass(frozen=True, slots=True)
class QueueFit:
    """The queue that fits best: latency is constant up to a corner, and proportional to the users beyond it.

    low, high: the corners that fit as well, by an F test.
    """

    corner: float
    low: float
    high: float
    level: float

    def values(self, xs: Sequence[float]) -> list[float]:
        """Return the latency at each of these numbers of users."""
        return [self.level * max(x / self.corner, 1.0) for x in xs]


def fit_queue(points: Sequence[Point], persistence: float = 1.0) -> QueueFit:
    """Return the best queue of at least four points, whose users must be above 0. They weigh as for ``fit_corner``.

    persistence: how many times as much the mean of many points varies as if they were independent of each other.
    """
    cells = _Cells(points)
    fit = cells.fit_queue(cells.mean_ys, persistence)
    for _ in range(ROUNDS - 1):
        fit = cells.fit_queue(fit.values(cells.mean_xs), persistence)
    return fit


class _Cells:
    """Sums of the points between each corner that a fit tries and the next one. So more points hardly take longer.

    The points of a cell have the weight that belongs to their mean.
    """

    def __init__(self, points: Sequence[Point]) -> None:
        first, last = min(x for x, _, _ in points), max(x for x, _, _ in points)
        step = (last - first) / CORNERS
        cells = [[0.0] * 6 for _ in range(CORNERS)]
        for x, y, count in points:
            cell = cells[min(int((x - first) / step), CORNERS - 1) if step else 0]
            wx, wy = count * x, count * y
            cell[0] += count
            cell[1] += wx
            cell[2] += wx * x
            cell[3] += wy
            cell[4] += wy * x
            cell[5] += wy * y
        self._cells = cells
        self._count = len(points)
        self._corners = [first + step * n for n in range(CORNERS)]
        self.mean_xs = [cell[1] / cell[0] if cell[0] else 0.0 for cell in cells]
        self.mean_ys = [cell[3] / cell[0] if cell[0] else 0.0 for cell in cells]

    def fit_corner(self, expected: Sequence[float]) -> CornerFit:
        """Return the corner that fits best. expected: in each cell, the latency that its noise is a share of."""
        sums = self._sums_beyond(expected)
        weight, _, _, total_y, _, total_yy = sums[0]
        mean_y = total_y / weight
        squares_about_mean = max(total_yy - mean_y * total_y, 0.0)
        lines, rests = [], []
        for k, (w, x, xx, y, xy, _) in zip(self._corners, sums, strict=True):
            # The same with d = x - k in place of x, and y from its mean.
            d = x - w * k
            dd, dy = xx - k * (x + d), xy - k * y - mean_y * d
            spread = dd - d * d / weight
            slope = max(dy / spread, 0.0) if spread > 0 else 0.0
            lines.append((mean_y - slope * d / weight, slope))
            rests.append(max(squares_about_mean - slope * (2 * dy - slope * spread), 0.0))
        rest = min(rests)
        best = rests.index(rest)
        least = max(rest, 1e-9 * squares_about_mean, 1e-12)
        freedom = max(self._count - 3, 1)
        low, high = self._fitting(rests, least * (1 + student_t(freedom) ** 2 / freedom))
        return CornerFit(self._corners[best], low, high, *lines[best], (rests[0] - rest) / least * freedom)

    def fit_queue(self, expected: Sequence[float], persistence: float) -> QueueFit:
        """Return the queue that fits best. expected: as for ``fit_corner``. persistence: of the function."""
        sums = self._sums_beyond(expected)
        weight, _, _, total_y, _, total_yy = sums[0]
        levels, rests = [], []
        for k, (w, _, xx, y, xy, _) in zip(self._corners, sums, strict=True):
            # The sums with max(x / k, 1) in place of x.
            queue_y, queue_squares = total_y - y + xy / k, weight - w + xx / k**2
            levels.append(queue_y / queue_squares)
            rests.append(max(total_yy - queue_y * levels[-1], 0.0))
        rest = min(rests)
        best = rests.index(rest)
        freedom = max(self._count - 2, 1)
        low, high = self._fitting(rests, rest * (1 + persistence * student_t(freedom) ** 2 / freedom))
        return QueueFit(self._corners[best], low, high, levels[best])

    def _sums_beyond(self, expected: Sequence[float]) -> list[tuple[float, ...]]:
        """Return the weighted sums of 1, x, x * x, y, x * y and y * y over all points beyond each corner."""
        factors = [1 / max(y, 1e-9) ** 2 for y in expected]
        columns = (map(mul, factors, column) for column in zip(*self._cells, strict=True))
        beyond = (reversed(list(accumulate(reversed(list(column))))) for column in columns)
        return list(zip(*beyond, strict=True))

    def _fitting(self, rests: Sequence[float], limit: float) -> tuple[float, float]:
        """Return the first and the last corner that leave no more squares than a limit."""
        fitting = [k for k, rest in zip(self._corners, rests, strict=True) if rest <= limit]
        return fitting[0], fitting[-1]


def rest_of_step(points: Sequence[Point]) -> float:
    """Return the weighted squares that the best single step of the values leaves.

    points: at least two, in order of x.
    """
    weights, sums = list(accumulate(w for _, _, w in points)), list(accumulate(w * y for _, y, w in points))
    weight, total = weights[-1], sums[-1]
    below = zip(weights[:-1], sums[:-1], strict=True)
    explained = max(y * y / w + (total - y) * (total - y) / (weight - w) for w, y in below)
    return sum(w * y * y for _, y, w in points) - explained


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


def elasticity(points: Sequence[Point], relative_variance: float = 0.0) -> Elasticity | None:
    """Return the elasticity of latency over users, which must be above 0; None where the users hardly differ.

    relative_variance: of the latency of single requests, as a multiple of its squared mean. The error is at least what
    follows from it; few points may lie on a line by chance.
    """
    if len(points) < 2:
        return None
    logs = [(log(x), log(y), w) for x, y, w in points]
    weight = sum(w for _, _, w in logs)
    mean_x, mean_y = (sum(point[2] * point[axis] for point in logs) / weight for axis in (0, 1))
    logs = [(x - mean_x, y - mean_y, w) for x, y, w in logs]
    spread = sum(w * x * x for x, _, w in logs)
    if spread <= SMALLEST_SPREAD * weight:
        return None
    slope = sum(w * x * y for x, y, w in logs) / spread
    freedom = max(len(points) - 2, 1)
    rest = sum(w * (y - slope * x) ** 2 for x, y, w in logs)
    return Elasticity(slope, sqrt(max(rest / freedom, relative_variance) / spread), freedom)
