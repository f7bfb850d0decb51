"""The findings of an experiment for another objective than that of the run. Start reading at ``for_objective``.

A capacity is computed from what each load of a run brought, which its series has. All other figures stay as they are.
"""

from dataclasses import replace

from locust_asyncdjango.analysis.conditions.objective import parse_objective
from locust_asyncdjango.analysis.saturation import find_saturation
from locust_asyncdjango.lab.analysis.findings import Findings
from locust_asyncdjango.lab.experiment.result import Result


def for_objective(findings: Findings, objective: str) -> Findings:
    """Return the findings with the capacities within another objective; a run without a series has none.

    objective: as ``parse_objective`` reads it. What was decided holds for the objective of the run, and does not count.
    For that objective itself, return the findings as they are.
    """
    recorded, wanted = findings.experiment.load.objective, parse_objective(objective)
    if wanted.text == recorded:
        return findings

    def with_capacity(result: Result) -> Result:
        series = findings.series.get(result.trial.id)
        if result.figures is None:
            return result
        found = find_saturation(series.intervals, series.load_levels, wanted) if series else None
        return replace(result, figures=replace(result.figures, capacity=found.capacity if found else None))

    experiment = findings.experiment
    return replace(
        findings,
        experiment=replace(experiment, load=replace(experiment.load, objective=wanted.text)),
        results=tuple(map(with_capacity, findings.results)),
        recorded_objective=recorded,
    )
