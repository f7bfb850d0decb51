"""What has changed from one results folder to another."""

import json
from dataclasses import replace

import pytest

from locust_asyncdjango.lab.analysis.findings import Findings
from locust_asyncdjango.lab.experiment.plan import trials
from locust_asyncdjango.lab.experiment.result import Baseline, Result
from locust_asyncdjango.lab.report.comparison_report import (
    as_json,
    changes,
    html,
    markdown,
    table,
)
from tests.support.experiments import experiment
from tests.support.figures import figures

BOTH = ("gunicorn-sync", "gunicorn-uvicorn")


def measured(sync: tuple[float, ...], async_: tuple[float, ...] = (), posts: int = 1000) -> Findings:
    """Runs of one server or two."""
    asked = experiment(servers=BOTH if async_ else BOTH[:1], repeats=len(sync), posts=posts)
    by_server = dict(zip(BOTH, (sync, async_), strict=True))
    results = (
        Result(trial, figures(by_server[trial.server][trial.repeat - 1], 60, 4100), "", {}) for trial in trials(asked)
    )
    return Findings(asked, tuple(results), {})


def test_what_has_changed() -> None:
    before = measured((100.0, 102.0, 98.0), (200.0, 204.0, 196.0))
    after = measured((80.0, 82.0, 78.0), (201.0, 203.0, 198.0), posts=1000)
    found = changes(before, after, ({"versions": {"django": "5.2"}}, {"versions": {"django": "6.0"}}))
    assert found.sentences(0.1) == [
        "io_read: gunicorn-sync: 80.0 against 100.0 req/s, 0.80 (0.77-0.83) times as much",
        "1 of 2 arms: no detectable difference",
        "1 of 2 arms carry less by more than 10%",
        "django was 5.2, and is 6.0",
    ]
    assert found.sentences(0.25)[2] == "0 of 2 arms carry less by more than 25%"
    assert table(found).rows[0] == ("io_read: gunicorn-sync", "100.0", "80.0", "0.80 (0.77-0.83)", "less")
    assert "| io_read: gunicorn-sync | 100.0 | 80.0 | 0.80 (0.77-0.83) | less |" in markdown(found, "A to B", 0.1)
    assert "<li>1 of 2 arms carry less by more than 10%</li>" in html(found, "A to B", 0.1)
    assert [arm["is_worse"] for arm in json.loads(as_json(found, 0.1))["arms"]] == [True, False]


@pytest.mark.parametrize(("after", "is_worse"), [((95.0,), False), ((80.0,), True), ((120.0,), False), ((0.0,), True)])
def test_of_one_run_each_the_ratio_counts(after: tuple[float, ...], is_worse: bool) -> None:
    (change,) = changes(measured((100.0,)), measured(after), ({}, {})).arms
    assert change.is_worse(0.1) == is_worse


def test_what_may_be_noise_is_not_worse() -> None:
    (change,) = changes(measured((100.0, 60.0)), measured((65.0, 72.0)), ({}, {})).arms
    assert change.found is not None
    assert change.found.ratio < 0.9
    assert not change.is_worse(0.1)


def test_what_was_asked_and_what_is_missing() -> None:
    before, after = measured((100.0,), (200.0,)), measured((100.0,))
    found = changes(before, replace(after, experiment=replace(after.experiment, a_a_pairs=3)), ({}, {}))
    assert found.sentences(0.1)[-3:] == [
        "servers was gunicorn-sync, gunicorn-uvicorn, and is gunicorn-sync",
        "a_a_pairs was 0, and is 3",
        "only in the first: io_read: gunicorn-uvicorn",
    ]


def test_who_was_not_measured_any_more_is_worse() -> None:
    before, after = measured((100.0,), (200.0,)), measured((100.0,), (200.0,))
    first, second = after.results
    broken = replace(second, figures=None, error="it did not start")
    found = changes(before, replace(after, results=(first, broken)), ({}, {}))
    assert [change.is_worse(0.1) for change in found.arms] == [False, True]
    assert found.sentences(0.1)[0] == "io_read: gunicorn-uvicorn: not measured in the second"
    found = changes(replace(before, results=(first, broken)), after, ({}, {}))
    assert [change.is_worse(0.1) for change in found.arms] == [False, False]


def test_what_cannot_be_true_is_neither_better_nor_worse() -> None:
    before, after = measured((100.0,)), measured((2.0,))
    (result,) = before.results
    found = changes(replace(before, results=(replace(result, baseline=Baseline(501.0, 1.0, 3)),)), after, ({}, {}))
    assert [change.is_worse(0.1) for change in found.arms] == [False]
    assert "its result in the first cannot be true: 100.0 req/s lie above its ceiling of 2.1" in found.sentences(0.1)[0]


def test_few_requests_of_single_runs_are_not_worse() -> None:
    (change,) = changes(measured((1.0,)), measured((0.8,)), ({}, {})).arms
    assert not change.is_worse(0.1)


def test_what_is_told_of_a_load_is_told_by_its_parts() -> None:
    before = measured((100.0,))
    asked = replace(before.experiment, load=replace(before.experiment.load, users="7"))
    found = changes(before, replace(before, experiment=asked), ({}, {"versions": {"django": "6.0"}}))
    assert found.asked == ("users was none, and is 7", "django was not told, and is 6.0")
