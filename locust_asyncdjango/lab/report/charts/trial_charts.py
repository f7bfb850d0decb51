"""The charts of each trial over time, drawn so that trials can be compared: colours and vertical axes are the same.

Start reading at ``trial_charts``. A trial's own throughput and p95 have the colour of its arm, as on the first screen.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from locust_asyncdjango.analysis.charts import Chart, charts_over_time
from locust_asyncdjango.analysis.saturation import find_saturation
from locust_asyncdjango.lab.analysis.findings import Findings
from locust_asyncdjango.lab.experiment.result import Result
from locust_asyncdjango.lab.report import plots
from locust_asyncdjango.lab.report.answer.arm_summaries import arm_colours
from locust_asyncdjango.lab.report.answer.curve_charts import arm_role

KIND_COLOURS = 8
ROLES = {"p50": "fit", "p99": "muted"}
"""Roles of the latencies beside p95, which has the colour of the arm."""


def trial_charts(findings: Findings) -> dict[str, list[Chart]]:
    """Return the charts of each recorded trial by the id of the trial. Charts without any values are left out."""
    recorded = [result for result in findings.results if result.trial.id in findings.series]
    colours, kinds = arm_colours(findings), _kind_roles(recorded)
    charts = {
        result.trial.id: [
            _with_roles(each, arm_role(colours.get(result.trial.arm, 0)), kinds)
            for each in _charts(findings, result)
            if _has_values(each)
        ]
        for result in recorded
    }
    tops = _tops(each for of_trial in charts.values() for each in of_trial)
    return {trial: [each | {"top": tops[each["id"]]} for each in of_trial] for trial, of_trial in charts.items()}


def _charts(findings: Findings, result: Result) -> list[Chart]:
    series = findings.series[result.trial.id]
    charts = charts_over_time(series.intervals, result.figures or find_saturation(series.intervals, series.load_levels))
    return [*charts, *plots.resource_usage_charts(findings.resource_samples.get(result.trial.id, ()))]


def _kind_roles(results: Sequence[Result]) -> dict[str, str]:
    """Return the role of each failure kind's colour, the most frequent kinds of the experiment first."""
    counts: Counter[str] = Counter()
    for result in results:
        counts.update({each.kind: each.count for each in (result.figures.failures if result.figures else ())})
    return {kind: f"kind-{min(n, KIND_COLOURS - 1)}" for n, (kind, _) in enumerate(counts.most_common())}


def _with_roles(drawn: Chart, arm: str, kinds: Mapping[str, str]) -> Chart:
    roles = {"throughput": {"successful": arm}, "latency": {"p95": arm, **ROLES}, "failures": kinds}
    own = roles.get(drawn["id"], {})
    return drawn | {"lines": [line | {"role": own.get(line["name"], line["role"])} for line in drawn["lines"]]}


def _has_values(drawn: Chart) -> bool:
    return any(value for line in drawn["lines"] if line["axis"] == "left" for value in line["values"])


def _tops(charts: Iterable[Chart]) -> dict[str, dict[str, float]]:
    """Return the ends of both axes of each kind of chart, by its id."""
    tops: dict[str, dict[str, float]] = {}
    for drawn in charts:
        ends = tops.setdefault(drawn["id"], {"left": 0.0, "right": 0.0})
        for axis in ends:
            ends[axis] = max(ends[axis], _highest([line for line in drawn["lines"] if line["axis"] == axis]))
    return tops


def _highest(lines: Sequence[Mapping[str, Any]]) -> float:
    """Return the highest value of lines, those that are stacked on top of each other."""
    stacked = [line["values"] for line in lines if line["shape"] == "stacked"]
    sums = [sum(value or 0 for value in row) for row in zip(*stacked, strict=True)]
    others = [value or 0 for line in lines if line["shape"] != "stacked" for value in line["values"]]
    return float(max([*sums, *others], default=0))
