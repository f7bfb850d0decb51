"""Caveats: reasons to doubt a trial that show in the trial itself. Start reading at ``trial_caveats``.

Caveats that need a comparison with the other trials of an experiment are in ``findings``.
"""

from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from typing import Any

from locust_asyncdjango.analysis.generator_health import health_problems
from locust_asyncdjango.lab.experiment.result import ResourceSample
from locust_asyncdjango.metrics.interval import Interval

PROVENANCE_PARTS = ("versions", "machine", "services")
"""The parts of an experiment's provenance that must stay the same while it runs."""
NEIGHBOUR_CAVEATS = ("other programs used", "other virtual machines took")
"""The beginnings of caveats about less processor time for a trial. Results on disk hold them, so do not change them."""
MAX_OTHER_PERCENT = 20
"""The mean processor time of other programs, in percent of one processor, from which a trial gets a caveat."""
MAX_STEAL_PERCENT = 10
"""The mean processor time of other virtual machines, in percent of one processor, from which a trial gets a caveat."""


def trial_caveats(
    samples: Sequence[ResourceSample], intervals: Sequence[Interval], *, all_ours: bool = True
) -> tuple[str, ...]:
    """Return the caveats that follow from what was measured during a trial.

    samples: what server, services and machine used, one a second. intervals: the seconds of the run. all_ours: whether
    the lab started the server and all services. If it did not, "other programs" may be the server itself, and how much
    they used is no caveat.
    """
    caveats = [f"the server {sample.lost}, after {sample.t:.0f} s" for sample in samples if sample.lost]
    other_percent = _mean(sample.other_percent for sample in samples)
    steal_percent = _mean(sample.steal_percent for sample in samples)
    if all_ours and other_percent > MAX_OTHER_PERCENT:
        caveats.append(f"{NEIGHBOUR_CAVEATS[0]} {other_percent:.0f} % of a processor")
    if steal_percent > MAX_STEAL_PERCENT:
        caveats.append(f"{NEIGHBOUR_CAVEATS[1]} {steal_percent:.0f} % of a processor")
    return (*caveats, *health_problems(intervals).values())


def provenance_changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[str, ...]:
    """Return a sentence for each version, machine property and service that differs from when the experiment began.

    before, now: the provenance, with the parts that ``PROVENANCE_PARTS`` names.
    """
    return tuple(
        f"{name} is {now.get(part, {}).get(name)}, but was {value} when the experiment began"
        for part in PROVENANCE_PARTS
        for name, value in before.get(part, {}).items()
        if now.get(part, {}).get(name) != value
    )


def _mean(values: Iterable[float]) -> float:
    numbers = list(values)
    return fmean(numbers) if numbers else 0.0
