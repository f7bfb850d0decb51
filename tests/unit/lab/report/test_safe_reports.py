"""Whatever files and servers say, no report has its secrets, its control characters or its markup."""

import io
import json
import re
import tempfile
from dataclasses import replace
from pathlib import Path

from hypothesis import given, settings
from rich.console import Console

from locust_asyncdjango.lab.analysis.changes.find_changes import find_changes
from locust_asyncdjango.lab.analysis.findings import read_findings
from locust_asyncdjango.lab.environment.servers import Server
from locust_asyncdjango.lab.experiment.result import Result
from locust_asyncdjango.lab.experiment.results_folder import ResultsFolder, write_json
from locust_asyncdjango.lab.experiment.schedule.plan import trials
from locust_asyncdjango.lab.experiment.spec import Load
from locust_asyncdjango.lab.report import comparison_report, experiment_report, run_report
from locust_asyncdjango.lab.report.verdict import verdict_sentences
from tests.support.experiments import SYNC, experiment
from tests.support.figures import FAILURES, HEADER, ramp
from tests.support.hostile_texts import PLANTED, faults, faults_of_json, hostile_texts


def check_page(page: str) -> None:
    """Assert that the part of a page between its style sheets and its scripts has no faults and no tags of others."""
    body = page.partition("<body>")[2].partition("<script")[0]
    assert faults(body) == []
    assert set(re.findall(r"<(\w+)", body)) <= {
        *(
            "main",
            "h1",
            "h2",
            "h3",
            "p",
            "div",
            "table",
            "tr",
            "th",
            "td",
            "ul",
            "li",
            "b",
            "pre",
            "details",
            "summary",
        ),
        *("svg", "line", "circle", "text"),
        *("thead", "tbody", "i", "small", "span", "button"),
    }
    assert "<a" not in body
    assert faults_of_json(json.loads(page.partition('id="charts-data">')[2].partition("</script>")[0])) == []


def check_markdown(text: str) -> None:
    """Assert that Markdown has no faults, and that no text made a cell, a tag, a link or a heading of its own."""
    assert faults(text) == []
    text = re.sub(r"^```toml\n.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    shown = [line for line in text.splitlines() if not line.startswith("    ")]
    for line in shown:
        if line.startswith(("|", "-", "#")) and not line.startswith("- `"):
            assert not re.search(r"(?<!\\)[\[`]|<", line), line
    assert "# title" not in shown
    assert {line.count("|") for line in shown if "what to do" in line or "| db_too" in line} <= {6}


@settings(max_examples=8)  # each draws curves, which takes a quarter of a second
@given(hostile_texts(), hostile_texts())
def test_a_report_of_files_that_hold_anything(text: str, other: str) -> None:
    (row,), (sample,) = FAILURES["failures"], FAILURES["samples"]
    document = {
        "format": "locust-asyncdjango failures",
        "version": 2,
        "run": HEADER,
        "unrecorded": 0,
        "shape_findings": [text],
        "failures": [{**row, "message": text, "advice": other, "where": text, "origin": other}],
        "samples": [{**sample, **dict.fromkeys(("message", "name", "url", "exception", "body"), text)}],
    }
    header = {**HEADER, **dict.fromkeys(("host", "path", "variant", "shape", "locustfile"), text)}
    series = replace(ramp(), header={**header, "user_classes": [other], "versions": {text: other}})
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "failures.json"
        file.write_text(json.dumps(document))
        report = run_report.build_report(series, run_report.read_failures(file, HEADER))
    check_page(run_report.render_html(report))
    check_markdown(run_report.render_markdown(report))
    assert faults_of_json(json.loads(run_report.render_json(report))) == []
    assert faults(report.verdict) == []


def hostile_folder(path: Path, text: str) -> ResultsFolder:
    """Return a results folder of which one trial was measured and one failed, with this text wherever there is one."""
    servers = (
        Server("live", "wsgi", url=f"http://me:{PLANTED}@h"),
        Server("mine", "asgi", argv=("run", "--password", PLANTED, text, "{port}")),
    )
    wanted = experiment(
        servers=("live", "mine"), own_servers=servers, load=Load(f"m:S:{text}"), factors=(("TARGET_SITE_X", text),)
    )
    folder = ResultsFolder(path)
    provenance = {"started": "now", "versions": {"django": text}, "machine": {}, "services": {"DATABASE_URL": text}}
    with folder.open_for(wanted, provenance):
        first, second = trials(wanted)
        site = {"server": text, "settings": {text: [text], "token": PLANTED}}
        for result in (
            Result(first, SYNC.figures, "", site, caveats=(text,)),
            Result(second, None, f"mine did not start: {text}", {}),
        ):
            with folder.trial_folder(result.trial) as place:
                write_json(place / "result.json", result.to_json())
    return folder


@settings(max_examples=10)
@given(hostile_texts(), hostile_texts())
def test_reports_of_results_that_hold_anything(text: str, other: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        folders = [hostile_folder(Path(name) / each, said) for each, said in (("a", text), ("b", other))]
        findings, provenances = list(map(read_findings, folders)), [folder.provenance() for folder in folders]
        assert faults_of_json(json.loads((folders[0].path / "experiment.json").read_text())["experiment"]) == []
    check_page(experiment_report.render_html(findings[0], provenances[0]))
    check_markdown(experiment_report.render_markdown(findings[0], provenances[0]))
    assert faults_of_json(json.loads(experiment_report.render_json(findings[0], provenances[0]))) == []
    console = Console(file=io.StringIO(), width=80, record=True)
    console.print(experiment_report.terminal_table(findings[0]))
    changes = find_changes(findings[0], findings[1], (provenances[0], provenances[1]))
    sentences = comparison_report.change_sentences(changes, 0.1)
    assert faults_of_json([console.export_text().splitlines(), verdict_sentences(findings[0]), sentences]) == []
    check_page(comparison_report.render_html(changes, "A to B", 0.1))
    check_markdown(comparison_report.render_markdown(changes, "A to B", 0.1))
    assert faults_of_json(json.loads(comparison_report.render_json(changes, 0.1))) == []
