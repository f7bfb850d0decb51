"""The verdict of an experiment in sentences."""

from dataclasses import replace

import pytest

from locust_asyncdjango.lab.analysis.paired_stats import RatioEstimate
from locust_asyncdjango.lab.experiment.result import PeakUsage
from locust_asyncdjango.lab.experiment.spec import Trial
from locust_asyncdjango.lab.report.verdict import (
    first_failure_sentences,
    ratio_text,
    trial_sentences,
    verdict_sentences,
    winner_sentences,
)
from tests.support.experiments import (
    ASYNC,
    BROKEN,
    SERVERS,
    SYNC,
    at_two_latencies,
    findings_of,
    measured,
    repeated,
    unloaded,
    with_names,
)

ALL = [SYNC, ASYNC, BROKEN]


def test_the_verdict_names_winner_first_failures_and_caveats() -> None:
    failures = [
        "io_read on gunicorn-sync: no request failed; slowdown: at 20 (15-25) users, after 3 s",
        "io_read on gunicorn-uvicorn: the first failure was db_too_many_clients, at 125 users;"
        " raise max_connections, use a connection pool, or put PgBouncer in front of the database",
        "cpu on gunicorn-sync: not measured: gunicorn-sync did not start: no",
    ]
    winner = "io_read: gunicorn-uvicorn has the highest peak, 28.3 against 23.0 req/s"
    caveats = "1 of 3 trials has caveats; the report lists them"
    assert verdict_sentences(findings_of(ALL)) == [winner, *failures, caveats]
    assert winner_sentences(findings_of(ALL)) == [winner, "1 of 3 trials has caveats; see Trials"]
    assert first_failure_sentences(findings_of(ALL)) == failures


def test_repeated_runs_show_how_sure_the_verdict_is() -> None:
    assert verdict_sentences(repeated((50.0, 100.0), (51.0, 99.0), (49.0, 103.0))) == [
        "io_read: gunicorn-uvicorn carried 2.01 (1.82-2.22) times as much as gunicorn-sync, 100.0 against 50.0 req/s",
        "io_read on gunicorn-sync: no request failed; slowdown: not seen",
        "io_read on gunicorn-uvicorn: no request failed; slowdown: not seen",
        "noise: two runs of the same arm differ by up to 1.19 times (2 degrees of freedom)",
    ]
    equal = verdict_sentences(repeated((99.0, 100.0), (103.0, 99.0), (98.0, 103.0)))[0]
    assert equal.startswith("io_read: no detectable difference: gunicorn-uvicorn carried 1.0")


@pytest.mark.parametrize(
    ("sync", "async_", "sentence"),
    [
        (1.0, 1.1, "io_read: no clear difference in peak throughput (1.1 and 1.0 req/s)"),
        (1.0, 3.0, "io_read: gunicorn-uvicorn has the highest peak, 3.0 against 1.0 req/s"),
        (100.0, 109.0, "io_read: no clear difference in peak throughput (109.0 and 100.0 req/s)"),
        (100.0, 112.0, "io_read: gunicorn-uvicorn has the highest peak, 112.0 against 100.0 req/s"),
        (0.0, 0.0, "io_read: no arm answered a single request successfully"),
    ],
)
def test_single_runs_with_few_requests_are_no_difference(sync: float, async_: float, sentence: str) -> None:
    assert verdict_sentences(repeated((sync, async_)))[0] == sentence


def test_a_run_that_carried_nothing_is_not_left_out_of_a_ratio() -> None:
    sentence, *_ = verdict_sentences(repeated((100.0, 110.0), (100.0, 0.0), (100.0, 110.0)))
    assert sentence == (
        "io_read: gunicorn-sync carried 100.0 req/s; a run of gunicorn-uvicorn had no successful request"
    )


def test_each_set_of_conditions_has_a_verdict() -> None:
    results = [
        measured(Trial("io_create", server, 1000, 100, latency_ms=latency_ms), peak)
        for server, latency_ms, peak in (("a", 0, 144), ("b", 0, 189), ("a", 100, 1.4), ("b", 100, 170))
    ]
    sentences = verdict_sentences(findings_of(results))
    assert [sentence for sentence in sentences if "peak" in sentence] == [
        "io_create: b has the highest peak, 189.0 against 144.0 req/s",
        "io_create (100 ms latency): b has the highest peak, 170.0 against 1.4 req/s",
    ]


def test_connection_limits_are_compared_with_each_other() -> None:
    sentences = verdict_sentences(at_two_latencies())
    assert sentences[0] == (
        "io_read: gunicorn-uvicorn with 1000 connections has the highest peak, 90.0 against 80.0 req/s"
    )
    assert sentences[5] == "io_read (100 ms latency): gunicorn-uvicorn has the highest peak, 60.0 against 5.1 req/s"


