"""The report of an experiment, on the terminal, on its page, in Markdown and in JSON."""

import json
from dataclasses import replace
from html import unescape

import pytest
from rich.console import Console

from locust_asyncdjango.lab.experiment.result import NO_PREFLIGHT
from locust_asyncdjango.lab.report import tables
from locust_asyncdjango.lab.report.experiment_report import (
    names_tables,
    render_html,
    render_json,
    render_markdown,
    terminal_table,
)
from locust_asyncdjango.lab.report.verdict import trial_sentences, verdict_sentences, winner_sentences
from tests.support.experiments import ASYNC, BROKEN, SYNC, at_two_latencies, findings_of, with_names

FINDINGS = findings_of([SYNC, ASYNC, BROKEN])
PROVENANCE = {
    "started": "2026-01-01T00:00:00+00:00",
    "versions": {"python": "3.13.1", "django": "1.1"},
    "machine": {"processors": 8},
}


def test_page_and_markdown_have_every_sentence_and_every_cell() -> None:
    page, text = unescape(render_html(FINDINGS, PROVENANCE)), render_markdown(FINDINGS, PROVENANCE)
    cells = {cell for row in tables.figures_table(FINDINGS).rows for cell in row}
    for expected in (*winner_sentences(FINDINGS), *trial_sentences(FINDINGS), *cells):
        assert expected in page
        assert expected in text


def test_the_answer_comes_first() -> None:
    text, page = render_markdown(FINDINGS, PROVENANCE), unescape(render_html(FINDINGS, PROVENANCE))
    assert text.splitlines()[:11] == [
        "# Should io_read and cpu be sync or async?",
        "",
        "io_read, cpu \u00b7 1,000 posts \u00b7 RampTo500 \u00b7 objective: failures &lt;= 1% and p95 &lt;= 1s"
        " \u00b7 2026-01-01 00:00",
        "",
        "**In 1 of 2 cases async is ahead (one run each); 1 could not be compared: no arm was measured.**",
        "",
        "## io_read",
        "",
        "**Async, on gunicorn-uvicorn: it carries more in this one run.** At 100 users gunicorn-uvicorn brings 28.3"
        " req/s with a p95 of 150 ms, gunicorn-sync brings 23.0 req/s with a p95 of 150 ms. 1 slot against 100"
        " connections: most of this is concurrency, not async; gunicorn-100-threads would show the rest.",
        "",
        "- one run each: repeat to be sure",
    ]
    for expected in ("Should io_read and cpu be sync or async?", "Async, on gunicorn-uvicorn", "one run each"):
        assert page.index(expected) < page.index("<details")


def test_markdown_has_a_row_for_each_arm() -> None:
    lines = render_markdown(FINDINGS, {}).splitlines()
    assert [line for line in lines if line.startswith(("| route", "| io_read", "| cpu")) and "---" not in line] == [
        "| route | conditions | variant | server | runs | peak req/s | users at peak | successes | users at slowdown |"
        " users at errors | failures by kind | in flight |",
        "| io_read | - | natural | gunicorn-sync | 1 | 23.0 | 60 | 4100 | 20 (15-25) | - | none | none |",
        "| io_read | - | natural | gunicorn-uvicorn | 1 | 28.3 | 105 | 4210 | 20 (15-25) | 125 (120-130) |"
        " db_too_many_clients 97 | none |",
        "| cpu | - | natural | gunicorn-sync | 0 | - | - | - | - | - | not measured | - |",
        "| io_read | goodput | gunicorn-uvicorn | gunicorn-sync | 1 | 1.23 | - | one run each |",
        "| io_read: gunicorn-uvicorn | 40.5 ms | 2574 | 28.3 | 100 connections, 39 ms per request |",
        "| io_read: gunicorn-uvicorn | 70 | 40 | 97 | 12.5 | - | - | - |",
    ]


def test_a_route_at_several_latencies_has_a_grid_and_a_chart() -> None:
    text, page = render_markdown(at_two_latencies(), {}), render_html(at_two_latencies(), {})
    assert "## io_read: peak and successes by latency" in text
    assert "| 100 ms | 5.0 req/s, 4100 | 60.0 req/s, 4100 | 5.1 req/s, 4100 | not measured |" in text
    assert '<td class="heat" style="--heat: 0.89">80.0 req/s, 4100</td>' in page
    assert '"title":"Peak over latency"' in page


