"""Findings -> text: what is printed, and the report as HTML, Markdown and JSON. Renderers take data and return text."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from html import escape
from itertools import groupby
from typing import Any

from rich import box
from rich.table import Table as TerminalTable

from locust_asyncdjango.analysis.charts import Chart, chart, charts_over_time, line
from locust_asyncdjango.analysis.saturation import find_saturation
from locust_asyncdjango.failures.classify import advice
from locust_asyncdjango.lab.analysis.caveats import ENVIRONMENT_PARTS
from locust_asyncdjango.lab.analysis.findings import ArmRuns, Findings
from locust_asyncdjango.lab.experiment import config_file
from locust_asyncdjango.lab.report import html as html_page
from locust_asyncdjango.lab.report import plots, tables
from locust_asyncdjango.lab.report.markdown import bullets, table_lines
from locust_asyncdjango.lab.report.table import Table
from locust_asyncdjango.lab.report.tables import LatencyGrid
from locust_asyncdjango.lab.report.verdict import first_failure_sentences, trial_sentences, verdict, winner_sentences

FORMAT_VERSION = 1
"""Of the report as JSON."""
Environment = Mapping[str, Any]
"""When and where an experiment was begun, with which versions."""


def terminal_table(findings: Findings) -> TerminalTable:
    """The table for a terminal. It fits 80 columns; where names are long, the failures are folded."""
    table = TerminalTable(box=box.SIMPLE_HEAD, pad_edge=False, padding=0)
    table.add_column(no_wrap=True)
    for column in ("peak\nreq/s", "at\nusers", "successes", "slowdown\nat users", "errors\nat"):
        table.add_column(column, no_wrap=True, justify="right")
    table.add_column("failures by kind", overflow="fold")
    for (heading, conditions), group in groupby(findings.runs, key=_heading):
        table.add_row(f"[bold]{heading}", "", "", "", "", "", f"[dim]{conditions}")
        for runs in group:
            *cells, failures = tables.cells(runs)
            table.add_row(runs.trial.variant or runs.trial.server, *cells, failures.replace(", ", "\n"))
    return table


def _heading(runs: ArmRuns) -> tuple[str, str]:
    trial = runs.trial
    return f"{trial.route} on {trial.server}" if trial.variant else trial.route, trial.conditions


def markdown(findings: Findings, about: Environment) -> str:
    """The whole report as Markdown."""
    lines = ["# Results", "", *bullets(winner_sentences(findings))]
    for table in _tables(findings):
        lines += ["", *table.markdown()]
    for heat in tables.latency_grids(findings):
        lines += ["", f"## {_title_of(heat)}", ""]
        lines += table_lines(heat.heads, ((at, *cells) for at, cells in heat.texts()))
    if kinds(findings):
        lines += ["", "## What the failures call for", "", *(f"- `{kind}`: {advice(kind)}" for kind in kinds(findings))]
    lines += ["", "## What broke first", "", *bullets(first_failure_sentences(findings))]
    lines += ["", "## What was run", "", *bullets(trial_sentences(findings))]
    lines += ["", "## To run it again", "", "```toml", config_file.to_toml(findings.experiment), "```", ""]
    return "\n".join([*lines, *bullets(_where(about))]) + "\n"


def html(findings: Findings, about: Environment) -> str:
    """The whole report as one HTML page that needs nothing else."""
    charts: dict[str, list[Chart]] = {}

    def drawn(found: list[Chart]) -> str:
        place = f"charts-{len(charts)}"
        charts[place] = found
        return f'<div id="{place}"></div>'

    figures, *others = _tables(findings)
    parts = [html_page.bullets(map(escape, winner_sentences(findings)), "winners"), figures.html()]
    for heat in tables.latency_grids(findings):
        parts.append(f"<h2>{escape(_title_of(heat))}</h2>")
        parts += [html_page.heat_table(heat.heads, heat.texts(), heat.shares()), drawn([interaction_chart(heat)])]
    parts += [table.html() for table in others]
    parts += ["<h2>What broke first</h2>", html_page.bullets(map(escape, first_failure_sentences(findings)))]
    parts += ["<h2>What was run</h2>", html_page.bullets(map(escape, trial_sentences(findings)))]
    parts.append("<h2>Second by second</h2>")
    for result in (result for result in findings.results if result.trial.id in findings.recorded):
        seconds = findings.recorded[result.trial.id].intervals
        shown = charts_over_time(seconds, result.figures or find_saturation(seconds))
        shown += plots.taken(findings.costs.get(result.trial.id, ()))
        parts += [f"<h3>{escape(result.trial.title)}</h3>", f'<div class="small">{drawn(shown)}</div>']
    if kinds(findings):
        told = (f"<b>{escape(kind)}</b>: {escape(advice(kind))}" for kind in kinds(findings))
        parts += ["<h2>What the failures call for</h2>", html_page.bullets(told)]
    parts += ["<h2>To run it again</h2>", f"<pre>{escape(config_file.to_toml(findings.experiment))}</pre>"]
    parts.append(html_page.bullets(map(escape, _where(about))))
    title = ", ".join(dict.fromkeys(runs.trial.route for runs in findings.runs))
    return html_page.page(title, f"Sync or async? {title}", "\n".join(parts), charts)


def as_json(findings: Findings, about: Environment) -> str:
    """The same for programs."""
    shown = {
        "format": "locust-asyncdjango experiment",
        "format_version": FORMAT_VERSION,
        **about,
        "experiment": asdict(findings.experiment),
        "verdict": verdict(findings),
        "arms": [
            {
                **asdict(runs.trial),
                "peaks_per_s": runs.peaks,
                "figures": asdict(runs.figures) if runs.figures else None,
                "ceiling": asdict(runs.ceiling) if runs.ceiling else None,
                "flag": runs.flag,
                "marks": {r.trial.id: marks for r in runs.results if (marks := findings.caveats(r))},
            }
            for runs in findings.runs
        ],
        "differences": [asdict(each) for each in tables.differences(findings)],
        "round_trips": [{**asdict(runs.trial), **asdict(budget)} for runs, budget in findings.budgets],
        "noise": asdict(findings.noise) if findings.noise else None,
        "noise_by_speed": asdict(findings.speed_adjusted_noise) if findings.speed_adjusted_noise else None,
        "run": trial_sentences(findings),
    }
    return json.dumps(shown, indent=2) + "\n"


def interaction_chart(heat: LatencyGrid) -> Chart:
    """A route's peaks over latency, a line per arm: where they are not parallel, the better choice depends on it."""
    latencies = [latency_ms for latency_ms, _ in heat.rows]
    by_arm = zip(*(cells for _, cells in heat.rows), strict=True)
    lines = [
        line(arm, f"kind-{n % 8}", "line", "left", map(tables.peak, each))
        for n, (arm, each) in enumerate(zip(heat.arms, by_arm, strict=True))
    ]
    note = "Where lines are not parallel, latency decides who is better."
    x = ("ms of latency", latencies)
    return chart(f"interaction-{heat.route}", "Peak over latency", note, x, "req/s", lines, [])


def kinds(findings: Findings) -> list[str]:
    """The kinds of failure that happened."""
    return sorted({failure.kind for r in findings.results if r.figures for failure in r.figures.failures})


def _tables(findings: Findings) -> list[Table]:
    """Those that say something of this experiment."""
    found = (tables.differences_table(tables.differences(findings)), tables.ceilings_table(findings))
    more = (tables.budgets(findings), tables.costs(findings))
    return [tables.figures(findings), *(table for table in (*found, *more) if table.rows)]


def _title_of(heat: LatencyGrid) -> str:
    return f"{heat.route}: peak and successes by latency"


def _where(about: Environment) -> list[str]:
    """When, on what and with which versions."""
    told = [f"begun {about['started']}"] if "started" in about else []
    return told + [
        f"{part}: {', '.join(f'{name} {value}' for name, value in about[part].items())}"
        for part in ENVIRONMENT_PARTS
        if part in about
    ]
