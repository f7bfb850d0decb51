"""What speaks against a trial: the machine, the server or the generator was not what it should have been.

What shows only beside the other trials of an experiment is in findings.
"""

from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from typing import Any

from locust_asyncdjango.analysis.generator_health import health_problems
from locust_asyncdjango.lab.experiment.result import ResourceSample
from locust_asyncdjango.metrics.interval import Interval

ENVIRONMENT_PARTS = ("versions", "machine", "services")
"""What is kept of where an experiment runs."""
NEIGHBOUR_CAVEATS = ("other programs used", "other virtual machines took")
"""What a mark begins with, if the machine had less for a trial."""
MOST_OTHER_PERCENT = 20
"""Of a processor, on average, that other programs may use."""
MOST_STEAL_PERCENT = 10
"""Of a processor, on average, that other virtual machines may take."""


def marks(costs: Sequence[ResourceSample], seconds: Sequence[Interval], *, all_ours: bool = True) -> tuple[str, ...]:
    """By what was seen each second. all_ours: whether the lab has started the server and all its services, so that what
    it has not started has nothing to do with the trial."""
    found = [f"the server {cost.lost}, after {cost.t:.0f} s" for cost in costs if cost.lost]
    other, steal = (_mean(cost.other_percent for cost in costs), _mean(cost.steal_percent for cost in costs))
    if all_ours and other > MOST_OTHER_PERCENT:
        found.append(f"{NEIGHBOUR_CAVEATS[0]} {other:.0f} % of a processor")
    if steal > MOST_STEAL_PERCENT:
        found.append(f"{NEIGHBOUR_CAVEATS[1]} {steal:.0f} % of a processor")
    return (*found, *health_problems(seconds).values())


def changed(begun: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[str, ...]:
    """What is no longer as it was when the experiment began: versions, machine, services."""
    return tuple(
        f"{name} is {now.get(part, {}).get(name)}, and was {value} when the experiment began"
        for part in ENVIRONMENT_PARTS
        for name, value in begun.get(part, {}).items()
        if now.get(part, {}).get(name) != value
    )


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return fmean(found) if found else 0.0
