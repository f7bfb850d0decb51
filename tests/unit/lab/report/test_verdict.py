"""The verdict of an experiment in sentences."""

from dataclasses import replace

import pytest

from locust_asyncdjango.analysis.saturation import FailingName, KindOnset, Onset
from locust_asyncdjango.lab.analysis.findings import Findings
from locust_asyncdjango.lab.experiment.result import RefusedConnections
from locust_asyncdjango.lab.experiment.schedule.plan import trials
from locust_asyncdjango.lab.experiment.trial import Trial
from locust_asyncdjango.lab.report.answer.subject_answers import answers_of
from locust_asyncdjango.lab.report.experiment_report import failure_kinds
from locust_asyncdjango.lab.report.tables import figures_table
from locust_asyncdjango.lab.report.verdict import (
    first_failure_sentences,
    trial_sentences,
    verdict_sentences,
    winner_sentences,
)
from tests.support.experiments import (
    ASYNC,
    BROKEN,
    FIRST,
    SERVERS,
    SYNC,
    at_two_latencies,
    experiment,
    findings_of,
    measured,
    repeated,
    runs_of_servers,
    with_names,
)

ALL = [SYNC, ASYNC, BROKEN]
DOUBTFUL, LATE = Onset(10, 20, 15, 25, doubt="time"), Onset(30, 60, 50, 70)
AT_20 = "slowdown at 20 (15-25) users, after 10 s"


def test_the_verdict_names_winner_first_failures_and_caveats() -> None:
    failures = [
        "io_read on gunicorn-sync: no request failed; slowdown: at 20 (15-25) users, after 3 s",
        "io_read on gunicorn-uvicorn: the first failure was db_too_many_clients, at 125 users;"
        " raise max_connections, use a connection pool, or put PgBouncer in front of the database",
        "cpu on gunicorn-sync: not measured: gunicorn-sync did not start: no",
    ]
    winner = (
        "io_read: gunicorn-uvicorn carries 28.3 req/s at full load, gunicorn-sync 23.0 req/s; 1.23 times; one run each:"
        " repeat to be sure (--repeats 4)"
    )
    caveats = "1 of 3 trials has caveats; the report lists them"
    assert verdict_sentences(findings_of(ALL)) == [winner, *failures, caveats]
    assert winner_sentences(findings_of(ALL)) == [winner, "1 of 3 trials has caveats; see Trials"]
    assert first_failure_sentences(findings_of(ALL)) == failures


def test_opaque_failures_are_told_with_their_cause() -> None:
    assert ASYNC.figures
    opaque = replace(ASYNC.figures, failures=(KindOnset("app_error", 41, FIRST),))
    result = replace(ASYNC, figures=opaque, refused=RefusedConnections({"app_error": 41}, 44, 100))
    advised = "raise max_connections, use a connection pool, or put PgBouncer in front of the database"
    cause = (
        "41 opaque failures (app_error), 44 refused connections in the same seconds: the database refused connections"
        " (too many clients, all 100 in use)"
    )
    findings = findings_of([result])
    assert first_failure_sentences(findings) == [
        "io_read on gunicorn-uvicorn: the first failure was app_error, at 125 users",
        f"io_read on gunicorn-uvicorn: {cause}; {advised}",
    ]
    (answer,) = answers_of(findings)
    assert f"On gunicorn-uvicorn: {cause}; {advised}." in answer.recommendation.warnings
    assert failure_kinds(findings) == ["db_too_many_clients"]
    few = replace(result, refused=RefusedConnections({"app_error": 41}, 44, 60))
    assert "(too many clients);" in first_failure_sentences(findings_of([few]))[1]
    twice = findings_of([result, replace(result, trial=replace(result.trial, repeat=2))], repeats=2)
    assert "82 opaque failures (app_error), 88 refused connections" in first_failure_sentences(twice)[1]


