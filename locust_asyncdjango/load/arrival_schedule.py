"""Calculate when requests of an open model are due, from stages of a rate. Pure functions; start at ``due_times``.

The rate is summed up over time. The n-th request is due when the sum reaches n plus a random part of 1. So the gaps
between requests differ, but there are no bursts: in any period the number of requests differs by less than 2 from what
the rate sums up to.
"""

from collections.abc import Iterator, Sequence
from math import inf, sqrt
from random import Random

SHORTEST_S = 1e-6
"""Seconds. A stage that is shorter is a jump to its level."""
RateStages = Sequence[tuple[float, float]]
"""(seconds, level) pairs: in these seconds the rate moves evenly from the level before (at first 0) to this level.

Levels are requests a second.
"""


def due_times(stages: RateStages, share: float, chance: Random, elapsed: float = 0.0) -> Iterator[float]:
    """Yield the times at which requests are due, in seconds since the start, in order.

    The iterator never ends if the last level is above 0, because that level stays.

    share: part of the rate that this process makes, from 0 to 1. chance: source of the random parts. elapsed: seconds
    since the start; earlier times are left out.
    """
    number = int(share * expected_requests(stages, elapsed))
    target = number + chance.random()
    begin_s, before, begun = 0.0, 0.0, 0.0
    for seconds, level in (*stages, (inf, stages[-1][1] if stages else 0.0)):
        slope = _slope(before, level, seconds)
        total = begun + _integral(before, slope, seconds)
        while target < share * total:
            time_s = begin_s + _time_to_reach(target / share - begun, before, slope)
            if time_s >= elapsed:
                yield time_s
            number += 1
            target = number + chance.random()
        begin_s, before, begun = begin_s + seconds, level, total


def expected_requests(stages: RateStages, until_s: float) -> float:
    """Return the sum of the rate from the start until ``until_s`` seconds: the number of requests due by then."""
    total, before = 0.0, 0.0
    for seconds, level in (*stages, (inf, stages[-1][1] if stages else 0.0)):
        part = min(seconds, until_s)
        total += _integral(before, _slope(before, level, seconds), part)
        until_s, before = until_s - part, level
    return total


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
