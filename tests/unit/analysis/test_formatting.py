"""What is shown of a run: numbers in words, charts as data, tables of the web UI, and the report's content."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from locust_asyncdjango.analysis.charts import KINDS_SHOWN, POINTS_LIMIT, over_time, thinned
from locust_asyncdjango.analysis.formatting import count, numbers, onset, rate
from locust_asyncdjango.analysis.saturation import Onset, saturation
from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.report import run_report
from locust_asyncdjango.metrics.interval import Interval
from locust_asyncdjango.metrics.row import Row
from locust_asyncdjango.metrics.series_file import Series
from locust_asyncdjango.plugin.web_ui import failure_rows, number_rows
from tests.support.figures import figures

HEADER = {
    "user_classes": ["IoReadUser"],
    "host": "http://127.0.0.1:8000",
    "shape": "RampTo500",
    "users": 500,
    "run_time": 180.0,
    "started": "2026-01-01T00:00:00+00:00",
    "versions": {"locust": "2.47.0"},
    "machine": {"system": "Linux", "processors": 2},
}
FAILURES: dict[str, Any] = {
    "unrecorded": 2,
    "found": ["carries 39 users"],
    "failures": [
        {
            "kind": "db_too_many_clients",
            "where": "server",
            "message": "sorry | too many",
            "count": 7,
            "first_t": 21,
            "last_t": 30,
            "first_users": 105,
            "origin": "database",
            "advice": "raise max_connections",
        }
    ],
    "samples": [
        {
            "kind": "db_too_many_clients",
            "message": "sorry | too many",
            "t": 21,
            "name": "GET /",
            "url": "http://127.0.0.1:8000/",
            "status": 500,
            "exception": "",
            "body": "<b>sorry</b>\nno",
        }
    ],
}


def ramp(seconds: int = 40, slots: int = 60, breaks_at: int = 100) -> Series:
    """Five users more each second; 100 ms a request."""
    rows = []
    for t in range(seconds):
        users = 5 * t
        ok = 10 * min(users, slots)
        broken = Counter({"db_too_many_clients": 7} if users > breaks_at else {})
        rows.append(Row(t, users, ok, broken, ok_ms=Counter({1000.0 * users / ok: ok} if ok else {})))
    return Series.of(HEADER, rows)


def test_the_numbers_in_words() -> None:
    told = numbers(figures(28.34, 105, 4210, Onset(3, 20, 15, 25)))
    assert [(number.name, number.text) for number in told] == [
        ("peak of successful requests", "28.3 (26.9-29.8) req/s at 105 (95-115) users"),
        ("successes", "4210 (4110-4310)"),
        ("slowdown starts", "at 20 (15-25) users, after 3 s"),
        ("errors start", "none"),
    ]


def test_an_interval_that_is_the_number_is_left_out_and_large_rates_have_no_decimal() -> None:
    assert (count(19, (19, 19)), rate(123.5, (99.96, 140.4))) == ("19", "124 (100-140)")
    assert onset(Onset(3, 20, 20, 20)) == "at 20 users, after 3 s"


def test_charts_over_time() -> None:
    series = ramp()
    throughput, latency, failures = over_time(series.seconds, saturation(series.seconds))
    assert (throughput["x"]["label"], throughput["x"]["values"]) == ("seconds since the start", list(range(40)))
    assert [(line["name"], line["axis"]) for line in throughput["lines"]] == [
        ("successful", "left"),
        ("failed", "left"),
        ("users", "right"),
    ]
    assert throughput["lines"][0]["values"] == [second.ok for second in series.seconds]
    assert [mark["role"] for mark in throughput["marks"]] == ["slow", "error"]
    assert latency["lines"][0]["values"][:3] == [None, 100.0, 100.0]
    assert [line["name"] for line in failures["lines"]] == ["db_too_many_clients", "users"]
    assert json.loads(json.dumps(throughput)) == throughput


def test_the_users_planned_are_drawn_beside_those_that_ran() -> None:
    seconds = [Interval(t, users=9, planned=planned) for t, planned in enumerate((10, 10, 0))]
    throughput, *_ = over_time(seconds, saturation(seconds))
    assert [(line["name"], line["values"]) for line in throughput["lines"]][-2:] == [
        ("users planned", [10, 10, 0]),
        ("users", [9, 9, 9]),
    ]


def test_a_long_run_is_drawn_with_as_many_points_as_a_screen_has_and_loses_nothing() -> None:
    seconds = [Interval(t, users=t, ok=3, failed=Counter(timeout=1), p50_ms=5.0) for t in range(3600)]
    points = thinned(seconds)
    assert len(points) == POINTS_LIMIT
    assert (points[1].t, points[1].length, points[1].users, points[1].ok, points[1].failures) == (6, 6, 11, 18, 6)
    assert seconds[0].ok == 3  # they are not what is added to
    throughput, *_ = over_time(seconds, saturation(seconds))
    assert set(throughput["lines"][0]["values"]) == {3.0}


def test_of_many_kinds_the_rare_ones_are_one_line() -> None:
    seconds = [Interval(0, failed=Counter({f"kind_{n}": n for n in range(1, 12)})), Interval(1)]
    *_, failures = over_time(seconds, saturation(seconds))
    names = [line["name"] for line in failures["lines"]]
    assert names == [*(f"kind_{n}" for n in range(11, 11 - KINDS_SHOWN, -1)), "4 other kinds", "users"]
    assert failures["lines"][KINDS_SHOWN]["values"] == [1 + 2 + 3 + 4, 0]


def test_the_tabs_rows() -> None:
    rows = number_rows(numbers(figures(28.34, 105, 4210)), "/load/live-charts")
    assert [row["figure"] for row in rows][-2:] == ["errors start", "charts"]
    assert rows[-1]["text"] == "/load/live-charts"
    assert [row["name"] for row in rows] == sorted(row["name"] for row in rows)
    (row,) = failure_rows(FAILURES)
    assert (row["kind"], row["first"]) == ("db_too_many_clients (server)", "after 21 s, at 105 users")
    assert row["sample"] == "GET / http://127.0.0.1:8000/: <b>sorry</b> no"


@pytest.mark.parametrize(
    ("series", "verdict"),
    [
        pytest.param(
            ramp(),
            "It carried 600 successful requests a second at 105 users; db_too_many_clients broke first, at 102"
            " (100-105) users, after 21 s: raise max_connections, use a connection pool, or put PgBouncer in front of"
            " the database.",
            id="broken",
        ),
        pytest.param(
            ramp(breaks_at=999),
            "It carried 600 successful requests a second at 105 users; nothing broke, and it slowed down from 57"
            " users on.",
            id="slow",
        ),
        pytest.param(
            ramp(slots=999, breaks_at=999),
            "It carried 1725 successful requests a second at 195 users; up to 195 users nothing broke and nothing"
            " slowed down.",
            id="neither",
        ),
        pytest.param(
            Series.of({}, [Row(0, 5, failed=Counter(connect_refused=3))]),
            "No request succeeded; most failed by connect_refused: nothing listens there: see whether the server runs"
            " and --host is right.",
            id="nothing but failures",
        ),
        pytest.param(Series.of({}, []), "Nothing was answered.", id="nothing"),
    ],
)
def test_the_verdict_is_one_sentence(series: Series, verdict: str) -> None:
    assert run_report.told(series, {}).verdict == verdict


def test_the_verdict_has_the_advice_of_the_users_own_rules() -> None:
    series = Series.of({}, [Row(0, 5, failed=Counter(quota_spent=3))])
    row = {**FAILURES["failures"][0], "kind": "quota_spent", "advice": "buy more"}
    assert (
        run_report.told(series, {"failures": [row]}).verdict
        == "No request succeeded; most failed by quota_spent: buy more."
    )
    assert run_report.told(series, {}).verdict == "No request succeeded; most failed by quota_spent."


def test_long_words_can_be_broken_where_they_would_push_columns_out_of_sight() -> None:
    (row,) = failure_rows({"samples": [], "failures": [{**FAILURES["failures"][0], "message": "x" * 90 + " short"}]})
    assert row["message"].split("\u200b") == ["x" * 30, "x" * 30, "x" * 30 + " short"]


def test_a_generator_that_is_the_limit_is_told_of() -> None:
    rows = [Row(t, 5 * t, 100, ok_ms=Counter({10.0: 100}), cpu=99.0) for t in range(30)]
    assert run_report.told(Series.of({}, rows), {}).verdict.endswith("But the generator was the limit, not the server.")


def test_page_markdown_and_json_say_the_same() -> None:
    content = run_report.told(ramp(), FAILURES)
    page, text, data = run_report.html(content), run_report.markdown(content), json.loads(run_report.as_json(content))
    assert "<p>RampTo500: carries 39 users.</p>" in page
    said = [content.verdict, *(number.text for number in (*content.numbers, *content.fitted)), *content.ran.values()]
    assert [each for each in said if each.replace("'", "&#x27;") not in page or each not in text] == []
    assert [data["verdict"], *(n["text"] for n in (*data["numbers"], *data["fitted"])), *data["ran"].values()] == said
    assert "2 requests could not be recorded." in page
    assert "2 requests could not be recorded." in text
    assert "&lt;b&gt;sorry&lt;/b&gt;\nno" in page
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


def test_of_a_series_alone_the_kinds_are_told() -> None:
    content = run_report.told(ramp(), {})
    assert "- 133 x db_too_many_clients, first at 102 (100-105) users, after 21 s" in run_report.markdown(content)
    assert "<td>db_too_many_clients</td>" in run_report.html(content)


@pytest.mark.parametrize("content", [None, "no JSON", "[]", '{"format": "other"}'])
def test_other_files_are_no_failures(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "failures.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(UsageError, match=r"failures\.json"):
        run_report.read_failures(path, HEADER)


def test_failures_of_another_run_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "failures.json"
    about = {"format": "locust-asyncdjango failures", "version": 1}
    path.write_text(json.dumps({**about, **FAILURES, "run": HEADER}))
    assert run_report.read_failures(path, HEADER)["unrecorded"] == 2
    with pytest.raises(UsageError, match="another run"):
        run_report.read_failures(path, {**HEADER, "started": "2026-02-02T00:00:00+00:00"})
