from locust_asyncdjango.lab.analysis.findings import Findings
from locust_asyncdjango.lab.experiment.arm import Arm
from locust_asyncdjango.lab.experiment.plan import trials
from locust_asyncdjango.lab.report.answer.overall import overall_text
from locust_asyncdjango.lab.report.answer.subject_answers import answers_of
from tests.support.experiments import experiment, measured

SYNC, LIMITED, UNLIMITED = Arm("gunicorn-sync"), Arm("gunicorn-uvicorn"), Arm("gunicorn-uvicorn", "", 1000)


def three_arms(*peaks: tuple[float, float, float]) -> Findings:
    """Return the findings of one sync and two async arms, by what each of them carried in each repeat."""
    wanted = experiment(servers=(), arms=(SYNC, LIMITED, UNLIMITED), repeats=len(peaks), a_a_pairs=0)
    carried = {
        ("gunicorn-sync", 100): 0,
        ("gunicorn-uvicorn", 100): 1,
        ("gunicorn-uvicorn", 1000): 2,
    }
    results = (
        measured(trial, peaks[trial.repeat - 1][carried[trial.server, trial.max_connections]])
        for trial in trials(wanted)
    )
    return Findings(wanted, tuple(results), {})


def test_async_is_ahead_of_sync_although_two_async_arms_do_not_differ() -> None:
    (answer,) = answers_of(three_arms((20.0, 36.0, 36.2)))
    choice = answer.recommendation
    assert choice.lead == (
        "Async, on gunicorn-uvicorn with 1000 connections: it carries more than gunicorn-sync in this one run,"
        " with no detectable difference from gunicorn-uvicorn"
    )
    assert (choice.winner, choice.figures) == ("async", "36.2 req/s against 20.0 req/s")
    assert "gunicorn-sync brings 20.0 req/s" in choice.evidence[-1]


def test_the_interval_is_that_of_the_comparison_that_answers() -> None:
    repeats = [(20.0, 36.0, 36.2), (20.2, 36.4, 36.0), (19.9, 35.8, 36.3), (20.1, 36.1, 36.1)]
    (answer,) = answers_of(three_arms(*repeats))
    choice = answer.recommendation
    assert choice.lead.startswith(
        "Async, on gunicorn-uvicorn with 1000 connections: it carries more than gunicorn-sync,"
    )
    assert choice.notes[0].startswith("1.80 (")
    assert not choice.is_single_run


def test_no_kind_is_ahead_where_the_best_of_both_do_not_differ() -> None:
    (answer,) = answers_of(three_arms((35.0, 36.0, 20.0)))
    choice = answer.recommendation
    assert choice.lead == "No detectable difference between gunicorn-uvicorn and gunicorn-sync"
    assert choice.winner == ""


def test_a_winner_among_all_carries_most() -> None:
    (answer,) = answers_of(three_arms((20.0, 30.0, 40.0)))
    assert answer.recommendation.lead == (
        "Async, on gunicorn-uvicorn with 1000 connections: it carries most in this one run"
    )
    assert overall_text([answer]) == ""
