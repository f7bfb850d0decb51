"""Caveats: reasons to doubt a trial that show in the trial itself. Start reading at ``trial_caveats``.

Caveats that need a comparison with the other trials of an experiment are in ``findings``.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from statistics import fmean
from typing import Any

from locust_asyncdjango.analysis.generator_health import health_problems
from locust_asyncdjango.analysis.saturation import Goodput
from locust_asyncdjango.analysis.silences import find_silences
from locust_asyncdjango.lab.analysis.processor_use import find_processor_use
from locust_asyncdjango.lab.experiment.result import ResourceSample
from locust_asyncdjango.metrics.interval import Interval

VERSIONS = "versions"
PROVENANCE_PARTS = (VERSIONS, "machine", "services", "project")
"""The parts of an experiment's provenance that must stay the same while it runs."""
NEIGHBOUR_CAVEATS = ("other programs used", "other virtual machines took")
"""The beginnings of caveats about less processor time for a trial. Results on disk hold them, so do not change them."""
MAX_OTHER_PERCENT = 20
"""The mean processor time of other programs, in percent of one processor, from which a trial gets a caveat."""
MAX_STEAL_PERCENT = 10
"""The mean processor time of other virtual machines, in percent of one processor, from which a trial gets a caveat."""

LAB = "the lab"
"""What a caveat calls the process that runs the trials."""
SAMPLE_INTERVAL_S = 1
"""Seconds between two samples of a trial."""
MAX_SAMPLE_DELAY_S = 1
"""Seconds by which a sample may be late. Reading what a server uses takes a while on a busy machine."""


def trial_caveats(
    samples: Sequence[ResourceSample],
    intervals: Sequence[Interval],
    *,
    all_ours: bool = True,
    started_s: float = 0.0,
    full_load: Goodput | None = None,
) -> tuple[str, ...]:
    """Return the caveats that follow from what was measured during a trial.

    samples: what server, services and machine used, one a second. intervals: the seconds of the run. all_ours: whether
    the lab started the server and all services. If it did not, "other programs" may be the server itself, and how much
    they used is no caveat. started_s: the epoch second that is second 0 of the run. full_load: the figures of the
    plateau, with its seconds.
    """
    caveats = [f"the server {sample.lost}, after {sample.t:.0f} s" for sample in samples if sample.lost]
    other_percent = _mean(sample.other_percent for sample in samples)
    steal_percent = _mean(sample.steal_percent for sample in samples)
    if all_ours and other_percent > MAX_OTHER_PERCENT:
        caveats.append(f"{NEIGHBOUR_CAVEATS[0]} {other_percent:.0f} % of a processor")
    if steal_percent > MAX_STEAL_PERCENT:
        caveats.append(f"{NEIGHBOUR_CAVEATS[1]} {steal_percent:.0f} % of a processor")
    use = find_processor_use(samples, full_load, started_s) if full_load else None
    if use and use.is_full:
        caveats.append(use.full_text)
    caveats += [silence.text for silence in find_silences(intervals)]
    return (*caveats, *standstills(samples, started_s), *health_problems(intervals).values())


def standstills(samples: Sequence[ResourceSample], started_s: float) -> tuple[str, ...]:
    """Return a sentence for each time in which a process, or the lab itself, stood still: how long, and when.

    started_s: the epoch second that is second 0 of the run. What ended before it is left out.
    """
    timed = [sample for sample in samples if sample.at_s]
    stops = [(LAB, *times) for times in _pauses_of_lab(timed)]
    for name in dict.fromkeys(name for sample in timed for name in sample.stopped):
        stops += [(name, *times) for times in _stops_of(name, timed)]
    return tuple(
        f"{name} stood still for {max(round(end_s - begin_s), 1)} s, from second {max(int(begin_s - started_s), 0)} on"
        for name, begin_s, end_s in stops
        if end_s > started_s
    )


def _stops_of(name: str, samples: Sequence[ResourceSample]) -> Iterator[tuple[float, float]]:
    """Yield the begin and the end, in epoch seconds, of each time in which a process was stopped in all samples.

    Each lies between two samples, and is taken to be in their middle.
    """
    begin_s, before_s = None, samples[0].at_s - SAMPLE_INTERVAL_S
    for sample in samples:
        middle_s, before_s = (before_s + sample.at_s) / 2, sample.at_s
        if name in sample.stopped:
            begin_s = middle_s if begin_s is None else begin_s
        elif begin_s is not None:
            yield begin_s, middle_s
            begin_s = None
    if begin_s is not None:
        yield begin_s, before_s + SAMPLE_INTERVAL_S / 2


def _pauses_of_lab(samples: Sequence[ResourceSample]) -> Iterator[tuple[float, float]]:
    """Yield the begin and the end, in epoch seconds, of each time in which the lab should have sampled and did not."""
    for before, after in pairwise(samples):
        pause_s = after.t - before.t - SAMPLE_INTERVAL_S  # not by at_s, as the clock of the system may be set
        if pause_s > MAX_SAMPLE_DELAY_S:
            yield after.at_s - pause_s, after.at_s


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
