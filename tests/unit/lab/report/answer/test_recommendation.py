"""What to choose on a subject, in a sentence."""

from dataclasses import replace

from locust_asyncdjango.analysis.saturation import Capacity
from locust_asyncdjango.lab.analysis.findings import Findings
from locust_asyncdjango.lab.experiment.arm import Arm
from locust_asyncdjango.lab.experiment.schedule.plan import trials
from locust_asyncdjango.lab.report.answer.overall import overall_text
from locust_asyncdjango.lab.report.answer.subject_answers import answers_of
from tests.support.experiments import OBJECTIVE, SERVERS, capacity, experiment, goodput, measured, repeated, with_names

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


def test_sync_and_async_of_equal_capacity_are_told_apart_at_full_load_also_where_the_second_best_is_sync_too() -> None:
    repeats = [(20.0, 36.0, 36.2), (20.2, 36.4, 36.0), (19.9, 35.8, 36.3), (20.1, 36.1, 36.1)]
    findings = three_arms(*repeats)
    coarse = replace(capacity(62), low=22, high=108)
    results = tuple(
        replace(each, figures=replace(each.figures, capacity=coarse)) for each in findings.results if each.figures
    )
    (answer,) = answers_of(replace(findings, results=results))
    assert answer.recommendation.lead == (
        "No detectable difference in capacity between gunicorn-sync and gunicorn-uvicorn, but at full load"
        " gunicorn-uvicorn brings 1.80 (1.72-1.88) times the goodput"
    )


def test_without_a_ratio_of_capacities_the_lead_says_what_differs_at_full_load_and_what_fails_there() -> None:
    findings = repeated((100.0, 50.0), (101.0, 49.0), (100.0, 51.0))
    known, unknown = replace(capacity(62), low=0), Capacity(OBJECTIVE, 0, 0, 102, 0.0, "p95 1.7 s")
    results = tuple(
        replace(each, figures=replace(each.figures, capacity=known))
        if each.trial.server == "gunicorn-sync"
        else replace(
            each,
            figures=replace(
                each.figures,
                capacity=unknown,
                goodput=each.figures.goodput and replace(each.figures.goodput, failed_share=0.21),
            ),
        )
        for each in findings.results
        if each.figures
    )
    (answer,) = answers_of(replace(findings, results=results))
    choice = answer.recommendation
    assert choice.lead.startswith("No verdict: gunicorn-sync carries 62 users within the objective")
    assert choice.lead.endswith("; at full load gunicorn-sync brings 2.01 (1.90-2.12) times the goodput")
    assert choice.evidence[-1].endswith(" while 21 % fail.")


def test_a_winner_among_all_carries_most() -> None:
    (answer,) = answers_of(three_arms((20.0, 30.0, 40.0)))
    assert answer.recommendation.lead == (
        "Async, on gunicorn-uvicorn with 1000 connections: it carries most in this one run"
    )
    assert overall_text([answer]) == ""


def test_a_kind_is_not_ahead_of_one_that_was_not_measured() -> None:
    findings = three_arms((20.0, 30.0, 40.0))
    unmeasured = [
        replace(each, figures=None, error="it did not start") if each.trial.server == "gunicorn-sync" else each
        for each in findings.results
    ]
    (answer,) = answers_of(replace(findings, results=tuple(unmeasured)))
    choice = answer.recommendation
    assert choice.lead == "gunicorn-uvicorn with 1000 connections: it carries more in this one run"
    assert choice.winner == "gunicorn-uvicorn with 1000 connections"


def test_arms_that_are_not_saturated_answer_faster() -> None:
    findings = repeated((100.0, 100.0), (100.0, 100.0), (100.0, 100.0))
    results = [
        replace(
            each,
            figures=replace(
                each.figures,
                is_saturated=False,
                goodput=goodput(100.0, (20.0 if each.trial.server == SERVERS[0] else 30.0) + each.trial.repeat),
            ),
        )
        for each in findings.results
        if each.figures
    ]
    (answer,) = answers_of(replace(findings, results=tuple(results)))
    assert answer.recommendation.lead == "Sync, on gunicorn-sync: it answers faster"


