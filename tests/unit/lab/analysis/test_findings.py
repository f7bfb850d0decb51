"""Which runs are compared, who is best, and when a verdict is decided."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from locust_asyncdjango.analysis.saturation import find_saturation
from locust_asyncdjango.lab.analysis.comparison.criterion import Criterion
from locust_asyncdjango.lab.analysis.comparison.ratio import RatioEstimate
from locust_asyncdjango.lab.analysis.findings import Findings, read_findings, with_current_figures
from locust_asyncdjango.lab.experiment.decision import Decision
from locust_asyncdjango.lab.experiment.result import PeakUsage
from locust_asyncdjango.lab.experiment.results_folder import ResultsFolder, write_json
from locust_asyncdjango.lab.experiment.schedule.plan import trials
from locust_asyncdjango.metrics.row import Row
from locust_asyncdjango.metrics.series_file import Series
from tests.support.experiments import (
    ASYNC,
    BROKEN,
    SERVERS,
    SYNC,
    capacity,
    experiment,
    findings_of,
    measured,
    repeated,
    unloaded,
    with_names,
)
from tests.support.figures import ramp

OTHER_PROGRAMS = ("other programs used 50 % of a processor",)


def estimate(findings: Findings) -> RatioEstimate:
    """Return how many times as much the best arm carried as the second."""
    ((comparison, *_),) = findings.comparisons.values()
    assert comparison.estimate is not None
    return comparison.estimate


def test_runs_of_an_arm_belong_together_in_the_order_of_their_first_runs() -> None:
    findings = repeated((50.0, 100.0), (51.0, 99.0), a_a=(49.0, 52.0))
    assert [(runs.trial.server, runs.peaks_per_s) for runs in findings.runs] == [
        ("gunicorn-sync", {1: 50.0, 2: 51.0}),
        ("gunicorn-uvicorn", {1: 100.0, 2: 99.0}),
    ]
    assert list(findings.subjects) == ["io_read"]


def test_the_best_arm_is_the_one_that_wins_the_pairs() -> None:
    findings = repeated((1.0, 50.0), (80.0, 70.0), (90.0, 80.0))
    first = replace(findings.results[0], figures=None)
    findings = replace(findings, results=(first, *findings.results[1:]))
    ((comparison,),) = findings.comparisons.values()
    assert (comparison.best.trial.server, round(estimate(findings).ratio, 2)) == ("gunicorn-sync", 1.13)
    assert [runs.trial.server for runs in findings.ranked("io_read")] == ["gunicorn-sync", "gunicorn-uvicorn"]


def test_single_runs_are_never_different() -> None:
    for findings in (repeated((50.0, 100.0)), repeated((50.0, 100.0), a_a=(99.0, 101.0))):
        ((comparison,),) = findings.comparisons.values()
        assert (comparison.is_different, estimate(findings).low, comparison.repeats) == (None, None, 1)


def test_a_pair_with_a_failed_run_is_no_a_a_pair() -> None:
    findings = repeated((50.0, 100.0), a_a=(100.0, 100.0, 50.0, 50.0))
    first, second, *others = findings.results
    findings = replace(findings, results=(first, replace(second, figures=None), *others))
    assert findings.a_a_logs == {("io_read", Criterion.GOODPUT): [0.0]}


def test_a_disturbed_run_makes_no_pair_as_long_as_others_remain() -> None:
    findings = repeated((50.0, 100.0), (51.0, 99.0), (49.0, 150.0), a_a=(50.0, 50.5, 70.0, 50.0))
    is_last = [result.trial.repeat == 3 and result.trial.server == SERVERS[1] for result in findings.results]
    results = tuple(
        replace(result, caveats=OTHER_PROGRAMS) if n == 2 or last else result
        for n, (result, last) in enumerate(zip(findings.results, is_last, strict=True))
    )
    disturbed = replace(findings, results=results)
    assert [[result.trial.repeat for result in pair] for pair in disturbed.a_a_pairs] == [[1, 2]]
    assert [runs.peaks_per_s for runs in disturbed.runs] == [{1: 50.0, 2: 51.0, 3: 49.0}, {1: 100.0, 2: 99.0}]
    assert round(estimate(disturbed).ratio, 2) == 1.97
    all_of_them = replace(findings, results=tuple(replace(result, caveats=OTHER_PROGRAMS) for result in results))
    assert [list(runs.peaks_per_s) for runs in all_of_them.runs] == [[1, 2, 3], [1, 2, 3]]


@pytest.mark.parametrize(
    ("peaks", "is_decided"),
    [
        pytest.param([(50.0, 100.0)], False, id="one pair says nothing about the noise"),
        pytest.param([(50.0, 100.0), (50.1, 100.0), (50.2, 100.0)], True, id="different"),
        pytest.param(
            [(99.0, 100.0), (100.0, 99.5), (99.5, 100.0), (100.0, 100.2)], True, id="no difference that matters"
        ),
        pytest.param([(80.0, 100.0), (100.0, 90.0), (95.0, 100.0)], False, id="may be different or not"),
    ],
)
def test_when_a_verdict_is_decided(peaks: list[tuple[float, float]], is_decided: bool) -> None:
    findings = repeated(*peaks, *[(1.0, 1.0)] * 4, until_decided=True)
    assert replace(findings, results=findings.results[: 2 * len(peaks)]).is_decided("io_read") == is_decided


DECISION = Decision("io_read", "goodput", "gunicorn-sync", "gunicorn-uvicorn", 1.5, 1.2, 1.9, True, 3)  # noqa: FBT003


def test_arms_are_not_decided_where_each_repeat_was_disturbed_for_one_of_them() -> None:
    findings = repeated((50.0, 100.0), (50.1, 100.0), until_decided=True)
    disturbed = {("gunicorn-sync", 1), ("gunicorn-uvicorn", 2)}
    results = [
        replace(each, caveats=OTHER_PROGRAMS) if (each.trial.server, each.trial.repeat) in disturbed else each
        for each in findings.results
    ]
    assert not replace(findings, results=tuple(results)).is_decided("io_read")


def test_an_arm_that_carried_nothing_in_a_run_is_decided_without_a_ratio() -> None:
    assert repeated((50.0, 100.0), (0.0, 100.0), until_decided=True).is_decided("io_read")


def test_a_decision_is_never_taken_back() -> None:
    findings = repeated((50.0, 100.0), (50.1, 100.0), (50.2, 100.0), until_decided=True)
    ((made,),) = findings.comparisons.values()
    (decision,) = findings.new_decisions()
    assert (decision.best, decision.is_different, decision.repeats) == ("gunicorn-uvicorn", True, 3)
    assert (decision.ratio, decision.criterion) == (estimate(findings).ratio, "goodput")
    later = replace(findings, decisions=(DECISION,))  # whatever the runs show
    ((comparison,),) = later.comparisons.values()
    assert (comparison.best.trial.arm, comparison.is_different, comparison.is_stored) == ("gunicorn-sync", True, True)
    assert comparison.estimate == RatioEstimate(1.5, 1.2, 1.9)
    assert (later.is_decided("io_read"), later.new_decisions(), made.is_stored) == (True, (), False)


def test_arms_that_completed_different_mixes_are_not_decided_by_their_totals() -> None:
    findings = repeated((50.0, 100.0), (50.1, 100.0), (50.2, 100.0), until_decided=True)
    quick_only = with_names(findings, gunicorn_sync={"GET /slow/": 500}, gunicorn_uvicorn={"GET /quick/": 1000})
    assert (quick_only.is_decided("io_read"), quick_only.new_decisions()) == (False, ())
    same = with_names(findings, gunicorn_sync={"GET /": 500}, gunicorn_uvicorn={"GET /": 1000})
    assert (same.is_decided("io_read"), len(same.new_decisions())) == (True, 1)


def test_the_noise_of_a_route_is_its_own() -> None:
    wanted = experiment(routes=("io_read", "cpu"), servers=SERVERS, repeats=3)
    noise = {"io_read": (0.0, 0.01, -0.01), "cpu": (0.0, 0.5, -0.5)}
    results = tuple(
        measured(trial, 100 * (1 + noise[trial.route][trial.repeat - 1] * (trial.server == SERVERS[0])))
        for trial in trials(wanted)
    )
    findings = Findings(wanted, results, {})
    quiet, noisy = (findings.noises[route, Criterion.GOODPUT] for route in wanted.routes)
    assert (quiet.freedom, round(quiet.spread, 3), noisy.freedom, round(noisy.spread, 2)) == (2, 0.01, 2, 0.56)
    assert (findings.hypotheses, findings.looks) == (2, 1)


def test_arms_that_keep_the_objective_carry_at_least_as_many_users_and_differ_by_goodput() -> None:
    wanted = experiment(servers=(*SERVERS, "uvicorn"), repeats=2)
    users = {"gunicorn-sync": 140, "gunicorn-uvicorn": 500, "uvicorn": 500}
    per_s = {"gunicorn-sync": 90.0, "gunicorn-uvicorn": 100.0, "uvicorn": 120.0}
    results = [measured(trial, per_s[trial.server] + trial.repeat) for trial in trials(wanted)]
    results = [
        replace(
            result,
            figures=replace(
                result.figures,
                capacity=capacity(users[result.trial.server], is_reached=result.trial.server == "gunicorn-sync"),
            ),
        )
        for result in results
        if result.figures
    ]
    findings = Findings(wanted, tuple(results), {})
    assert findings.criterion("io_read") is Criterion.CAPACITY
    assert [runs.trial.arm for runs in findings.ranked("io_read")] == ["uvicorn", "gunicorn-uvicorn", "gunicorn-sync"]
    assert [(each.criterion, each.is_bound) for each in findings.comparisons["io_read"]] == [
        (Criterion.GOODPUT, False),
        (Criterion.CAPACITY, True),
    ]


def test_results_of_earlier_versions_are_compared_by_their_series() -> None:
    series = ramp()
    old = replace(SYNC, figures=find_saturation(series.intervals))
    current = with_current_figures(replace(old, figures=replace(old.figures, goodput=None, capacity=None)), series)  # type: ignore[type-var]
    assert current.figures is not None
    assert current.figures.capacity is not None
    assert with_current_figures(old, None) == old
    assert with_current_figures(BROKEN, series) == BROKEN


def test_caveats_that_need_the_series_or_the_other_trials() -> None:
    findings = repeated((50.0, 100.0), (50.0, 100.0))
    clocks = (2500.0, 2500.0, 1200.0, 2400.0)
    results = tuple(
        replace(result, peak_usage=PeakUsage(80.0, 2, 1, 0, 3.0, mhz))
        for result, mhz in zip(findings.results, clocks, strict=True)
    )
    # Ten users, each of which has two requests in flight.
    parallel = Series.from_rows({}, [Row(t, users=10, ok=20, ok_ms=Counter({1000.0: 20})) for t in range(30)])
    findings = replace(findings, results=results, series={results[3].trial.id: parallel})
    assert [findings.caveats(result) for result in results[:3]] == [
        [],
        [],
        ["the processors ran at 1200 MHz, in most trials at 2450 MHz"],
    ]
    (law,) = findings.caveats(results[3])
    assert law.startswith("Little's law does not hold: more requests are in flight than there are users")


def test_round_trips_of_an_arm_at_several_latencies() -> None:
    wanted = experiment(latencies_ms=(0, 100, 200))
    results = (
        measured(trial, 1, unloaded(ms)) for trial, ms in zip(trials(wanted), (40.0, 741.0, 1440.0), strict=True)
    )
    ((runs, fit),) = Findings(wanted, tuple(results), {}).round_trips
    assert (runs.trial.server, round(fit.round_trips, 2), round(fit.base_ms, 1)) == ("gunicorn-sync", 7.0, 40.3)
    assert findings_of([SYNC]).round_trips == []


def test_requests_in_flight_of_an_arm_are_the_mean_of_its_runs() -> None:
    # Fifty in flight: ten a second, each of which takes five seconds.
    series = Series.from_rows({}, [Row(t, users=100, ok=10, ok_ms=Counter({5000.0: 10})) for t in range(20)])
    recorded = {result.trial.id: series for result in (SYNC, ASYNC)}
    findings = Findings(experiment(servers=SERVERS), (SYNC, ASYNC), recorded)
    # A sync worker works on one request, however many wait; an async worker works on all.
    assert [findings.peak_in_flight(runs) for runs in findings.runs] == [1, 50]
    assert findings_of([SYNC]).peak_in_flight(findings_of([SYNC]).runs[0]) is None


def test_findings_are_read_from_a_folder_in_the_order_of_the_plan(tmp_path: Path) -> None:
    folder, wanted = ResultsFolder(tmp_path / "results"), experiment(servers=SERVERS)
    with folder.open_for(wanted, {}):
        for result in (ASYNC, SYNC):
            with folder.trial_folder(result.trial) as place:
                write_json(place / "result.json", result.to_json())
    assert read_findings(folder) == Findings(wanted, (SYNC, ASYNC), {}, {SYNC.trial.id: [], ASYNC.trial.id: []})
