"""The report of an experiment: for the terminal, and as HTML, Markdown and JSON. Each renderer takes findings.

The HTML is made by ``templates/experiment_report.html``. provenance is what ``ResultsFolder.provenance`` returns: when,
where and with which versions the experiment was begun.
"""

from collections.abc import Mapping
from dataclasses import asdict
from itertools import groupby
from typing import Any

from locust_asyncdjango.analysis.charts import Chart, charts_over_time
from locust_asyncdjango.analysis.saturation import find_saturation
from locust_asyncdjango.failures.classify import advice
from locust_asyncdjango.lab.analysis.arm_runs import ArmRuns
from locust_asyncdjango.lab.analysis.caveats import PROVENANCE_PARTS, VERSIONS
from locust_asyncdjango.lab.analysis.findings import Findings
from locust_asyncdjango.lab.analysis.sites import lab_versions, site_reports
from locust_asyncdjango.lab.experiment import config_file
from locust_asyncdjango.lab.experiment.result import Result
from locust_asyncdjango.lab.report import plots, tables
from locust_asyncdjango.lab.report.html import render_page
from locust_asyncdjango.lab.report.latency_grid import latency_grids
from locust_asyncdjango.lab.report.markdown import bullet_lines, table_lines
from locust_asyncdjango.lab.report.table import Table
from locust_asyncdjango.lab.report.terminal_table import TerminalRow, TerminalTable
from locust_asyncdjango.lab.report.verdict import (
    first_failure_sentences,
    trial_sentences,
    verdict_sentences,
    winner_sentences,
)
from locust_asyncdjango.metrics.strict_json import dumps

FORMAT_VERSION = 2
"""The version of the report as JSON. 2: marks -> caveats, flag -> invalid_reason, noise_by_speed ->
speed_corrected_noise, run -> trials."""


def terminal_table(findings: Findings) -> TerminalTable:
    """Return the figures as a table for the terminal, in which long lists of failures are folded."""
    rows = []
    for (heading, conditions), group in groupby(findings.runs, key=_heading):
        rows.append(TerminalRow((heading,), conditions))
        for runs in group:
            *cells, failures = tables.figure_cells(runs)
            name = runs.trial.variant or runs.trial.server
            rows.append(TerminalRow((name, *cells, failures.replace(", ", "\n"))))
    headers = ("", "peak\nreq/s", "at\nusers", "successes", "slowdown\nat users", "errors\nat", "failures by kind")
    return TerminalTable(headers, rows, words=(0, len(headers) - 1))


def render_html(findings: Findings, provenance: Mapping[str, Any]) -> str:
    """Return the report as one HTML page that needs nothing else, with charts of each trial."""
    grids = latency_grids(findings)
    recorded = [result for result in findings.results if result.trial.id in findings.series]
    charts = {f"grid-{n}": [grid.chart()] for n, grid in enumerate(grids)}
    charts |= {f"trial-{n}": _trial_charts(findings, result) for n, result in enumerate(recorded)}
    routes = ", ".join(dict.fromkeys(runs.trial.route for runs in findings.runs))
    figures, *others = _tables(findings)
    return render_page(
        "experiment_report.html",
        routes,
        f"Sync or async? {routes}",
        charts,
        winners=winner_sentences(findings),
        figures=figures,
        grids=[(grid, f"grid-{n}") for n, grid in enumerate(grids)],
        tables=others,
        first_failures=first_failure_sentences(findings),
        trials=trial_sentences(findings),
        recorded=[(result.trial.title, f"trial-{n}") for n, result in enumerate(recorded)],
        advice=[(kind, advice(kind)) for kind in failure_kinds(findings)],
        sites=_site_lines(findings),
        config=config_file.to_toml(findings.experiment),
        provenance=_provenance_lines(provenance),
    )


