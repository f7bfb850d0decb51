"""What speaks against a trial: the machine, the server or the generator was not what it should have been."""

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from locust_asyncdjango.lab.costs import Cost
from locust_asyncdjango.lab.fits import BOUND_CPU
from locust_asyncdjango.second import Second

MOST_OTHER_PERCENT = 20
"""Of a processor, on average, that other programs may use."""
MOST_STEAL_PERCENT = 10
"""Of a processor, on average, that other virtual machines may take."""
SLOWEST = 0.9
"""Of the highest frequency, that the lowest may be."""


def marks(costs: Sequence[Cost], seconds: Sequence[Second]) -> tuple[str, ...]:
    """By what was seen each second."""
    found = [f"the server {cost.lost}, after {cost.t:.0f} s" for cost in costs if cost.lost]
    if costs:
        found += _of_machine(costs)
    busy = sum(second.cpu >= BOUND_CPU for second in seconds)
    if busy * 10 > len(seconds):
        busy_to = f"busy to {BOUND_CPU:.0f} % or more"
        found.append(f"the generator's processor was {busy_to} in {busy} of {len(seconds)} seconds")
    return tuple(found)


def _of_machine(costs: Sequence[Cost]) -> list[str]:
    found = []
    other, steal = fmean(cost.other_percent for cost in costs), fmean(cost.steal_percent for cost in costs)
    if other > MOST_OTHER_PERCENT:
        found.append(f"other programs used {other:.0f} % of a processor")
    if steal > MOST_STEAL_PERCENT:
        found.append(f"other virtual machines took {steal:.0f} % of a processor")
    speeds = [cost.mhz for cost in costs if cost.mhz]
    if speeds and min(speeds) < SLOWEST * max(speeds):
        found.append(f"the processors ran at {min(speeds):.0f} to {max(speeds):.0f} MHz")
    return found


def changed(begun: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[str, ...]:
    """What is no longer as it was when the experiment began: versions, machine, processors of each."""
    return tuple(
        f"{name} is {now.get(part, {}).get(name)}, and was {value} when the experiment began"
        for part in ("versions", "machine")
        for name, value in begun.get(part, {}).items()
        if now.get(part, {}).get(name) != value
    )
