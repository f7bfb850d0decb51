"""The round-trip budget: how many times a request waits for what is far away, and what it takes beside that.

A request by itself takes base + round trips x latency. The round trips are the slope of a line through what it took at
each latency (least squares), the base is the line at 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from scipy.stats import linregress

from locust_asyncdjango.metrics.statistics import student_t


@dataclass(frozen=True, slots=True)
class RoundTripFit:
    """round_trips of a request; low, high: their 95 % interval, None for two points, through which each line fits.

    base_ms: what a request takes beside them.
    """

    round_trips: float
    low: float | None
    high: float | None
    base_ms: float

    def latency_ms(self, request_ms: float) -> float:
        """The latency at which a request by itself takes so long."""
        return (request_ms - self.base_ms) / self.round_trips


def budget(points: Sequence[tuple[float, float]]) -> RoundTripFit | None:
    """Of (latency, what a request took by itself), both in milliseconds; None for a single latency."""
    if len({latency for latency, _ in points}) < 2:
        return None
    line = linregress([latency for latency, _ in points], [took for _, took in points])
    slope = float(line.slope)
    if len(points) < 3:
        return RoundTripFit(slope, None, None, float(line.intercept))
    margin = student_t(len(points) - 2) * float(line.stderr)
    return RoundTripFit(slope, slope - margin, slope + margin, float(line.intercept))