def test_a_name_that_fails_at_every_load_is_named_for_its_arm() -> None:
    failing = (FailingName("GET /broken/", 0.5),)
    assert SYNC.figures
    findings = findings_of([replace(SYNC, figures=replace(SYNC.figures, always_failing=failing))])
    note = "GET /broken/ (50 %) fails at every load, so that load did not break it"
    assert first_failure_sentences(findings)[1:] == [f"{SYNC.trial.title}: {note}"]
    (answer,) = answers_of(findings)
    assert answer.recommendation.warnings[0] == f"On gunicorn-sync {note}."


def with_slowdowns(*onsets: Onset | None) -> Findings:
    """Return the findings of an arm whose runs had these slowdowns."""
    findings = runs_of_servers((50.0,) * len(onsets))
    results = [
        replace(result, figures=replace(result.figures, slowdown=onset))
        for result, onset in zip(findings.results, onsets, strict=True)
        if result.figures
    ]
    return replace(findings, results=tuple(results))


@pytest.mark.parametrize(
    ("onsets", "sentence"),
    [
        (
            (DOUBTFUL,),
            f"{AT_20}, not confirmed: time; repeat it (--repeats 3) or hold a load (--confirm)",
        ),
        ((DOUBTFUL, None, DOUBTFUL), f"{AT_20}, confirmed: 2 of 3 runs have it there"),
        ((DOUBTFUL, LATE, LATE), "slowdown at 60 (50-70) users, after 30 s, confirmed: 2 of 3 runs have it there"),
        ((DOUBTFUL, LATE), f"{AT_20}, not confirmed: time"),
        (
            (DOUBTFUL, LATE, Onset(50, 99, 90, 110)),
            "slowdown at 60 (50-70) users, after 30 s, not confirmed: 1 of 3 runs has it there",
        ),
        ((DOUBTFUL, None), "slowdown not confirmed: at least half of the runs show none"),
    ],
)
def test_a_doubtful_slowdown_is_confirmed_by_other_runs(onsets: tuple[Onset | None, ...], sentence: str) -> None:
    findings = with_slowdowns(*onsets)
    title = findings.runs[0].trial.title
    assert first_failure_sentences(findings)[1:] == [f"{title}: {sentence}"]


def test_a_doubtful_slowdown_is_confirmed_by_a_plateau() -> None:
    findings = with_slowdowns(DOUBTFUL)
    trial = findings.runs[0].trial
    held = measured(replace(trial, plateau_users=40), 50.0)
    for unloaded_ms, sentence in (
        (50.0, f"{AT_20}, confirmed: a plateau at more users is slow too"),
        (
            90.0,
            f"{AT_20}, not confirmed: on a plateau at 40 users latency stayed near the unloaded one",
        ),
    ):
        assert held.figures
        plateau = replace(held, figures=replace(held.figures, unloaded_ms=unloaded_ms))
        confirmed = replace(findings, confirmations={trial: [plateau]})
        assert first_failure_sentences(confirmed)[1:] == [f"{trial.title}: {sentence}"]
    (row,) = figures_table(findings).rows
    assert "20 (15-25), not confirmed" in row


def test_a_plateau_counts_more_than_runs_that_agree() -> None:
    findings = with_slowdowns(DOUBTFUL, DOUBTFUL)
    trial = findings.runs[0].trial
    held = measured(replace(trial, plateau_users=40), 50.0)
    assert held.figures
    plateau = replace(held, figures=replace(held.figures, unloaded_ms=90.0))
    assert first_failure_sentences(findings)[1] == f"{trial.title}: {AT_20}, confirmed: 2 of 2 runs have it there"
    assert first_failure_sentences(replace(findings, confirmations={trial: [plateau]})) == [
        f"{trial.title}: no request failed",
        f"{trial.title}: {AT_20}, not confirmed: on a plateau at 40 users latency stayed near the unloaded one",
    ]


