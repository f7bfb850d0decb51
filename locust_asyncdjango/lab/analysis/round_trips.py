"""Round trips: how many times a request waits for a service, derived from its unloaded latency at several delays.

An unloaded request takes base + round trips x latency. The round trips are the slope of a line through its duration at
each latency (least squares); the base is the line's value at 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum, sqrt
from statistics import fmean, linear_regression

from locust_asyncdjango.metrics.statistics import student_t


@dataclass(frozen=True, slots=True)
class RoundTripFit:
    """The line through the unloaded latencies of an arm.

    round_trips: per request. low, high: their 95 % interval, None if there were only two points. base_ms: what a
    request takes besides the round trips.
    """

    round_trips: float
    low: float | None
    high: float | None
    base_ms: float

    def latency_ms(self, request_ms: float) -> float:
        """Return the latency at which an unloaded request takes this long."""
        return (request_ms - self.base_ms) / self.round_trips


def fit_round_trips(points: Sequence[tuple[float, float]]) -> RoundTripFit | None:
    """Return the fit through pairs of latency and unloaded request duration, both in milliseconds.

    Return None if all points have the same latency.
    """
    if len({latency for latency, _ in points}) < 2:
        return None
    latencies, durations = zip(*points, strict=True)
    slope, base_ms = linear_regression(latencies, durations)
    if len(points) < 3:
        return RoundTripFit(slope, None, None, base_ms)
    residuals = fsum((duration - base_ms - slope * latency) ** 2 for latency, duration in points) / (len(points) - 2)
    margin = student_t(len(points) - 2) * sqrt(
        residuals / fsum((latency - fmean(latencies)) ** 2 for latency in latencies)
    )
    return RoundTripFit(slope, slope - margin, slope + margin, base_ms)
