"""Who is best and how sure that is, in words, as the verdict says it."""

from dataclasses import replace

import pytest

from locust_asyncdjango.analysis.saturation import Capacity
from locust_asyncdjango.lab.analysis.comparison.ratio import RatioEstimate
from locust_asyncdjango.lab.analysis.findings import Findings
from locust_asyncdjango.lab.report.sentences.winner import ratio_text
from locust_asyncdjango.lab.report.verdict import verdict_sentences
from tests.support.experiments import (
    ASYNC,
    OBJECTIVE,
    SERVERS,
    SYNC,
    capacity,
    findings_of,
    goodput,
    repeated,
    unloaded,
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


def below(findings: Findings, server: str, bound: int, other: int) -> Findings:
    """Return the findings with one server whose lowest load was beyond the objective, so that it carries less than it.

    bound: the highest users of that server's interval. other: the capacity of the other server.
    """
    found = within(findings, dict.fromkeys(SERVERS, other))
    at_no_load = Capacity(OBJECTIVE, 0, 0, bound, 0.0, "p95 1.7 s")
    results = (
        replace(each, figures=replace(each.figures, capacity=at_no_load)) if each.trial.server == server else each
        for each in found.results
        if each.figures
    )
    return replace(found, results=tuple(results))


@pytest.mark.parametrize("users", [77, 62])
def test_an_arm_whose_lowest_load_was_too_high_loses_only_to_one_above_that(users: int) -> None:
    findings = below(repeated((95.0, 100.0), (96.0, 100.0)), "gunicorn-uvicorn", 102, users)
    assert verdict_sentences(findings)[0] == (
        f"io_read: no verdict: gunicorn-sync carries {users} users within the objective (failures <= 1% and p95 <= 1s),"
        f" by its intervals {users - 1} to {users + 1}, and gunicorn-uvicorn below 102 users, as in one of its runs"
        " the lowest load was beyond it; measure with fewer users or a slower ramp (-u, -r)"
    )
    (comparison,) = findings.comparisons["io_read"]
    assert not comparison.is_ahead
    (above,) = below(repeated((95.0, 100.0)), "gunicorn-uvicorn", 102, 103).comparisons["io_read"]
    assert above.is_ahead


def test_the_capacity_within_the_objective_decides() -> None:
    repeats = repeated((50.0, 100.0), (51.0, 99.0), (49.0, 103.0))
    assert verdict_sentences(within(repeats, {"gunicorn-sync": 96, "gunicorn-uvicorn": 140}))[0] == (
        "io_read: gunicorn-uvicorn carries 140 users within the objective (failures <= 1% and p95 <= 1s), gunicorn-sync"
        " 96 users; 1.46 (1.45-1.47) times"
    )
    assert verdict_sentences(below(repeats, "gunicorn-sync", 62, 140))[0] == (
        "io_read: gunicorn-uvicorn carries 140 users within the objective (failures <= 1% and p95 <= 1s), gunicorn-sync"
        " below 62 users"
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


def test_a_ratio_has_its_interval_if_there_is_one() -> None:
    assert ratio_text(RatioEstimate(1.5, 1.4, 1.6)) == "1.50 (1.40-1.60) times"
    assert ratio_text(RatioEstimate(1.5, None, None)) == "1.50 times"


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


def test_equal_capacities_of_a_steep_climb_do_not_show_that_there_is_no_noise() -> None:
    equal = within(repeated((50.0, 50.0), (50.0, 50.0)), dict.fromkeys(SERVERS, 62))
    coarse = tuple(
        replace(each, figures=replace(each.figures, capacity=replace(capacity(62), low=22, high=108)))
        for each in equal.results
        if each.figures
    )
    sentences = verdict_sentences(replace(equal, results=coarse))
    assert sentences[0] == (
        "io_read: no detectable difference: gunicorn-sync carries 62 users within the objective (failures <= 1% and"
        " p95 <= 1s), gunicorn-uvicorn 62 users; 1.00 (0.35-2.82) times; 5% would take too many repeats to find;"
        " a slower ramp (-r) or a longer --budget shows more"
    )
    (noise,) = (each for each in sentences if each.startswith("noise"))
    assert (
        noise
        == "noise of io_read: two runs of the same arm differ in capacity by up to 4.33 times (1 degree of freedom)"
    )


def test_a_ratio_of_the_only_common_repeat_says_so() -> None:
    findings = repeated((50.0, 100.0), (51.0, 99.0))
    disturbed = tuple(
        replace(each, caveats=("other programs used 40 % of a processor",))
        if (each.trial.server, each.trial.repeat) in {("gunicorn-sync", 1), ("gunicorn-uvicorn", 3)}
        else each
        for each in repeated((50.0, 100.0), (51.0, 99.0), (49.0, 98.0)).results
        if (each.trial.server, each.trial.repeat) not in {("gunicorn-sync", 3), ("gunicorn-uvicorn", 3)}
    )
    assert verdict_sentences(replace(findings, results=disturbed))[0] == (
        "io_read: gunicorn-uvicorn carries 99.5 req/s at full load, gunicorn-sync 51.0 req/s; 1.94 times; in the only"
        " repeat that both have: repeat to be sure (--repeats 4)"
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