def test_repeated_runs_show_how_sure_the_verdict_is() -> None:
    assert verdict_sentences(repeated((50.0, 100.0), (51.0, 99.0), (49.0, 103.0))) == [
        "io_read: gunicorn-uvicorn carries 100.7 req/s at full load, gunicorn-sync 50.0 req/s; 2.01 (1.88-2.15) times",
        "io_read on gunicorn-sync: no request failed; slowdown: not seen",
        "io_read on gunicorn-uvicorn: no request failed; slowdown: not seen",
        "noise of io_read: two runs of the same arm differ in goodput by up to 1.19 times (2 degrees of freedom)",
        "errors: 1 pair of arms shares an error of 5%: of 100 experiments such as this one in which no arms differ, at"
        " most 5 call some of them different",
    ]
    assert verdict_sentences(repeated((90.0, 100.0), (103.0, 99.0), (98.0, 113.0)))[0] == (
        "io_read: no detectable difference: gunicorn-uvicorn carries 103.8 req/s at full load, gunicorn-sync 96.9"
        " req/s; 1.07 (0.84-1.36) times; 34 repeats would find 5%"
    )
    assert verdict_sentences(repeated((99.9, 100.0), (100.1, 100.0), (100.0, 100.1)))[0].startswith(
        "io_read: no difference that matters: gunicorn-uvicorn carries 100.0 req/s at full load"
    )


def test_each_set_of_conditions_has_a_verdict() -> None:
    results = [
        measured(Trial("io_create", server, 1000, 100, latency_ms=latency_ms), peak)
        for server, latency_ms, peak in (("a", 0, 144), ("b", 0, 189), ("a", 100, 1.4), ("b", 100, 170))
    ]
    sentences = verdict_sentences(findings_of(results))
    assert [sentence.partition(";")[0] for sentence in sentences if "full load" in sentence] == [
        "io_create: b carries 189.0 req/s at full load, a 144.0 req/s",
        "io_create (100 ms latency): b carries 170.0 req/s at full load, a 1.4 req/s",
    ]


def test_connection_limits_are_compared_with_each_other() -> None:
    sentences = [each for each in verdict_sentences(at_two_latencies()) if "full load" in each]
    assert [each.partition(";")[0] for each in sentences] == [
        "io_read: gunicorn-uvicorn with 1000 connections carries 90.0 req/s at full load, gunicorn-uvicorn 80.0 req/s",
        "io_read (100 ms latency): gunicorn-uvicorn carries 60.0 req/s at full load, gunicorn-sync with 1000"
        " connections 5.1 req/s",
    ]


def test_the_other_arms_are_compared_with_the_best_in_a_second_sentence() -> None:
    wanted = experiment(servers=(*SERVERS, "uvicorn"), repeats=2)
    per_s = {"gunicorn-sync": 50.0, "gunicorn-uvicorn": 100.0, "uvicorn": 200.0}
    results = (measured(trial, per_s[trial.server] + trial.repeat / 10) for trial in trials(wanted))
    findings = Findings(wanted, tuple(results), {})
    assert verdict_sentences(findings)[1] == (
        "io_read: against the other arms, uvicorn is better by: gunicorn-sync 3.99 (3.86-4.13) times"
    )


def test_a_a_pairs_show_the_noise_and_are_compared_with_each_other() -> None:
    equal = (100.0, 101.0, 100.0, 98.0, 100.0, 102.0, 100.0, 99.0)
    last = verdict_sentences(repeated((50.0, 100.0), a_a=equal))[-1]
    assert last == "A/A: no difference in 4 of 4 pairs of runs of the same arm"
    last = verdict_sentences(repeated((50.0, 100.0), a_a=(*equal, 100.0, 150.0)))[-1]
    assert last == "A/A: no difference in 4 of 5 pairs of runs of the same arm"
    assert verdict_sentences(repeated((50.0, 100.0), a_a=(99.0, 99.0)))[-1] == (
        "noise of io_read: two runs of the same arm differ in goodput by up to 1.04 times (1 degree of freedom)"
    )
    assert verdict_sentences(repeated((50.0, 100.0), a_a=(1.0, 99.0)))[-1] == (
        "noise of io_read: two runs of the same arm differ in goodput by more than so few runs can show"
        " (1 degree of freedom)"
    )


