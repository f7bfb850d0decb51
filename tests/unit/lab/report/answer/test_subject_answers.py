"""The answer on each subject: recommendation, charts and table."""

from collections import Counter
from dataclasses import replace

from locust_asyncdjango.analysis.saturation import find_saturation
from locust_asyncdjango.lab.analysis.findings import Findings
from locust_asyncdjango.lab.experiment.schedule.plan import trials
from locust_asyncdjango.lab.report.answer.subject_answers import answers_of
from locust_asyncdjango.metrics.row import Row
from locust_asyncdjango.metrics.series_file import Series
from tests.support.experiments import BROKEN, SERVERS, capacity, experiment, findings_of, measured, repeated


def series(slots: int) -> Series:
    """Five users more each second up to 100; 50 ms of work for a request, so that a second has 20 for each slot."""
    rows = [
        Row(
            t,
            users := min(5 * t, 100),
            ok := min(20 * users, 20 * slots),
            ok_ms=Counter({1000 * users / max(ok, 1): ok}),
        )
        for t in range(40)
    ]
    return Series.from_rows({}, rows)


def two_arms() -> Findings:
    wanted = experiment(servers=SERVERS)
    sync, uvicorn = trials(wanted)
    recorded = {sync: series(20), uvicorn: series(60)}
    results = (
        replace(measured(trial, 1.0), figures=find_saturation(each.intervals, each.load_levels))
        for trial, each in recorded.items()
    )
    return Findings(wanted, tuple(results), {trial.id: each for trial, each in recorded.items()})


def test_the_arms_stand_on_common_axes_and_the_best_comes_first() -> None:
    (answer,) = answers_of(two_arms())
    assert [arm.name for arm in answer.arms] == ["gunicorn-uvicorn", "gunicorn-sync"]
    assert [(row.role, row.capacity, row.goodput, row.failures) for row in answer.rows] == [
        ("arm-1", "at least 100 users", "1200 req/s", "0 %"),
        ("arm-0", "at least 100 users", "400 req/s", "0 %"),
    ]
    goodput, latency = answer.charts()
    assert [(line["name"], line["role"]) for line in goodput["lines"]] == [
        *(("gunicorn-uvicorn", "arm-1"), ("gunicorn-sync", "arm-0")),
    ]
    assert goodput["x"] == latency["x"]
    assert (latency["scale"], [level["name"] for level in latency["levels"]]) == (
        "log ms",
        ["objective: p95 \u2264 1 s"],
    )
    assert [dot["name"] for dot in goodput["dots"]] == [
        *("gunicorn-uvicorn: \u2265 100 users", "gunicorn-sync: \u2265 100 users"),
    ]
    (distribution,) = answer.distribution()
    assert distribution["x_scale"] == "percentiles"


def test_the_recommendation_names_kind_arm_and_figures() -> None:
    (answer,) = answers_of(two_arms())
    choice = answer.recommendation
    assert choice.lead == "Async, on gunicorn-uvicorn: it carries more in this one run"
    assert choice.evidence == (
        "Within the objective gunicorn-uvicorn carries at least 100 users (1200 req/s), gunicorn-sync carries at least"
        " 100 users (400 req/s).",
        "At 100 users gunicorn-uvicorn brings 1200 req/s with a p95 of 83 ms, gunicorn-sync brings 400 req/s with a"
        " p95 of 250 ms.",
    )
    assert choice.notes == ("one run each: repeat to be sure", "arms differ in slots: any number, 1")
    assert choice.sentence.startswith(f"{choice.lead} (one run each: repeat to be sure). Within the objective ")


def test_repeats_say_how_sure_the_recommendation_is() -> None:
    (different,) = answers_of(repeated((50.0, 100.0), (51.0, 99.0), (49.0, 103.0)))
    assert different.recommendation.lead == "Async, on gunicorn-uvicorn: it carries more"
    assert different.recommendation.notes[0] == "2.01 (1.88-2.15) times, 95 % interval"
    (equal,) = answers_of(repeated((99.0, 100.0), (103.0, 99.0), (98.0, 103.0)))
    assert equal.recommendation.lead.startswith("No detectable difference between gunicorn-")


