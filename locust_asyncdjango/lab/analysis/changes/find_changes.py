"""Find what changed between two results folders or two runs: figures, settings and provenance.

Start reading at ``find_changes``.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from math import exp, log
from statistics import fmean, geometric_mean
from typing import Any

from locust_asyncdjango.analysis.conditions.objective import objective_of
from locust_asyncdjango.analysis.formatting import not_measured_reason, too_short_reason
from locust_asyncdjango.analysis.saturation import PEAK_WINDOW_S, Saturation, find_saturation
from locust_asyncdjango.lab.analysis.arm_runs import ArmRuns
from locust_asyncdjango.lab.analysis.caveats import PROVENANCE_PARTS, VERSIONS
from locust_asyncdjango.lab.analysis.changes.arm_change import CAPACITY, GOODPUT, PEAK, ArmChange, Changes
from locust_asyncdjango.lab.analysis.changes.change_stats import CommonChange, Run, Samples, estimate_changes
from locust_asyncdjango.lab.analysis.changes.name_changes import find_name_changes
from locust_asyncdjango.lab.analysis.findings import Findings
from locust_asyncdjango.lab.analysis.request_mix.mixes import requests_of, requests_of_run
from locust_asyncdjango.lab.analysis.sites import lab_versions, versions_of_sites
from locust_asyncdjango.lab.experiment.spec import Experiment
from locust_asyncdjango.metrics.series_file import Series
from locust_asyncdjango.metrics.statistics import ERROR, normal_z

Runs = tuple[Sequence[Saturation], Sequence[Saturation]]
"""The figures of the runs of an arm, before and after."""


def find_changes(
    before: Findings, after: Findings, provenances: tuple[Mapping[str, Any], Mapping[str, Any]]
) -> Changes:
    """Return what changed. provenances: when, where and with which versions each experiment was run."""
    old, new = ({runs.title: runs for runs in findings.runs} for findings in (before, after))
    common = [title for title in old if title in new]
    arms = [(old[title], new[title]) for title in common]
    runs = [(_figures(first), _figures(second)) for first, second in arms]
    missing = [f"only in the first folder: {title}" for title in old if title not in new]
    missing += [f"only in the second folder: {title}" for title in new if title not in old]
    settings = _differences(_settings(before.experiment), _settings(after.experiment))
    sites = _differences(versions_of_sites(before.results), versions_of_sites(after.results))
    context = (line for part in PROVENANCE_PARTS for line in _differences(*(_part(each, part) for each in provenances)))
    changes, capacities, together = _changes_of(
        common, [first.trial.route for first, _ in arms], runs, [_invalid(*each) for each in arms], _speed_ratio(arms)
    )
    names = find_name_changes(
        (first.title, requests_of(first, before.series), requests_of(second, after.series)) for first, second in arms
    )
    return Changes((*settings, *sites, *context), changes, tuple(missing), together, capacities, names)


def find_run_changes(before: Series, after: Series) -> Changes:
    """Return what changed from one run of Locust to another: its figures, and what its header says."""
    objective = objective_of(after.header)
    old, new = (find_saturation(each.intervals, each.load_levels, objective) for each in (before, after))
    name = ", ".join(after.header.get("user_classes", ())) or "the run"
    reasons = (not_measured_reason(each) or too_short_reason(each) for each in (old, new))
    reason = next(filter(None, reasons), "")
    headers = ({key: value for key, value in each.header.items() if key != "started"} for each in (before, after))
    changes, capacities, together = _changes_of([name], [name], [([old], [new])], [reason], None)
    requests = [[each] if each else [] for each in map(requests_of_run, (before, after))]
    names = find_name_changes([(name, requests[0], requests[1])])
    return Changes(tuple(_differences(*headers)), changes, (), together, capacities, names)


def _changes_of(
    names: Sequence[str],
    groups: Sequence[str],
    runs: Sequence[Runs],
    invalid_reasons: Sequence[str],
    speed_ratio: float | None,
) -> tuple[tuple[ArmChange, ...], tuple[ArmChange, ...], CommonChange]:
    """Return the changes of what arms carry, of the capacities that are known, and the change common to all arms.

    names, groups, runs, invalid_reasons: of each arm.
    """
    are_valid = [not reason for reason in invalid_reasons]
    carried = [_carried(group, each) for group, each in zip(groups, runs, strict=True)]
    capacities = [_capacities(group, each) for group, each in zip(groups, runs, strict=True)]
    # Two figures of an arm are two chances to be wrong.
    error = ERROR / 2 if any(each.is_comparable for each in capacities) else ERROR
    estimated, common = estimate_changes(_valid([each for _, each in carried], are_valid), speed_ratio, error)
    arms = tuple(
        ArmChange(name, _mean(samples.before), _mean(samples.after), change, measure, reason)
        for name, (measure, samples), change, reason in zip(names, carried, estimated, invalid_reasons, strict=True)
    )
    of_capacity, _ = estimate_changes(_valid(capacities, are_valid), speed_ratio, error)
    known = (
        ArmChange(name, _mean(samples.before), _mean(samples.after), change, CAPACITY)
        for name, samples, change in zip(names, capacities, of_capacity, strict=True)
        if change
    )
    return arms, tuple(known), common


def _valid(samples: Sequence[Samples], are_valid: Sequence[bool]) -> list[Samples]:
    """Return the samples, without runs where nothing follows from them."""
    return [each if ok else Samples(each.group, (), ()) for each, ok in zip(samples, are_valid, strict=True)]


def _carried(group: str, runs: Runs) -> tuple[str, Samples]:
    """Return what an arm carried in each run, and whether that is its goodput or its peak."""
    if all(figures.goodput for part in runs for figures in part):
        goodputs = (tuple(map(_goodput, part)) for part in runs)
        return GOODPUT, Samples(group, *goodputs)
    peaks = (tuple(Run(each.peak_per_s, PEAK_WINDOW_S * each.peak_per_s) for each in part) for part in runs)
    return PEAK, Samples(group, *peaks)


def _goodput(figures: Saturation) -> Run:
    goodput = figures.goodput
    return Run(goodput.per_s, goodput.per_s * (goodput.end_s - goodput.begin_s)) if goodput else Run(0.0, 0.0)


def _capacities(group: str, runs: Runs) -> Samples:
    """Return the capacity of each run in users; nothing where a run does not show it."""
    known = all(each.capacity and each.capacity.is_reached and each.capacity.users for part in runs for each in part)
    return Samples(group, *(tuple(map(_capacity, part)) if known else () for part in runs))


def _capacity(figures: Saturation) -> Run:
    """Return the capacity of a run, and the number of requests by chance that would be as exact as its interval."""
    capacity = figures.capacity
    if not capacity:
        return Run(0.0, 0.0)
    spread = log(capacity.high / capacity.low) / 2 / normal_z() if 0 < capacity.low < capacity.high else 0.0
    return Run(capacity.users, 1 / max(spread, 1 / capacity.users) ** 2)


def _figures(runs: ArmRuns) -> list[Saturation]:
    """Return the figures of the comparable runs; ``read_findings`` has completed those of earlier versions."""
    return [result.figures for result in runs.comparable.values() if result.figures]


def _mean(runs: Sequence[Run]) -> float | None:
    if not runs:
        return None
    return geometric_mean(run.value for run in runs) if min(run.value for run in runs) > 0 else 0.0


def _speed_ratio(arms: Sequence[tuple[ArmRuns, ArmRuns]]) -> float | None:
    """Return how many times as fast the processors ran in the second folder; None if it is not known of both."""
    logs = [
        [
            log(r.peak_usage.speed)
            for each in runs
            for r in each.comparable.values()
            if r.peak_usage and r.peak_usage.speed
        ]
        for runs in zip(*arms, strict=True)
    ]
    return exp(fmean(logs[1]) - fmean(logs[0])) if logs and all(logs) else None


def _settings(experiment: Experiment) -> dict[str, Any]:
    """Return what was asked, by name. The users that pilots chose have a name for each subject."""
    ramps = {f"users ({subject})": users for subject, users in experiment.ramp_users}
    return {name: value for name, value in asdict(experiment).items() if name != "ramp_users"} | ramps


def _part(provenance: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part: Mapping[str, Any] = provenance.get(name, {})
    return lab_versions(part) if name == VERSIONS else part


def _invalid(before: ArmRuns, after: ArmRuns) -> str:
    reason = before.invalid_reason or after.invalid_reason
    which = "first" if before.invalid_reason else "second"
    return f"its result in the {which} folder is a measurement error: {reason}" if reason else ""


def _differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for name in dict.fromkeys([*before, *after]):
        old, new = (each.get(name, "unknown") for each in (before, after))
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            yield from _differences(old, new)
        elif old != new:
            yield f"{name} was {_value_text(old)}, and is {_value_text(new)}"


def _value_text(value: Any) -> str:
    return ", ".join(map(str, value)) or "none" if isinstance(value, tuple | list) else str(value) or "none"
