"""Calculate when requests of an open model are due, from stages of a rate. Pure functions; start at ``ArrivalPlan``.

The rate is summed up over time, and each request is due when the sum reaches the request's position. A process of
Poisson arrivals has random gaps between positions, with an exponential distribution and a mean of 1. For uniform
arrivals the n-th request has the position n plus a random part of 1: the gaps differ, but there are no bursts.

Several processes that share a rate make together what one process would make. Poisson processes with a part of the rate
each add up to a Poisson process. Of uniform arrivals, each process makes every k-th position.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf, sqrt
from random import Random

from locust_asyncdjango.shapes import Arrivals

SHORTEST_S = 1e-6
"""Seconds. A stage that is shorter is a jump to its level."""
RateStages = Sequence[tuple[float, float]]
"""(seconds, level) pairs: in these seconds the rate moves evenly from the level before (at first 0) to this level.

Levels are requests a second.
"""


@dataclass(frozen=True, slots=True)
class ArrivalPlan:
    """The requests of an open model that one process makes.

    stages: the rate of all processes together. arrivals: one of Arrivals, or its text.
    number: which of the processes that share the rate this is, from 0. processes: how many they are.
    """

    stages: RateStages
    arrivals: str = Arrivals.POISSON
    number: int = 0
    processes: int = 1

    def due_times(self, chance: Random, elapsed: float = 0.0) -> Iterator[float]:
        """Yield the times at which requests of this process are due, in seconds since the start, in order.

        The iterator never ends if the last level is above 0, because that level stays.

        chance: source of randomness. elapsed: seconds since the start; earlier times are left out.
        """
        begun = expected_requests(self.stages, elapsed)
        positions = _uniform if self.arrivals == Arrivals.UNIFORM else _poisson
        times = _times_at(positions(begun, self.number, self.processes, chance), self.stages)
        return (time_s for time_s in times if time_s >= elapsed)


def expected_requests(stages: RateStages, until_s: float) -> float:
    """Return the sum of the rate from the start until ``until_s`` seconds: the mean number of requests due by then."""
    total, before = 0.0, 0.0
    for seconds, level in (*stages, (inf, stages[-1][1] if stages else 0.0)):
        part = min(seconds, until_s)
        total += _integral(before, _slope(before, level, seconds), part)
        until_s, before = until_s - part, level
    return total


def _poisson(begin: float, _number: int, processes: int, chance: Random) -> Iterator[float]:
    """Yield the positions of a process that makes one of so many parts of the arrivals.

    Nothing has to be known of what was due before, because a Poisson process has no memory.
    """
    position = begin
    while True:
        position += chance.expovariate(1 / processes)
        yield position


def _uniform(begin: float, number: int, processes: int, chance: Random) -> Iterator[float]:
    """Yield every so many positions: those whose whole part leaves ``number`` when it is divided by ``processes``."""
    whole = int(begin) + (number - int(begin)) % processes
    while True:
        yield whole + chance.random()
        whole += processes


def _times_at(positions: Iterator[float], stages: RateStages) -> Iterator[float]:
    """Yield the time at which the sum of the rate reaches each position, as long as it does."""
    position = next(positions)
    begin_s, before, begun = 0.0, 0.0, 0.0
    for seconds, level in (*stages, (inf, stages[-1][1] if stages else 0.0)):
        slope = _slope(before, level, seconds)
        total = begun + _integral(before, slope, seconds)
        while position < total:
            yield begin_s + _time_to_reach(position - begun, before, slope)
            position = next(positions)
        begin_s, before, begun = begin_s + seconds, level, total


def _slope(before: float, level: float, seconds: float) -> float:
    return (level - before) / seconds if seconds > SHORTEST_S else 0.0


def _integral(rate: float, slope: float, seconds: float) -> float:
    if not slope:
        return rate * seconds if rate else 0.0  # not 0 * inf, which is NaN
    return seconds * (rate + slope * seconds / 2)


def _time_to_reach(amount: float, rate: float, slope: float) -> float:
    """Return the seconds in which a rate that changes by ``slope`` a second sums up to ``amount``."""
    if not slope:
        return amount / rate
    # The solution of slope / 2 t**2 + rate t = amount that loses no digits when the slope is small.
    return 2 * amount / (rate + sqrt(max(rate**2 + 2 * slope * amount, 0.0)))
