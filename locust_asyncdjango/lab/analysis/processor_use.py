"""Who used the processors at full load, and whether the machine was full. Start reading at ``find_processor_use``.

The generator runs on the machine that it loads. Where no processor has time left, it slows the server.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from statistics import fmean
from typing import Any

from locust_asyncdjango.analysis.saturation import Goodput
from locust_asyncdjango.lab.experiment.result import ResourceSample

FULL_PERCENT = 90.0
"""A machine is full if each of its processors is busy for so much of the time, in per cent."""
FULL = "the machine was full"
"""The beginning of the caveat of a full machine. Results on disk hold it, so do not change it."""
FEWEST_SAMPLES = 3
"""Fewer seconds of full load say nothing about it."""
HALF_SAMPLE_S = 0.5
"""A sample is about the second before it."""


@dataclass(frozen=True, slots=True)
class ProcessorUse:
    """How busy the processors that the lab may use were at full load, on average. All but their number is in per cent.

    processors: how many there are. least_busy: how busy the processor was that had most time left.
    The others are shares of the time of all processors together. busy: with whatever. generator: Locust and its
    workers. server: with all its processes; 0 for one that the lab did not start. services: databases, proxies and the
    lab itself. others: programs that are not the lab's. stolen: other virtual machines.
    """

    processors: int
    least_busy: float
    busy: float
    generator: float
    server: float
    services: float
    others: float
    stolen: float

    @property
    def is_full(self) -> bool:
        """Return whether no processor had time left."""
        return self.least_busy >= FULL_PERCENT

    @property
    def full_text(self) -> str:
        """Return the caveat of a full machine."""
        return (
            f"{FULL}: at full load its processors were {self.busy:.0f} % busy (generator {self.generator:.0f} %, server"
            f" {self.server:.0f} %), so that all programs slowed each other down; a larger machine may carry more"
        )


def find_processor_use(samples: Sequence[ResourceSample], full_load: Goodput, started_s: float) -> ProcessorUse | None:
    """Return how busy the processors were in the seconds of full load; None where too few samples say so.

    started_s: the epoch second that is second 0 of the run.
    """
    begin_s, end_s = started_s + full_load.begin_s, started_s + full_load.end_s
    used = [
        each
        for each in samples
        if begin_s <= each.at_s - HALF_SAMPLE_S < end_s and each.busy_percents and each.generator_percent is not None
    ]
    if len(used) < FEWEST_SAMPLES:
        return None
    # A machine may switch a processor off or on; then those count that all samples have.
    by_processor = [fmean(each) for each in zip(*(sample.busy_percents for sample in used), strict=False)]
    number = len(by_processor)
    generator = fmean(each.generator_percent or 0.0 for each in used)
    server = fmean(each.cpu_percent for each in used)
    own = fmean(each.own_percent for each in used)
    return ProcessorUse(
        processors=number,
        least_busy=min(by_processor),
        busy=fmean(by_processor),
        generator=generator / number,
        server=server / number,
        services=max(own - generator - server, 0.0) / number,
        others=fmean(each.other_percent for each in used) / number,
        stolen=fmean(each.steal_percent for each in used) / number,
    )


def mean_use(uses: Sequence[ProcessorUse]) -> ProcessorUse:
    """Return the means over several runs, at least one, on the same machine."""
    percents = (field.name for field in fields(ProcessorUse) if field.name != "processors")
    means: dict[str, Any] = {name: fmean(getattr(use, name) for use in uses) for name in percents}
    return replace(uses[0], **means)
