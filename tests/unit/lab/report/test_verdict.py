"""The verdict of an experiment in sentences."""

from dataclasses import replace

import pytest

from locust_asyncdjango.analysis.saturation import FailingName, Onset
from locust_asyncdjango.lab.analysis.comparison.ratio import RatioEstimate
from locust_asyncdjango.lab.analysis.findings import Findings
from locust_asyncdjango.lab.experiment.plan import trials
from locust_asyncdjango.lab.experiment.results_folder import LeftOut
from locust_asyncdjango.lab.experiment.spec import Trial
from locust_asyncdjango.lab.report.answer.subject_answers import answers_of
from locust_asyncdjango.lab.report.sentences.winner import ratio_text
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
    SERVERS,
    SYNC,
    at_two_latencies,
    capacity,
    experiment,
    findings_of,
    goodput,
    measured,
    repeated,
    runs_of_servers,
    unloaded,
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
            "slowdown at 60 (50-70) users, after 30 s, not confirmed: 1 of 3 runs have it there",
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


def test_repeated_runs_show_how_sure_the_verdict_is() -> None:
    assert verdict_sentences(repeated((50.0, 100.0), (51.0, 99.0), (49.0, 103.0))) == [
        "io_read: gunicorn-uvicorn carries 100.7 req/s at full load, gunicorn-sync 50.0 req/s; 2.01 (1.88-2.15) times",
        "io_read on gunicorn-sync: no request failed; slowdown: not seen",
        "io_read on gunicorn-uvicorn: no request failed; slowdown: not seen",
        "noise of io_read: two runs of the same arm differ in goodput by up to 1.19 times (2 degrees of freedom)",
        "errors: 1 pair of arms share an error of 5%: of 100 experiments such as this one in which no arms differ, at"
        " most 5 call some of them different",
    ]
    assert verdict_sentences(repeated((90.0, 100.0), (103.0, 99.0), (98.0, 113.0)))[0] == (
        "io_read: no detectable difference: gunicorn-uvicorn carries 103.8 req/s at full load, gunicorn-sync 96.9"
        " req/s; 1.07 (0.84-1.36) times; 34 repeats would find 5%"
    )
    assert verdict_sentences(repeated((99.9, 100.0), (100.1, 100.0), (100.0, 100.1)))[0].startswith(
        "io_read: no difference that matters: gunicorn-uvicorn carries 100.0 req/s at full load"
    )


def within(findings: Findings, users: dict[str, int], *, is_reached: bool = True) -> Findings:
    """Return the findings with a capacity for each server, in each of its runs."""
    results = (
        replace(
            result,
            figures=replace(result.figures, capacity=capacity(users[result.trial.server], is_reached=is_reached)),
        )
        for result in findings.results
        if result.figures
    )
    return replace(findings, results=tuple(results))


def test_the_capacity_within_the_objective_decides() -> None:
    repeats = repeated((50.0, 100.0), (51.0, 99.0), (49.0, 103.0))
    assert verdict_sentences(within(repeats, {"gunicorn-sync": 96, "gunicorn-uvicorn": 140}))[0] == (
        "io_read: gunicorn-uvicorn carries 140 users within the objective (failures <= 1% and p95 <= 1s), gunicorn-sync"
        " 96 users; 1.46 (1.45-1.47) times"
    )
    assert verdict_sentences(within(repeats, {"gunicorn-sync": 0, "gunicorn-uvicorn": 140}))[0] == (
        "io_read: gunicorn-uvicorn carries 140 users within the objective (failures <= 1% and p95 <= 1s);"
        " gunicorn-sync does not keep it under any load"
    )
    never_left = within(repeats, {"gunicorn-sync": 500, "gunicorn-uvicorn": 500}, is_reached=False)
    assert verdict_sentences(never_left)[0].startswith("io_read: gunicorn-uvicorn carries 100.7 req/s at full load")