def test_trials_are_counted() -> None:
    findings = repeated((50.0, 100.0), (51.0, 99.0))
    assert trial_sentences(replace(findings, results=findings.results[:3]))[0] == (
        "4 trials planned, 3 run, 0 of these not measured"
    )
    assert trial_sentences(findings_of([SYNC]))[0] == "1 trial planned, 1 run, 0 of these not measured"


def test_trials_that_failed_and_caveats_are_named() -> None:
    assert trial_sentences(findings_of(ALL))[1:] == [
        "cpu on gunicorn-sync could not be measured: gunicorn-sync did not start: no",
        "caveat: io_read on gunicorn-uvicorn: other programs used 35 % of a processor",
    ]
    twice = replace(SYNC, caveats=("the server has lost a process",) * 2)
    assert trial_sentences(findings_of([twice]))[-1] == (
        "caveat: io_read on gunicorn-sync: the server has lost a process (2 times)"
    )


def test_arms_that_completed_different_mixes_have_no_winner_by_total() -> None:
    findings = with_names(
        repeated((50.0, 100.0), (51.0, 99.0), (49.0, 103.0)),
        gunicorn_sync={"GET /quick/": 250, "GET /slow/": 250},
        gunicorn_uvicorn={"GET /quick/": 900, "GET /slow/": 100},
    )
    assert verdict_sentences(findings)[:3] == [
        "io_read: no winner by total: gunicorn-uvicorn and gunicorn-sync completed different mixes of requests, 40% of"
        " them have another name; compare them by name",
        "io_read, GET /quick/: gunicorn-uvicorn carried 3.60 (3.60-3.60) times as much as gunicorn-sync, p95 10 ms"
        " against 10 ms",
        "io_read, GET /slow/: gunicorn-uvicorn carried 0.40 (0.40-0.40) times as much as gunicorn-sync, p95 10 ms"
        " against 10 ms",
    ]
    equal = with_names(
        repeated((50.0, 100.0), (51.0, 99.0), (49.0, 103.0)),
        gunicorn_sync={"GET /quick/": 250, "GET /slow/": 250},
        gunicorn_uvicorn={"GET /quick/": 510, "GET /slow/": 490},
    )
    assert verdict_sentences(equal)[0].startswith("io_read: gunicorn-uvicorn carries 100.7 req/s at full load")
    only = with_names(repeated((50.0, 100.0)), gunicorn_sync={"GET /a": 50}, gunicorn_uvicorn={"GET /b": 90})
    assert verdict_sentences(only)[1] == (
        "io_read, GET /b: gunicorn-uvicorn against gunicorn-sync: 9.0 against 0.0 req/s, p95 10 ms against none"
    )


def test_the_mix_of_one_arm_does_not_hide_who_won_among_the_others() -> None:
    wanted = experiment(servers=(*SERVERS, "uvicorn"))
    peaks = dict(zip(wanted.servers, (50.0, 100.0, 20.0), strict=True))
    findings = with_names(
        Findings(wanted, tuple(measured(trial, peaks[trial.server]) for trial in trials(wanted)), {}),
        gunicorn_sync={"GET /quick/": 450, "GET /slow/": 50},
        gunicorn_uvicorn={"GET /quick/": 900, "GET /slow/": 100},
        uvicorn={"GET /quick/": 100, "GET /slow/": 100},
    )
    winner, mixes, *_ = verdict_sentences(findings)
    assert winner.startswith("io_read: gunicorn-uvicorn carries 100.0 req/s at full load, gunicorn-sync 50.0 req/s")
    assert mixes.startswith("io_read: no winner by total: gunicorn-uvicorn and uvicorn completed different mixes")
