"""The question that an experiment answers."""

from dataclasses import replace

import pytest

from locust_asyncdjango.lab.experiment.spec import LOCUSTFILE_METHOD, Load, MeasuredProject, MeasuredView
from locust_asyncdjango.lab.experiment.trial import Trial
from locust_asyncdjango.lab.report.answer.questions import context_text, question_of
from tests.support.experiments import findings_of, measured


def trial(route: str = "io_read", server: str = "gunicorn-sync", variant: str = "", connections: int = 100) -> Trial:
    return Trial(route, server, 1000, connections, variant)


@pytest.mark.parametrize(
    ("trials", "question"),
    [
        ([trial(), trial(server="uvicorn")], "Should io_read be sync or async?"),
        ([trial("orm_get"), trial("cpu"), trial("cpu", "uvicorn")], "Should orm_get and cpu be sync or async?"),
        (
            [trial(route, server) for route in ("a", "b", "c", "d") for server in ("uvicorn", "gunicorn-sync")],
            "Should these views be sync or async?",
        ),
        ([trial(), trial(server="gunicorn-gevent")], "Which server carries io_read best?"),
        (
            [trial("orm_get", variant="psycopg2"), trial("orm_get", variant="psycopg")],
            "Which variant of orm_get is best?",
        ),
        ([trial(connections=50), trial(connections=100)], "How many connections does io_read need?"),
        ([trial()], "How much does io_read carry on gunicorn-sync?"),
    ],
)
def test_a_question_asks_for_what_the_arms_differ_in(trials: list[Trial], question: str) -> None:
    assert question_of(findings_of([measured(each, 10.0) for each in trials])) == question


def test_the_question_of_a_locustfile_is_about_the_project() -> None:
    project = MeasuredProject("shop", "asyncdjango.toml", (MeasuredView("load", LOCUSTFILE_METHOD, "load.py"),))
    results = [measured(trial("load", server), 10.0) for server in ("uvicorn", "gunicorn-sync")]
    assert question_of(findings_of(results, routes=("load",), project=project)) == "Should shop be sync or async?"


def test_the_context_says_what_was_measured_and_how() -> None:
    findings = findings_of(
        [measured(trial(), 10.0)],
        load=Load("RampTo500", users="200", spawn_rate="22", run_time="60s", objective="p95 <= 2s"),
        repeats=3,
    )
    assert context_text(findings, {"started": "2026-01-01T12:30:59+00:00"}) == (
        "io_read \u00b7 1,000 posts \u00b7 RampTo500 up to 200 users at 22 users a second for 60s \u00b7"
        " 3 runs of each arm \u00b7 objective: p95 <= 2s \u00b7 2026-01-01 12:30"
    )


def test_the_context_says_to_how_many_users_a_pilot_let_each_view_climb() -> None:
    load, chosen = Load("Ramp:hold=15s", "500", "50"), (("io_read", 120), ("cpu", 300))
    findings = findings_of([measured(trial(), 10.0)], routes=("io_read", "cpu"), load=load, ramp_users=chosen)
    text = context_text(findings, {})
    assert "\u00b7 Ramp:hold=15s up to 120 users (io_read), 300 users (cpu) \u00b7 objective" in text


def test_the_context_names_all_latencies() -> None:
    at = [replace(trial(), latency_ms=latency_ms, workers=2) for latency_ms in (0, 100, 200)]
    text = context_text(findings_of([measured(each, 10.0) for each in at]), {})
    assert text.startswith("io_read \u00b7 0, 100 and 200 ms latency \u00b7 2 workers \u00b7 1,000 posts")
    text = context_text(findings_of([measured(at[1], 10.0)]), {})
    assert text.startswith("io_read \u00b7 100 ms latency \u00b7 2 workers \u00b7 1,000 posts")


def test_the_connection_limit_of_an_arm_is_not_part_of_the_context() -> None:
    limits = [replace(trial(), max_connections=limit) for limit in (100, 1000)]
    text = context_text(findings_of([measured(each, 10.0) for each in limits]), {})
    assert text.startswith("io_read \u00b7 1,000 posts")