def test_an_arm_that_was_not_measured_has_its_reason_in_the_table() -> None:
    (answer,) = answers_of(findings_of([BROKEN]))
    (row,) = answer.rows
    assert row.cells == (
        "gunicorn-sync (not measured: gunicorn-sync did not start: no)",
        *("-", "-", "-", "-", "-", "-"),
    )
    assert (answer.recommendation.lead, answer.charts()) == ("No arm was measured", [])


def test_where_users_do_not_change_the_chart_shows_the_distribution() -> None:
    findings = two_arms()
    constant = Series.from_rows({}, [Row(t, 10, 50, ok_ms=Counter({20.0: 45, 60.0: 5})) for t in range(20)])
    recorded = Findings(findings.experiment, findings.results, dict.fromkeys(findings.series, constant))
    (answer,) = answers_of(recorded)
    (chart,) = answer.charts()
    assert (chart["title"], answer.distribution()) == ("Latency distribution", [])
    assert chart["lines"][0]["values"][:13] == [20.0] * 13


def test_arms_of_equal_capacity_are_told_apart_by_what_they_bring_at_full_load() -> None:
    findings = repeated((50.0, 100.0), (51.0, 99.0), (49.0, 103.0))
    results = (
        replace(each, figures=replace(each.figures, capacity=capacity(100)))
        for each in findings.results
        if each.figures
    )
    (answer,) = answers_of(replace(findings, results=tuple(results)))
    assert answer.recommendation.lead == (
        "No detectable difference in capacity between gunicorn-sync and gunicorn-uvicorn, but at full load"
        " gunicorn-uvicorn brings 2.01 (1.88-2.15) times the goodput"
    )


def open_series(slots: int) -> Series:
    """Arrivals that climb by 5 a second up to 100 a second, on 100 users; 20 a second for each slot."""
    rows = [
        Row(
            t, 100, ok := min(due, 20 * slots), ok_ms=Counter({50.0 if ok == due else 2000.0: ok}), due_per_s=float(due)
        )
        for t, due in ((t, min(5 * t + 5, 100)) for t in range(40))
    ]
    return Series.from_rows({}, rows)


def test_the_load_of_an_open_model_is_its_arrivals() -> None:
    wanted = experiment(servers=SERVERS)
    recorded = dict(zip(trials(wanted), (open_series(3), open_series(60)), strict=True))
    results = (
        replace(measured(trial, 1.0), figures=find_saturation(each.intervals, each.load_levels))
        for trial, each in recorded.items()
    )
    findings = Findings(wanted, tuple(results), {trial.id: each for trial, each in recorded.items()})
    (answer,) = answers_of(findings)
    assert [(row.capacity, row.terminal_cells[1]) for row in answer.rows] == [
        ("at least 100 arrivals/s", ">= 100"),
        ("52 arrivals/s", "52"),
    ]
    goodput, latency = answer.charts()
    assert goodput["x"]["label"] == latency["x"]["label"] == "offered load, arrivals a second"
    assert (min(goodput["x"]["values"]), max(goodput["x"]["values"])) == (15.0, 100.0)
    assert [(dot["name"], dot["x"]) for dot in goodput["dots"]] == [
        ("gunicorn-uvicorn: \u2265 100 arrivals/s", 100.0),
        ("gunicorn-sync: 52 arrivals/s", 52.0),
    ]
    assert answer.recommendation.evidence[1].startswith("At 100 arrivals/s gunicorn-uvicorn brings 100 req/s")


def test_repeats_of_an_arm_that_carries_nothing_have_no_interval() -> None:
    (answer,) = answers_of(repeated((0.0, 100.0), (51.0, 99.0)))
    assert answer.recommendation.notes[0] == "no ratio: a run of gunicorn-sync carried nothing"
    (single,) = answers_of(repeated((0.0, 100.0)))
    assert single.recommendation.notes[0] == "one run each: repeat to be sure"