def test_an_invalid_result_does_not_win() -> None:
    results = [replace(SYNC, baseline=unloaded(501.0)), replace(ASYNC, baseline=unloaded(501.0))]
    error = (
        "io_read on gunicorn-sync: 23.0 req/s is above its ceiling of 2.1 req/s (1 slot, 500 ms per request):"
        " this is a measurement error, the arm cannot win"
    )
    assert verdict_sentences(findings_of(results, servers=SERVERS))[:2] == [
        "io_read: gunicorn-uvicorn carried 28.3 req/s; the results of all other arms are above their ceilings",
        error,
    ]
    assert verdict_sentences(findings_of(results[:1]))[0] == error
    both = [replace(SYNC, baseline=unloaded(501.0)), replace(ASYNC, baseline=unloaded(60_000.0))]
    assert verdict_sentences(findings_of(both, servers=SERVERS))[0] == (
        "io_read: no verdict: the results of all arms are above their ceilings"
    )


def test_a_a_pairs_show_the_noise_and_are_compared_with_each_other() -> None:
    equal = (100.0, 101.0, 100.0, 98.0, 100.0, 102.0, 100.0, 99.0)
    last = verdict_sentences(repeated((50.0, 100.0), a_a=equal))[-1]
    assert last == "A/A: no difference in 4 of 4 pairs of runs of the same arm"
    last = verdict_sentences(repeated((50.0, 100.0), a_a=(*equal, 100.0, 150.0)))[-1]
    assert last == "A/A: no difference in 4 of 5 pairs of runs of the same arm"
    assert verdict_sentences(repeated((50.0, 100.0), a_a=(99.0, 99.0)))[-1] == (
        "noise: two runs of the same arm differ by up to 1.00 times (1 degree of freedom)"
    )
    assert verdict_sentences(repeated((50.0, 100.0), a_a=(1.0, 99.0)))[-1] == (
        "noise: two runs of the same arm differ by more than so few runs can show (1 degree of freedom)"
    )


def test_noise_that_is_corrected_for_the_machines_speed_is_added() -> None:
    peaks = [(50.0, 25.0), (25.0, 50.0), (40.0, 40.0), (30.0, 50.0), (50.0, 45.0), (25.0, 30.0)]
    findings = repeated(*peaks)
    results = tuple(
        replace(r, peak_usage=PeakUsage(80.0, 2, 1, 0, 3.0, speed=r.figures.peak_per_s, own_percent=90.0))
        for r in findings.results
        if r.figures
    )
    assert verdict_sentences(replace(findings, results=results))[-1].endswith(
        ", 1.00 times after correction for the machine's speed (slope 1.00)"
    )


def test_trials_that_were_not_run_are_named_with_the_reason() -> None:
    findings = repeated((50.0, 100.0), (50.1, 100.0), (50.2, 100.0), (50.0, 100.0), until_decided=True)
    assert trial_sentences(replace(findings, results=findings.results[:2]))[:2] == [
        "8 trials were planned and 2 were run; 0 of these could not be measured",
        "6 were not run because the experiment was stopped: io_read on gunicorn-uvicorn (run 2), io_read on"
        " gunicorn-sync (run 2), io_read on gunicorn-sync (run 3), io_read on gunicorn-uvicorn (run 3), io_read on"
        " gunicorn-uvicorn (run 4), io_read on gunicorn-sync (run 4)",
    ]
    assert trial_sentences(replace(findings, results=findings.results[:6]))[1:] == [
        "2 were not run because their verdict was decided before: io_read on gunicorn-uvicorn (run 4), io_read on"
        " gunicorn-sync (run 4)"
    ]


def test_trials_that_failed_and_caveats_are_named() -> None:
    assert trial_sentences(findings_of(ALL))[1:] == [
        "cpu on gunicorn-sync could not be measured: gunicorn-sync did not start: no",
        "caveat: io_read on gunicorn-uvicorn: other programs used 35 % of a processor",
    ]
    twice = replace(SYNC, caveats=("the server has lost a process",) * 2)
    assert trial_sentences(findings_of([twice]))[-1] == (
        "caveat: io_read on gunicorn-sync: the server has lost a process (2 times)"
    )


def test_a_ratio_has_its_interval_if_there_is_one() -> None:
    assert ratio_text(RatioEstimate(1.5, 1.4, 1.6)) == "1.50 (1.40-1.60) times"
    assert ratio_text(RatioEstimate(1.5, None, None)) == "1.50 times"


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
    assert verdict_sentences(equal)[0].startswith("io_read: gunicorn-uvicorn carried 2.01")
    only = with_names(repeated((50.0, 100.0)), gunicorn_sync={"GET /a": 50}, gunicorn_uvicorn={"GET /b": 90})
    assert verdict_sentences(only)[1] == (
        "io_read, GET /b: gunicorn-uvicorn against gunicorn-sync: 9.0 against 0.0 req/s, p95 10 ms against none"
    )
