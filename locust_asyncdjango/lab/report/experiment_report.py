"""The report of an experiment: for the terminal, and as HTML, Markdown and JSON. Each renderer takes findings.

The HTML is made by ``templates/experiment_report.html``. provenance is what ``ResultsFolder.provenance`` returns: when,
where and with which versions the experiment was begun.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from locust_asyncdjango.failures.classify import advice
from locust_asyncdjango.lab.analysis.arm_runs import ArmRuns
from locust_asyncdjango.lab.analysis.caveats import PROVENANCE_PARTS, VERSIONS
from locust_asyncdjango.lab.analysis.findings import Findings
from locust_asyncdjango.lab.analysis.sites import lab_versions, site_reports
from locust_asyncdjango.lab.experiment import config_file
from locust_asyncdjango.lab.report import tables
from locust_asyncdjango.lab.report.answer.overall import overall_text
from locust_asyncdjango.lab.report.answer.questions import context_text, question_of
from locust_asyncdjango.lab.report.answer.request_names import RequestNames
from locust_asyncdjango.lab.report.answer.request_times import request_times_table
from locust_asyncdjango.lab.report.answer.subject_answers import HEADERS, SubjectAnswer, answers_of
from locust_asyncdjango.lab.report.answer.texts import ARRIVALS
from locust_asyncdjango.lab.report.charts.trial_charts import trial_charts
from locust_asyncdjango.lab.report.html import render_page
from locust_asyncdjango.lab.report.latency_grid import latency_grids
from locust_asyncdjango.lab.report.markdown import bullet_lines, escape_markdown, table_lines
from locust_asyncdjango.lab.report.sentences.refused_connections import refused_sentence
from locust_asyncdjango.lab.report.table import Table
from locust_asyncdjango.lab.report.terminal_table import TerminalRow, TerminalTable
from locust_asyncdjango.lab.report.verdict import (
    first_failure_sentences,
    trial_sentences,
    verdict_sentences,
    winner_sentences,
)
from locust_asyncdjango.metrics.statistics import ERROR
from locust_asyncdjango.metrics.strict_json import dumps

FORMAT_VERSION = 3
"""The version of the report as JSON. 2: marks -> caveats, flag -> invalid_reason, noise_by_speed ->
speed_corrected_noise, run -> trials. 3: noise -> noises, one for each route and criterion; criteria; differences have a
criterion; arms have a value by it; no speed_corrected_noise."""


TERMINAL_HEADERS = ("", "most\n{load}", "their\nreq/s", "full\nreq/s", "\nfailed", "\np50/p95/p99", "\nMB", "\nconns")
"""The headers of the terminal's table, which are explained below it."""
TERMINAL_CAPTION = (
    "most {load}, their req/s: the highest load within the objective ({objective}). All others: at full load."
)


def terminal_table(findings: Findings) -> TerminalTable:
    """Return the arms of each subject, best first, as a table for the terminal: the same figures as on the page."""
    answers, rows = answers_of(findings), []
    for answer in answers:
        rows.append(TerminalRow((answer.subject,)))
        rows += [TerminalRow(row.terminal_cells) for row in answer.rows]
    load = ARRIVALS if any(answer.is_open for answer in answers) else "users"
    caption = TERMINAL_CAPTION.format(load=load, objective=findings.experiment.load.objective)
    headers = tuple(header.format(load=load) for header in TERMINAL_HEADERS)
    return TerminalTable(headers, rows, words=(0,), caption=(caption,))


def names_tables(findings: Findings) -> list[TerminalTable]:
    """Return the requests by name of each subject with several names, as tables for the terminal."""
    return [_names_table(answer.subject, answer.names) for answer in answers_of(findings) if answer.names]


def _names_table(subject: str, names: RequestNames) -> TerminalTable:
    rows = []
    for name, cells in names.cells.items():
        rows.append(TerminalRow((name,)))
        rows += [TerminalRow((arm, cell.p95, cell.failed)) for arm, cell in zip(names.arms, cells, strict=True)]
    return TerminalTable((subject, "p95", "failed"), rows, words=(0,), caption=(names.title,))


def render_html(findings: Findings, provenance: Mapping[str, Any]) -> str:
    """Return the report as one HTML page that needs nothing else: the answer first, and the details folded below it."""
    answers, grids = answers_of(findings), latency_grids(findings)
    recorded = trial_charts(findings)
    charts = {answer.place: answer.charts() for answer in answers}
    distributions = {f"{answer.place}-latencies": answer.distribution() for answer in answers}
    charts |= {place: drawn for place, drawn in distributions.items() if drawn}
    charts |= {f"grid-{n}": [grid.chart()] for n, grid in enumerate(grids)}
    charts |= {f"trial-{n}": drawn for n, drawn in enumerate(recorded.values())}
    titles = {result.trial.id: result.trial.title for result in findings.results}
    figures, *others = _tables(findings)
    return render_page(
        "experiment_report.html",
        ", ".join(dict.fromkeys(runs.trial.route for runs in findings.runs)),
        question_of(findings),
        charts,
        context=context_text(findings, provenance),
        overall=overall_text(answers),
        answers=answers,
        arm_headers=HEADERS,
        winners=winner_sentences(findings),
        figures=figures,
        grids=[(grid, f"grid-{n}") for n, grid in enumerate(grids)],
        certainty_tables=[table for table in others if table.ratios],
        tables=[table for table in others if not table.ratios],
        distributions=[
            (answer.subject, place)
            for answer, (place, drawn) in zip(answers, distributions.items(), strict=True)
            if drawn
        ],
        first_failures=first_failure_sentences(findings),
        trials=trial_sentences(findings),
        recorded=[(titles[trial], f"trial-{n}") for n, trial in enumerate(recorded)],
        advice=[(kind, advice(kind)) for kind in failure_kinds(findings)],
        sites=_site_lines(findings),
        config=config_file.to_toml(findings.experiment),
        provenance=_provenance_lines(provenance),
    )