def render_markdown(findings: Findings, provenance: Mapping[str, Any]) -> str:
    """Return the same as Markdown, without charts."""
    lines = ["# Results", "", *bullet_lines(winner_sentences(findings))]
    for table in _tables(findings):
        lines += ["", *table.markdown()]
    for grid in latency_grids(findings):
        lines += ["", f"## {grid.title}", "", *table_lines(grid.headers, grid.text_rows())]
    if kinds := failure_kinds(findings):
        lines += ["", "## What to do about the failures", "", *(f"- `{kind}`: {advice(kind)}" for kind in kinds)]
    lines += ["", "## First failures", "", *bullet_lines(first_failure_sentences(findings))]
    lines += ["", "## Trials", "", *bullet_lines(trial_sentences(findings))]
    lines += ["", "## What the sites ran", "", *bullet_lines(_site_lines(findings))]
    lines += ["", "## Run it again", "", "```toml", config_file.to_toml(findings.experiment), "```", ""]
    return "\n".join([*lines, *bullet_lines(_provenance_lines(provenance))]) + "\n"


def render_json(findings: Findings, provenance: Mapping[str, Any]) -> str:
    """Return the same as JSON, for programs."""
    noise, corrected = findings.noise, findings.speed_corrected_noise
    content = {
        "format": "locust-asyncdjango experiment",
        "format_version": FORMAT_VERSION,
        **{part: lab_versions(content) if part == VERSIONS else content for part, content in provenance.items()},
        "sites": [asdict(report) for report in site_reports(findings.results)],
        "experiment": asdict(findings.experiment),
        "verdict": verdict_sentences(findings),
        "arms": [_arm_members(findings, runs) for runs in findings.runs],
        "differences": [asdict(each) for each in tables.differences(findings)],
        "round_trips": [{**asdict(runs.trial), **asdict(fit)} for runs, fit in findings.round_trips],
        "noise": asdict(noise) if noise else None,
        "speed_corrected_noise": asdict(corrected) if corrected else None,
        "trials": trial_sentences(findings),
    }
    return dumps(content, indent=2) + "\n"


def failure_kinds(findings: Findings) -> list[str]:
    """Return the kinds of failures that happened in any trial, in alphabetical order."""
    return sorted({failure.kind for r in findings.results if r.figures for failure in r.figures.failures})


def _heading(runs: ArmRuns) -> tuple[str, str]:
    trial = runs.trial
    return f"{trial.route} on {trial.server}" if trial.variant else trial.route, trial.conditions


def _tables(findings: Findings) -> list[Table]:
    """Return the table of figures, and all other tables that have rows for this experiment."""
    others = (
        tables.differences_table(tables.differences(findings)),
        tables.ceilings_table(findings),
        tables.round_trips_table(findings),
        tables.resource_usage_table(findings),
        tables.request_names_table(findings),
    )
    return [tables.figures_table(findings), *(table for table in others if table.rows)]


def _trial_charts(findings: Findings, result: Result) -> list[Chart]:
    series = findings.series[result.trial.id]
    charts = charts_over_time(series.intervals, result.figures or find_saturation(series.intervals, series.load_levels))
    return [*charts, *plots.resource_usage_charts(findings.resource_samples.get(result.trial.id, ()))]


def _arm_members(findings: Findings, runs: ArmRuns) -> dict[str, Any]:
    caveats = {result.trial.id: findings.caveats(result) for result in runs.results}
    return {
        **asdict(runs.trial),
        "peaks_per_s": runs.peaks_per_s,
        "figures": asdict(runs.figures) if runs.figures else None,
        "ceiling": asdict(runs.ceiling) if runs.ceiling else None,
        "invalid_reason": runs.invalid_reason,
        "caveats": {trial: texts for trial, texts in caveats.items() if texts},
        "requests": [asdict(each) for each in findings.requests_by_name(runs)],
    }


def _site_lines(findings: Findings) -> list[str]:
    return [report.sentence for report in site_reports(findings.results)] or ["no trial was measured"]


def _provenance_lines(provenance: Mapping[str, Any]) -> list[str]:
    started = [f"started {provenance['started']}"] if "started" in provenance else []
    parts = {part: provenance[part] for part in PROVENANCE_PARTS if part in provenance}
    if VERSIONS in parts:
        parts = {"versions of the lab": lab_versions(parts.pop(VERSIONS)), **parts}
    return started + [
        f"{part}: {', '.join(f'{name} {value}' for name, value in content.items())}" for part, content in parts.items()
    ]
