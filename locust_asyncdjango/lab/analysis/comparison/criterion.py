"""The figure of a run that decides which arm is better. Start reading at ``choose_criterion``.

The peak is none of them: it is the highest of many noisy means, so that it is too high, and prefers bursty arms.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import log

from locust_asyncdjango.analysis.saturation import Capacity, Goodput, Saturation
from locust_asyncdjango.metrics.statistics import normal_z

MEDIAN_ERROR = 1.2533
"""The standard error of a median, in standard errors of the mean of normal values."""
P95_Z = 1.6449
"""How many standard deviations above the median the 95th percentile of the normal distribution is."""


class Criterion(StrEnum):
    """What decides between the arms of a subject.

    CAPACITY: the most users within the objective. GOODPUT: the successful requests a second on the plateau.
    LATENCY: the median on the plateau, where less is better. It is not the 95th percentile: of a server that is not at
    its limit that is mostly chance, since a plateau has only few requests beyond it. Slow tails are what the objective
    is about.
    """

    CAPACITY = "capacity"
    GOODPUT = "goodput"
    LATENCY = "latency"

    @property
    def unit(self) -> str:
        """Return the unit of the figure."""
        return {"capacity": "users", "goodput": "req/s", "latency": "ms"}[self.value]

    @property
    def label(self) -> str:
        """Return the name of the figure in tables, with its unit."""
        return {
            "capacity": "users within the objective",
            "goodput": "goodput at full load, req/s",
            "latency": "median latency, ms",
        }[self.value]

    @property
    def is_less_better(self) -> bool:
        """Return whether the smaller figure is the better one."""
        return self is Criterion.LATENCY


@dataclass(frozen=True, slots=True)
class Measurement:
    """The figure of one run.

    value: in the criterion's unit; 0 if the run carried nothing. variance: of the value's logarithm, the part that is
    due to the run's own few requests; other runs of the arm differ by at least as much.
    is_bound: whether the run shows only that the figure is at least as large.
    """

    value: float
    variance: float = 0.0
    is_bound: bool = False


def choose_criterion(arms: Sequence[Sequence[Saturation]]) -> Criterion | None:
    """Return what decides between arms; None where nothing does, as the figures are of an earlier version.

    arms: the figures of each arm's runs, at least one. The capacity decides if the objective holds on some arm, and if
    an arm leaves it in at least half of its runs. Otherwise the load was the limit of all arms, and goodput decides,
    or latency where no arm is saturated.
    """
    capacities = [[figures.capacity for figures in runs if figures.capacity] for runs in arms]
    is_left = (_are_most([capacity.is_reached for capacity in runs]) for runs in capacities)
    if all(capacities) and any(capacity.users for runs in capacities for capacity in runs) and any(is_left):
        return Criterion.CAPACITY
    if not all(any(figures.goodput for figures in runs) for runs in arms):
        return None
    is_unsaturated = [_are_most([figures.is_saturated is False for figures in runs]) for runs in arms]
    return Criterion.LATENCY if all(is_unsaturated) and _have_latency(arms) else Criterion.GOODPUT


def measure(figures: Saturation, criterion: Criterion) -> Measurement | None:
    """Return the criterion's figure of a run; None if the run does not have it."""
    if criterion is Criterion.CAPACITY:
        return _measure_capacity(figures.capacity) if figures.capacity else None
    if figures.goodput is None:
        return None
    return _measure_goodput(figures.goodput) if criterion is Criterion.GOODPUT else _measure_latency(figures.goodput)


def _measure_capacity(capacity: Capacity) -> Measurement:
    users = capacity.users
    if users <= 0:
        return Measurement(0.0, 0.0, not capacity.is_reached)
    below, above = log(users / capacity.low) if capacity.low > 0 else 0.0, log(max(capacity.high, users) / users)
    spread = max(below, above) / normal_z()
    return Measurement(users, spread**2 + 1 / (12 * users**2), not capacity.is_reached)  # users are whole numbers


def _measure_goodput(goodput: Goodput) -> Measurement:
    requests = _requests(goodput)
    return Measurement(goodput.per_s, 1 / requests) if requests > 0 else Measurement(0.0)  # Poisson


def _measure_latency(goodput: Goodput) -> Measurement | None:
    requests = _requests(goodput)
    if not goodput.p50_ms or not requests:
        return None
    deviation = max((goodput.p95_ms or 0.0) / goodput.p50_ms - 1, 0.0) / P95_Z
    return Measurement(goodput.p50_ms, (MEDIAN_ERROR * deviation) ** 2 / requests)


def _requests(goodput: Goodput) -> float:
    return goodput.per_s * (goodput.end_s - goodput.begin_s)


def _are_most(values: Sequence[bool]) -> bool:
    return 2 * sum(values) >= len(values)


def _have_latency(arms: Sequence[Sequence[Saturation]]) -> bool:
    return all(any(figures.goodput and figures.goodput.p50_ms for figures in runs) for runs in arms)
