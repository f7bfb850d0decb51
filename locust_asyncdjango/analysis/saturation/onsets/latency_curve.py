"""Latency over users, and over time: the points of a run, with each fit that is made to them.

Start reading at ``LatencyCurve``.
"""

from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise
from math import sqrt

from locust_asyncdjango.analysis.saturation.onsets.curve_fits import (
    CornerFit,
    Elasticity,
    Point,
    QueueFit,
    elasticity,
    fit_corner,
    fit_queue,
    rest_of_step,
)
from locust_asyncdjango.analysis.saturation.onsets.latency_points import LatencyPoint
from locust_asyncdjango.metrics.statistics import student_t

PRECISION = 0.02
"""The share of a latency that a fit to the users at its beginning may miss by."""
HIGHEST_CORRELATION = 0.8
"""The correlation of neighbouring seconds is taken to be this at most."""


class LatencyCurve:
    """The latency points of a run, or of its beginning. Each fit is made when it is first needed, and once."""

    def __init__(self, points: Sequence[LatencyPoint]) -> None:
        """Prepare a curve. points: in the order of time."""
        self.points = points

    def until(self, end: int) -> "LatencyCurve":
        """Return the curve of the points before an index."""
        return self if end >= len(self.points) else LatencyCurve(self.points[:end])

    @cached_property
    def over_users(self) -> list[Point]:
        """Return the points with their users, fewest users first."""
        return sorted((point.users, point.ms, point.weight) for point in self.points)

    @cached_property
    def mean_ms(self) -> float:
        """Return the mean latency of all requests."""
        return mean(self.over_users)[1]

    @cached_property
    def elasticity(self) -> Elasticity | None:
        """Return the elasticity of latency over users; None where the users hardly differ."""
        return elasticity(self.over_users)

    @cached_property
    def corner(self) -> CornerFit:
        """Return the best corner of latency over users."""
        return fit_corner(self.over_users)

    @cached_property
    def rests(self) -> tuple[float, float]:
        """Return the weighted squares that a corner over users leaves unexplained, and those that time leaves."""
        expected, weights = self._expected
        return self._rest(expected, weights) + self._floor, self._rest_by_time(weights) + self._floor

    @cached_property
    def may_be_queue(self) -> bool:
        """Return whether latency may be constant at first and then proportional to the users, as behind full slots.

        It may be so if this fits as well as the best corner, by an F test.
        """
        expected, weights = self._expected
        freedom, rest = max(len(self.points) - 3, 1), self._rest(expected, weights) + self._floor
        of_queue = self._rest(self.queue.values([point.users for point in self.points]), weights) + self._floor
        return of_queue <= rest * (1 + student_t(freedom) ** 2 / freedom)

    @property
    def _floor(self) -> float:
        """Return the squares that decide nothing: differences below what the users of a request are known by."""
        return PRECISION**2 * sum(point.weight for point in self.points)

    @cached_property
    def queue(self) -> QueueFit:
        """Return the best fit of a queue: latency is constant at first, and then proportional to the users."""
        return fit_queue(self.over_users, self._persistence)

    @property
    def _persistence(self) -> float:
        """Return how many times as much the mean of the seconds varies as if none resembled the one before."""
        expected, weights = self._expected
        values = zip(self.points, expected, weights, strict=True)
        rests = [(point.ms - ms) * sqrt(weight) for point, ms, weight in values]
        squares = sum(rest * rest for rest in rests)
        correlation = sum(before * after for before, after in pairwise(rests)) / squares if squares else 0.0
        correlation = min(max(correlation, 0.0), HIGHEST_CORRELATION)
        return (1 + correlation) / (1 - correlation)

    @cached_property
    def _expected(self) -> tuple[list[float], list[float]]:
        """Return the latency of each point by the best corner over users, and the weight that follows from it."""
        expected = self.corner.values([point.users for point in self.points])
        weights = [point.weight / max(ms, 1e-9) ** 2 for point, ms in zip(self.points, expected, strict=True)]
        return expected, weights

    @cached_property
    def rests_of_level(self) -> tuple[float, float]:
        """Return the weighted squares that a constant latency leaves unexplained, and those that time leaves."""
        weights = [point.weight / self.mean_ms**2 for point in self.points]
        return self._rest([self.mean_ms] * len(self.points), weights), self._rest_by_time(weights)

    def _rest_by_time(self, weights: Sequence[float]) -> float:
        """Return the weighted squares that the best corner or the best step over time leaves."""
        # A request belongs to the time when it began, as it does to the users of that time.
        began_s = [point.began_s for point in self.points]
        ordered = sorted((t, point.ms, w) for t, point, w in zip(began_s, self.points, weights, strict=True))
        return min(self._rest(self._corner_over_time.values(began_s), weights), rest_of_step(ordered))

    @cached_property
    def _corner_over_time(self) -> CornerFit:
        return fit_corner([(point.began_s, point.ms, point.weight) for point in self.points])

    def _rest(self, expected: Sequence[float], weights: Sequence[float]) -> float:
        values = zip(self.points, expected, weights, strict=True)
        return sum(weight * (point.ms - ms) ** 2 for point, ms, weight in values)


def mean(points: Sequence[Point]) -> tuple[float, float]:
    """Return the mean users and the mean latency of all requests of some points."""
    weight = sum(w for _, _, w in points)
    return sum(w * x for x, _, w in points) / weight, sum(w * y for _, y, w in points) / weight