def test_arms_that_are_not_saturated_are_compared_by_latency() -> None:
    repeats = repeated((100.0, 100.0), (100.0, 100.0), (100.0, 100.0))
    results = (
        replace(
            result,
            figures=replace(
                result.figures,
                is_saturated=False,
                goodput=goodput(100.0, 20.0 if result.trial.server == "gunicorn-sync" else 30.0 + result.trial.repeat),
            ),
        )
        for result in repeats.results
        if result.figures
    )
    assert verdict_sentences(replace(repeats, results=tuple(results)))[0] == (
        "io_read: gunicorn-sync answers in 20.0 ms (median), gunicorn-uvicorn 32.0 ms; 1.60 (1.47-1.75) times as fast"
    )


@pytest.mark.parametrize(
    ("sync", "async_", "sentence"),
    [
        (100.0, 300.0, "gunicorn-uvicorn carries 300.0 req/s at full load, gunicorn-sync 100.0 req/s; 3.00 times"),
        (100.0, 99.0, "gunicorn-sync carries 100.0 req/s at full load, gunicorn-uvicorn 99.0 req/s; 1.01 times"),
    ],
)
def test_single_runs_are_never_called_different(sync: float, async_: float, sentence: str) -> None:
    wanted = f"io_read: {sentence}; one run each: repeat to be sure (--repeats 4)"
    assert verdict_sentences(repeated((sync, async_)))[0] == wanted


def test_nothing_answered() -> None:
    assert verdict_sentences(repeated((0.0, 0.0)))[0] == "io_read: no arm answered a single request successfully"


def test_results_without_goodput_have_no_verdict() -> None:
    findings = repeated((50.0, 100.0), (51.0, 99.0))
    results = (
        replace(result, figures=replace(result.figures, goodput=None)) for result in findings.results if result.figures
    )
    assert verdict_sentences(replace(findings, results=tuple(results)))[0] == (
        "io_read: no verdict: results of an earlier version without a series have no goodput; measure again. Peaks,"
        " which decide nothing: gunicorn-uvicorn 99.5, gunicorn-sync 50.5 req/s"
    )


