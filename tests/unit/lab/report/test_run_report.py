"""What a report of one run says, on its page, in Markdown and in JSON."""

import json
from collections import Counter
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest

from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.report import run_report
from locust_asyncdjango.metrics.request_names.sums import RequestSums
from locust_asyncdjango.metrics.row import Row
from locust_asyncdjango.metrics.series_file import Series
from tests.support.figures import FAILURES, HEADER, ramp


@pytest.mark.parametrize(
    ("series", "verdict"),
    [
        pytest.param(
            ramp(),
            "The server carried 600 successful requests a second at 105 users; the first failure was"
            " db_too_many_clients, at 102 (100-105) users, after 21 s: raise max_connections, use a connection pool, or"
            " put PgBouncer in front of the database.",
            id="broken",
        ),
        pytest.param(
            ramp(breaks_at=999),
            "The server carried 600 successful requests a second at 105 users; no request failed; slowdown starts:"
            " at 57 (52-62) users, after 12 s.",
            id="slow",
        ),
        pytest.param(
            ramp(slots=999, breaks_at=999),
            "The server carried 1725 successful requests a second at 195 users; up to 195 users no request failed and"
            " latency did not rise.",
            id="neither",
        ),
        pytest.param(
            Series.from_rows({}, [Row(0, 5, failed=Counter(connect_refused=3))]),
            "No request succeeded; the most frequent failure was connect_refused: nothing listens there: see whether"
            " the server runs and --host is right.",
            id="nothing but failures",
        ),
        pytest.param(
            Series.from_rows({}, [Row(3, 100, in_flight=100, in_flight_s=3.0)]),
            "No request was answered; in flight at the end: 100, the oldest for 3.0 s. See whether the server answers a"
            " single request, and give the run more time (-t).",
            id="nothing but requests",
        ),
        pytest.param(
            Series.from_rows({}, []),
            "No request was answered. No request was sent to its end: see Locust's log for what users raise, such as"
            " all of them in on_start.",
            id="nothing",
        ),
    ],
)
def test_the_verdict_is_one_sentence(series: Series, verdict: str) -> None:
    assert run_report.build_report(series, {}).verdict == verdict


def test_the_verdict_has_the_advice_of_the_users_own_rules() -> None:
    series = Series.from_rows({}, [Row(0, 5, failed=Counter(quota_spent=3))])
    row = {**FAILURES["failures"][0], "kind": "quota_spent", "advice": "buy more"}
    for failures, advice in (({"failures": [row]}, ": buy more"), ({}, "")):
        verdict = run_report.build_report(series, failures).verdict
        assert verdict == f"No request succeeded; the most frequent failure was quota_spent{advice}."


def test_a_generator_that_is_the_limit_is_named() -> None:
    rows = [Row(t, 5 * t, 100, ok_ms=Counter({10.0: 100}), cpu=99.0) for t in range(30)]
    assert run_report.build_report(Series.from_rows({}, rows), {}).verdict.endswith(
        "But the generator was the limit, not the server."
    )


def test_page_markdown_and_json_say_the_same() -> None:
    report = run_report.build_report(ramp(), FAILURES)
    page, text = unescape(run_report.render_html(report)), run_report.render_markdown(report)
    data = json.loads(run_report.render_json(report))
    assert "<p>RampTo500: carries 39 users.</p>" in page
    figures = [figure.text for figure in (*report.key_figures, *report.fitted_figures)]
    sentences = [report.verdict, *figures, *report.run_info.values()]
    assert [each for each in sentences if each not in page or each not in unescape(text)] == []
    figures = [figure["text"] for figure in (*data["key_figures"], *data["fitted_figures"])]
    assert [data["verdict"], *figures, *data["run_info"].values()] == sentences
    assert (data["format"], data["version"]) == ("locust-asyncdjango report", 2)
    assert "2 requests could not be recorded." in page
    assert "2 requests could not be recorded." in text
    assert "&lt;b&gt;sorry&lt;/b&gt;\nno" in run_report.render_html(report)
    assert "    <b>sorry</b>\n    no" in text
    row = (
        "db_too_many_clients (server)",
        "7",
        "after 21 s, at 105 users",
        "sorry &#124; too many",
        "raise max_connections",
    )
    assert f"| {' | '.join(row)} |" in text
    assert data["failures"] == FAILURES["failures"]
    assert [chart["id"] for chart in data["charts"]] == [
        "throughput",
        "latency",
        "failures",
        "throughput-over-users",
        "latency-over-users",
    ]


def test_a_series_without_failures_file_has_the_kinds() -> None:
    report = run_report.build_report(ramp(), {})
    assert "- 133 x db_too_many_clients, first at 102 (100-105) users, after 21 s" in run_report.render_markdown(report)
    assert ">db_too_many_clients</td>" in run_report.render_html(report)


@pytest.mark.parametrize("content", [None, "no JSON", "[]", '{"format": "other"}'])
def test_other_files_are_no_failures(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "failures.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(UsageError, match=r"failures\.json"):
        run_report.read_failures(path, HEADER)


def test_failures_of_another_run_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "failures.json"
    about = {"format": "locust-asyncdjango failures", "version": 2}
    path.write_text(json.dumps({**about, **FAILURES, "run": HEADER}))
    assert run_report.read_failures(path, HEADER)["unrecorded"] == 2
    with pytest.raises(UsageError, match="another run"):
        run_report.read_failures(path, {**HEADER, "started": "2026-02-02T00:00:00+00:00"})


def test_failures_of_the_version_before_say_what_the_shape_has_found_out(tmp_path: Path) -> None:
    path = tmp_path / "failures.json"
    before = {"format": "locust-asyncdjango failures", "version": 1, "found": ["carries 40 users"]}
    path.write_text(json.dumps({**before, "failures": [], "samples": [], "run": HEADER}))
    assert run_report.read_failures(path, HEADER)["shape_findings"] == ["carries 40 users"]


def test_seconds_without_an_answer_are_noted() -> None:
    series = ramp()
    silent = tuple(replace(each, ok=0, busy_s=0) if 10 <= each.t < 13 else each for each in series.intervals)
    report = run_report.build_report(replace(series, intervals=silent), {})
    assert "Nothing was answered for 3 s, from second 10 on" in report.notes
    assert json.loads(run_report.render_json(report))["silences"] == [{"t": 10, "length_s": 3}]


def test_the_report_has_all_names_of_requests_and_those_that_failed_at_every_load() -> None:
    broken = RequestSums(0, Counter(client_error=2), failed_ms=Counter({1.0: 2}))
    fast = RequestSums(5, ok_ms=Counter({10.0: 5}))
    rows = [
        Row(t, t + 1, 5, Counter(client_error=2), ok_ms=Counter({10.0: 5}), names={"GET /|": fast, "GET /x": broken})
        for t in range(20)
    ]
    report = run_report.build_report(Series.from_rows({}, rows), {})
    assert report.notes == ("GET /x (100 %) fails at every load, so that load did not break it",)
    text = run_report.render_markdown(report)
    assert "| GET /x | 40 | 100% | - | - | - | at every load |" in text
    assert "| GET /&#124; | 100 | 0% | 10 ms | 10 ms | 10 ms |  |" in text
    assert "<h2>Requests by name</h2>" in run_report.render_html(report)
    assert [each["name"] for each in json.loads(run_report.render_json(report))["requests"]] == ["GET /x", "GET /|"]
    assert "Requests by name" not in run_report.render_html(run_report.build_report(ramp(), {}))