def render_markdown(findings: Findings, provenance: Mapping[str, Any]) -> str:
    """Return the same as Markdown, without charts."""
    context = context_text(findings, provenance)
    lines = [f"# {escape_markdown(question_of(findings))}", "", escape_markdown(context)]
    answers = answers_of(findings)
    if overall := overall_text(answers):
        lines += ["", f"**{escape_markdown(overall)}.**"]
    for answer in answers:
        lines += _answer_lines(answer)
    lines += ["", "## How sure is this?", "", *bullet_lines(winner_sentences(findings))]
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
    content = {
        "format": "locust-asyncdjango experiment",
        "format_version": FORMAT_VERSION,
        **{part: lab_versions(content) if part == VERSIONS else content for part, content in provenance.items()},
        "sites": [asdict(report) for report in site_reports(findings.results)],
        "experiment": asdict(findings.experiment),
        "recorded_objective": findings.recorded_objective or findings.experiment.load.objective,
        "verdict": verdict_sentences(findings),
        "arms": [_arm_members(findings, runs) for runs in findings.runs],
        "criteria": {subject: findings.criterion(subject) for subject in findings.subjects},
        "ranking": {subject: [runs.trial.arm for runs in findings.ranked(subject)] for subject in findings.subjects},
        "differences": [asdict(each) for each in tables.differences(findings)],
        "round_trips": [{**asdict(runs.trial), **asdict(fit)} for runs, fit in findings.round_trips],
        "noises": [
            {"route": route, "criterion": criterion, **asdict(noise)}
            for (route, criterion), noise in findings.noises.items()
        ],
        "error": {"pairs_of_arms": findings.hypotheses, "checks": findings.looks, "error": ERROR},
        "trials": trial_sentences(findings),
    }
    return dumps(content, indent=2) + "\n"


def failure_kinds(findings: Findings) -> list[str]:
    """Return the kinds of failures that happened in any trial, in alphabetical order.

    Failures that hide that the database refused connections count as what they are.
    """
    kinds = set()
    for result in findings.results:
        explained = result.refused.failures if result.refused else {}
        failures = result.figures.failures if result.figures else ()
        kinds |= {each.kind for each in failures if each.count > explained.get(each.kind, 0)}
        kinds |= {"db_too_many_clients"} if explained else set()
    return sorted(kinds)


def _tables(findings: Findings) -> list[Table]:
    """Return the table of figures, and all other tables that have rows for this experiment."""
    others = (
        tables.differences_table(tables.differences(findings)),
        tables.ceilings_table(findings),
        tables.round_trips_table(findings),
        tables.resource_usage_table(findings),
        tables.processors_table(findings),
        request_times_table(findings),
        tables.request_names_table(findings),
    )
    return [tables.figures_table(findings), *(table for table in others if table.rows)]


def _arm_members(findings: Findings, runs: ArmRuns) -> dict[str, Any]:
    caveats = {result.trial.id: findings.caveats(result) for result in runs.results}
    criterion = findings.criterion(runs.trial.subject)
    processor_use = findings.processor_use(runs)
    return {
        **asdict(runs.trial),
        "peaks_per_s": runs.peaks_per_s,
        "values": {
            repeat: asdict(each) for repeat, each in (runs.measurements(criterion).items() if criterion else ())
        },
        "figures": asdict(runs.figures) if runs.figures else None,
        "ceiling": asdict(runs.ceiling) if runs.ceiling else None,
        "invalid_reason": runs.invalid_reason,
        "caveats": {trial: texts for trial, texts in caveats.items() if texts},
        "refused_connections": refused_sentence(runs),
        "processor_use": asdict(processor_use) if processor_use else None,
        "requests": [asdict(each) for each in findings.requests_by_name(runs)],
    }


def _answer_lines(answer: SubjectAnswer) -> list[str]:
    """Return the answer on a subject as Markdown: what to choose, why, and the table of its arms."""
    choice = answer.recommendation
    sentences = " ".join((*choice.evidence, *choice.warnings))
    lines = [
        "",
        f"## {escape_markdown(answer.subject)}",
        "",
        f"**{escape_markdown(choice.lead)}.** {escape_markdown(sentences)}",
    ]
    notes = ["", *bullet_lines(choice.notes)] if choice.notes else []
    names = answer.names
    named = ["", f"{names.title}:", "", *table_lines(names.headers, names.rows)] if names else []
    return [*lines, *notes, "", *table_lines(HEADERS, (row.cells for row in answer.rows)), *named]


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