def test_a_run_that_carried_nothing_is_not_left_out_of_a_ratio() -> None:
    sentence, *_ = verdict_sentences(repeated((100.0, 110.0), (100.0, 0.0), (100.0, 110.0)))
    assert sentence == (
        "io_read: gunicorn-sync carries 100.0 req/s at full load; a run of gunicorn-uvicorn had no successful request"
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


def test_an_invalid_result_does_not_win() -> None:
    results = [replace(SYNC, baseline=unloaded(501.0)), replace(ASYNC, baseline=unloaded(501.0))]
    error = (
        "io_read on gunicorn-sync: 23.0 req/s is above its ceiling of 2.1 req/s (1 slot, 500 ms per request):"
        " this is a measurement error, the arm cannot win"
    )
    assert verdict_sentences(findings_of(results, servers=SERVERS))[:2] == [
        "io_read: gunicorn-uvicorn carries 28.3 req/s at full load; the results of all other arms are above their"
        " ceilings",
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
        "noise of io_read: two runs of the same arm differ in goodput by up to 1.00 times (1 degree of freedom)"
    )
    assert verdict_sentences(repeated((50.0, 100.0), a_a=(1.0, 99.0)))[-1] == (
        "noise of io_read: two runs of the same arm differ in goodput by more than so few runs can show"
        " (1 degree of freedom)"
    )


def test_trials_that_were_not_run_are_named_with_the_reason() -> None:
    findings = repeated((50.0, 100.0), (50.1, 100.0), (50.2, 100.0), (50.0, 100.0), until_decided=True)
    assert trial_sentences(replace(findings, results=findings.results[:2]))[:2] == [
        "8 trials were planned and 2 were run; 0 of these could not be measured",
        "6 were not run because the experiment was stopped: io_read on gunicorn-uvicorn (run 2), io_read on"
        " gunicorn-sync (run 2), io_read on gunicorn-sync (run 3), io_read on gunicorn-uvicorn (run 3), io_read on"
        " gunicorn-uvicorn (run 4), io_read on gunicorn-sync (run 4)",
    ]
    ids = [trial.id for trial in trials(findings.experiment)]
    part = replace(findings, results=findings.results[:2])
    left_out = replace(part, left_out=dict.fromkeys(ids[2:4], LeftOut.DECIDED))
    assert [sentence.partition(": ")[0] for sentence in trial_sentences(left_out)[1:]] == [
        "2 were not run because their verdict was decided before",
        "4 were not run because the experiment was stopped",
    ]
    over = replace(left_out, experiment=replace(left_out.experiment, budget="3m"))
    over = replace(over, left_out=dict.fromkeys(ids[2:3], LeftOut.BUDGET))
    assert trial_sentences(over)[1] == (
        "1 was not run because the budget of 3m was used up; measure anew with a longer one, or compare fewer arms,"
        " routes or latencies: io_read on gunicorn-uvicorn (run 2)"
    )
    decided = replace(findings, results=findings.results[:6])
    decided = replace(decided, decisions=decided.new_decisions())
    assert trial_sentences(decided)[1:] == [
        "2 were not run because their verdict had been decided after 3 repeats: io_read on gunicorn-uvicorn (run 4),"
        " io_read on gunicorn-sync (run 4)"
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
    assert verdict_sentences(equal)[0].startswith("io_read: gunicorn-uvicorn carries 100.7 req/s at full load")
    only = with_names(repeated((50.0, 100.0)), gunicorn_sync={"GET /a": 50}, gunicorn_uvicorn={"GET /b": 90})
    assert verdict_sentences(only)[1] == (
        "io_read, GET /b: gunicorn-uvicorn against gunicorn-sync: 9.0 against 0.0 req/s, p95 10 ms against none"
    )


def test_equal_capacities_with_another_goodput_at_full_load() -> None:
    equal = {"gunicorn-sync": 100, "gunicorn-uvicorn": 100}
    repeats = within(repeated((50.0, 100.0), (51.0, 99.0), (49.0, 103.0)), equal)
    assert verdict_sentences(repeats)[:2] == [
        "io_read: no difference that matters: gunicorn-sync carries 100 users within the objective (failures <= 1% and"
        " p95 <= 1s), gunicorn-uvicorn 100 users; 1.00 (0.99-1.01) times",
        "io_read: goodput at full load differs, though capacity decides: gunicorn-uvicorn 100.7 req/s, gunicorn-sync"
        " 50.0 req/s; 2.01 (1.88-2.15) times",
    ]
    assert verdict_sentences(repeats)[-1].endswith(
        "call some of them different; goodput at full load, where capacity decides, has an error of 5% of its own"
    )
    single = within(repeated((50.0, 100.0)), equal)
    assert verdict_sentences(single)[1] == (
        "io_read: goodput at full load differs, though capacity decides: gunicorn-uvicorn 100.0 req/s, gunicorn-sync"
        " 50.0 req/s; 2.00 times; one run each"
    )


@pytest.mark.parametrize(
    ("peaks", "users"),
    [
        pytest.param([(90.0, 100.0), (103.0, 99.0), (98.0, 113.0)], (100, 100), id="goodput does not differ"),
        pytest.param([(50.0, 100.0), (51.0, 99.0), (49.0, 103.0)], (100, 140), id="the capacity differs"),
        pytest.param([(95.0, 100.0)], (100, 100), id="single runs, about as much"),
        pytest.param([(50.0, 100.0)], (100, 140), id="single runs, another capacity"),
    ],
)
def test_nothing_is_said_of_goodput_at_full_load(peaks: list[tuple[float, float]], users: tuple[int, int]) -> None:
    findings = within(repeated(*peaks), dict(zip(SERVERS, users, strict=True)))
    assert not any("goodput at full load differs" in sentence for sentence in verdict_sentences(findings))


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