@pytest.mark.parametrize("render", [render_html, render_markdown])
def test_the_report_says_how_to_run_it_again(render: object) -> None:
    assert callable(render)
    text = render(FINDINGS, PROVENANCE)
    for line in (
        "started 2026-01-01T00:00:00+00:00",
        "machine: processors 8",
        "versions of the lab: python 3.13.1",
        "pin = ",
    ):
        assert line in text


SITE = {
    "server": "gunicorn sync",
    "server_version": "27.0.1",
    "settings": {"orm_driver": "psycopg2"},
    "versions": {"python": "3.12.1", "django": "5.2.19", "psycopg2-binary": "2.9.13"},
    "database": {"server_version": "18.4"},
}
VERSIONS_OF_SITE = "gunicorn sync 27.0.1, python 3.12.1, django 5.2.19, psycopg2-binary 2.9.13, PostgreSQL 18.4"


def test_the_report_has_the_versions_that_the_sites_run_and_not_those_installed_in_the_lab() -> None:
    unchecked = replace(ASYNC, site={"preflight": NO_PREFLIGHT})
    findings = findings_of([replace(SYNC, site=SITE), unchecked, BROKEN])
    lines = [f"gunicorn-sync: {VERSIONS_OF_SITE}, ORM driver psycopg2", f"gunicorn-uvicorn: {NO_PREFLIGHT}"]
    page, text = unescape(render_html(findings, PROVENANCE)), render_markdown(findings, PROVENANCE)
    content = json.loads(render_json(findings, PROVENANCE))
    for line in lines:
        assert f"<li>{line}</li>" in page
        assert f"\n- {line}\n" in text
    assert [(each["server"], each["versions"].get("django"), each["unchecked"]) for each in content["sites"]] == [
        ("gunicorn-sync", "5.2.19", ""),
        ("gunicorn-uvicorn", None, NO_PREFLIGHT),
    ]
    assert "nothing could be checked" in NO_PREFLIGHT
    assert content["versions"] == {"python": "3.13.1"}
    assert "django 1.1" not in page + text
    assert f"gunicorn-uvicorn: {NO_PREFLIGHT}" in verdict_sentences(findings)


def test_json_has_verdict_arms_and_caveats() -> None:
    content = json.loads(render_json(FINDINGS, {"started": "now"}))
    assert (content["format"], content["format_version"]) == ("locust-asyncdjango experiment", 3)
    assert (content["started"], content["verdict"]) == ("now", verdict_sentences(FINDINGS))
    assert content["trials"] == trial_sentences(FINDINGS)
    assert [(arm["peaks_per_s"], arm["invalid_reason"]) for arm in content["arms"]] == [
        ({"1": 23.0}, ""),
        ({"1": 28.34}, ""),
        ({}, ""),
    ]
    assert [arm["values"] for arm in content["arms"]][1]["1"]["value"] == 28.34
    assert content["criteria"] == {"io_read": "goodput", "cpu": None}
    assert content["ranking"]["io_read"] == ["gunicorn-uvicorn", "gunicorn-sync"]
    assert (content["noises"], content["error"]) == ([], {"pairs_of_arms": 1, "checks": 1, "error": 0.05})
    assert content["arms"][1]["caveats"] == {ASYNC.trial.id: ["other programs used 35 % of a processor"]}


def test_the_table_fits_80_columns() -> None:
    console = Console(width=80)
    with console.capture() as capture:
        console.print(terminal_table(FINDINGS))
    printed = capture.get()
    assert "io_read" in printed
    assert " gunicorn-uvicorn     -     -  28.3    0 % 100/150/200 ms 70    97" in printed
    assert max(map(len, printed.splitlines())) <= 80


def test_requests_by_name_stand_on_the_first_screen() -> None:
    completed = {"GET /quick/": 900, "GET /slow/": 100}
    findings = with_names(findings_of([SYNC, ASYNC]), gunicorn_sync=completed, gunicorn_uvicorn=completed)
    title = "p95 of the requests by name, over whole runs"
    text, page = render_markdown(findings, {}), render_html(findings, {})
    assert f"\n{title}:\n\n| request | gunicorn-uvicorn | gunicorn-sync |\n| --- | --- | --- |\n| GET /quick/ |" in text
    assert page.index(f"<caption>{title}</caption>") < page.index("<details")
    console = Console(width=80)
    with console.capture() as capture:
        for table in names_tables(findings):
            console.print(table)
    assert [line.split() for line in capture.get().splitlines() if "gunicorn" in line][:2] == [
        ["gunicorn-uvicorn", "10", "ms", "0", "%"],
        ["gunicorn-sync", "10", "ms", "0", "%"],
    ]
    assert names_tables(FINDINGS) == []
