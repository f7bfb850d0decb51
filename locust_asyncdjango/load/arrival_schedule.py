"""When requests of an open model are due: stages of a rate -> times, which are jittered and come in no bursts. Pure.

The n-th request is due when the rate, summed up over time, reaches n and a part of 1 that chance chooses: gaps differ,
and yet in no time does the number of requests differ by 2 or more from what the rate sums up to.
"""

from collections.abc import Iterator, Sequence
from math import inf, sqrt
from random import Random

SHORTEST_S = 1e-6
"""Of a stage: a shorter one is a jump."""
Stages = Sequence[tuple[float, float]]
"""Seconds in which the rate goes evenly to a level, in requests a second, from that of the stage before; at first 0."""


def due_times(stages: Stages, share: float, chance: Random, elapsed: float = 0.0) -> Iterator[float]:
    """Seconds from the start, in their order and without end, as the last level stays.

    share: of the rate, for one of several processes. elapsed: seconds, from which on they are told.
    """
    number = int(share * expected_requests(stages, elapsed))
    wanted = number + chance.random()
    begin_s, before, begun = 0.0, 0.0, 0.0
    for seconds, level in (*stages, (inf, stages[-1][1] if stages else 0.0)):
        slope = _slope(before, level, seconds)
        whole = begun + _sum(before, slope, seconds)
        while wanted < share * whole:
            when = begin_s + _reached(wanted / share - begun, before, slope)
            if when >= elapsed:
                yield when
            number += 1
            wanted = number + chance.random()
        begin_s, before, begun = begin_s + seconds, level, whole


def expected_requests(stages: Stages, until_s: float) -> float:
    """What the rate sums up to: how many requests are due by then, but for parts."""
    total, before = 0.0, 0.0
    for seconds, level in (*stages, (inf, stages[-1][1] if stages else 0.0)):
        part = min(seconds, until_s)
        total += _sum(before, _slope(before, level, seconds), part)
        until_s, before = until_s - part, level
    return total


def _slope(before: float, level: float, seconds: float) -> float:
    return (level - before) / seconds if seconds > SHORTEST_S else 0.0


def _sum(rate: float, slope: float, seconds: float) -> float:
    if not slope:
        return rate * seconds if rate else 0.0  # of an end that never comes as well
    return seconds * (rate + slope * seconds / 2)


def _reached(amount: float, rate: float, slope: float) -> float:
    """Seconds in which a rate that changes by a slope sums up to an amount."""
    if not slope:
        return amount / rate
    # The solution of slope / 2 t**2 + rate t = amount that does not lose digits where the slope is small.
    return 2 * amount / (rate + sqrt(max(rate**2 + 2 * slope * amount, 0.0)))