def with_capacities(findings: Findings, *users: tuple[int, int]) -> Findings:
    """Return the findings with a capacity for both servers in each repeat."""
    results = (
        replace(
            each,
            figures=replace(
                each.figures, capacity=capacity(users[each.trial.repeat - 1][SERVERS.index(each.trial.server)])
            ),
        )
        for each in findings.results
        if each.figures
    )
    return replace(findings, results=tuple(results))


def test_no_arm_is_ahead_where_none_keeps_the_objective_in_each_run() -> None:
    findings = with_capacities(repeated((50.0, 50.0), (50.0, 50.0)), (0, 40), (40, 0))
    (answer,) = answers_of(findings)
    choice = answer.recommendation
    assert choice.lead == (
        "No verdict: no arm keeps the objective in each of its runs (gunicorn-sync below 41 users, gunicorn-uvicorn"
        " below 41 users); measure with fewer users or a slower ramp (-u, -r)"
    )
    assert choice.winner == ""
    one = with_capacities(repeated((50.0, 50.0), (50.0, 50.0)), (30, 0), (40, 0))
    (answer,) = answers_of(one)
    choice = answer.recommendation
    assert choice.winner == "sync"
    assert choice.notes[0] == "no ratio: in a run of gunicorn-uvicorn the lowest load was beyond the objective"
    assert choice.figures == "35 users against < 1 users"
    assert choice.evidence[0] == (
        "Within the objective gunicorn-sync carries 30 users (15.0 req/s; then p95 1.4 s), gunicorn-uvicorn carries"
        " fewer than 1 user (at the lowest load p95 1.4 s)."
    )
    assert [(row.capacity, row.terminal_cells[1], row.share) for row in answer.rows] == [
        ("30 users", "30", 1.0),
        ("below 1 user", "< 1", None),
    ]


def test_arms_without_a_success_are_not_compared_and_have_no_figures() -> None:
    findings = repeated((0.0, 0.0), (0.0, 0.0))
    results = [replace(each, figures=replace(each.figures, successes=0)) for each in findings.results if each.figures]
    (answer,) = answers_of(replace(findings, results=tuple(results)))
    choice = answer.recommendation
    assert (choice.sentence, choice.obstacle) == (
        "No arm answered a single request successfully.",
        "no request succeeded",
    )
    assert answers_of(findings)[0].recommendation.obstacle == ""


def test_no_arm_is_ahead_where_no_repeat_has_both() -> None:
    findings = repeated((50.0, 100.0), (51.0, 99.0))
    kept = {("gunicorn-sync", 1), ("gunicorn-uvicorn", 2)}
    results = [each for each in findings.results if (each.trial.server, each.trial.repeat) in kept]
    (answer,) = answers_of(replace(findings, results=tuple(results)))
    choice = answer.recommendation
    assert choice.lead.startswith("No verdict: gunicorn-uvicorn carries 99.0 req/s at full load, gunicorn-sync 50.0")
    assert choice.winner == ""


def test_figures_of_different_mixes_of_requests_are_not_compared() -> None:
    findings = with_names(
        repeated((50.0, 100.0)), gunicorn_sync={"GET /slow/": 500}, gunicorn_uvicorn={"GET /quick/": 900}
    )
    (answer,) = answers_of(findings)
    choice = answer.recommendation
    assert choice.lead.startswith("No winner by total")
    assert (choice.winner, choice.figures) == ("", "")


def test_the_evidence_says_what_broke_the_objective() -> None:
    findings = three_arms((20.0, 30.0, 40.0))
    limited = tuple(
        replace(each, figures=replace(each.figures, capacity=capacity(users)))
        for each, users in zip(findings.results, (50, 84, 120), strict=True)
        if each.figures
    )
    (answer,) = answers_of(replace(findings, results=limited))
    assert answer.recommendation.evidence[0] == (
        "Within the objective gunicorn-uvicorn with 1000 connections carries 120 users (60.0 req/s; then p95 1.4 s),"
        " gunicorn-uvicorn carries 84 users (42.0 req/s; then p95 1.4 s),"
        " gunicorn-sync carries 50 users (25.0 req/s; then p95 1.4 s)."
    )
