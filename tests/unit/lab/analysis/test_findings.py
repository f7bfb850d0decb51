"""Which runs are compared, who is best, and when a verdict is decided."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from locust_asyncdjango.lab.analysis import paired_stats
from locust_asyncdjango.lab.analysis.findings import Findings, read_findings
from locust_asyncdjango.lab.experiment.plan import trials
from locust_asyncdjango.lab.experiment.result import PeakUsage, Result
from locust_asyncdjango.lab.experiment.results_folder import ResultsFolder, write_json
from locust_asyncdjango.metrics.row import Row
from locust_asyncdjango.metrics.series_file import Series
from tests.support.experiments import ASYNC, SERVERS, SYNC, experiment, findings_of, measured, repeated, unloaded

OTHER_PROGRAMS = ("other programs used 50 % of a processor",)


def estimate(findings: Findings) -> paired_stats.RatioEstimate:
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


def test_an_a_a_pair_shows_the_noise_if_each_arm_ran_once() -> None:
    equal, different = (repeated((peak, 100.0), a_a=(99.0, 101.0)) for peak in (99.0, 50.0))
    assert (estimate(equal).is_different, estimate(different).is_different) == (False, True)
    assert estimate(repeated((50.0, 100.0))).is_different is None


def test_a_pair_with_a_failed_run_is_no_a_a_pair() -> None:
    findings = repeated((50.0, 100.0), a_a=(100.0, 100.0, 50.0, 50.0))
    first, second, *others = findings.results
    findings = replace(findings, results=(first, replace(second, figures=None), *others))
    assert findings.a_a_pairs == [paired_stats.Pair(50.0, 50.0)]


def test_a_disturbed_run_makes_no_pair_as_long_as_others_remain() -> None:
    findings = repeated((50.0, 100.0), (51.0, 99.0), (49.0, 150.0), a_a=(50.0, 50.5, 70.0, 50.0))
    results = tuple(replace(r, caveats=OTHER_PROGRAMS) if n in (2, 9) else r for n, r in enumerate(findings.results))
    disturbed = replace(findings, results=results)
    assert disturbed.a_a_pairs == [paired_stats.Pair(50.0, 50.5)]
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


@pytest.mark.parametrize(("cpu_of_sync", "is_corrected"), [(95.0, True), (60.0, False), (0.0, False)])
def test_the_machines_speed_is_corrected_for_between_arms_that_use_it_alike(
    cpu_of_sync: float, is_corrected: bool
) -> None:
    # Runs that are as fast as the machine is, but for a tenth that the asynchronous server carries more.
    speeds = [(50.0, 25.0), (25.0, 50.0), (40.0, 40.0), (30.0, 50.0), (50.0, 45.0), (25.0, 30.0)]
    findings = repeated(*((sync, 1.1 * async_) for sync, async_ in speeds))

    def usage(result: Result) -> PeakUsage:
        is_sync = result.trial.server == "gunicorn-sync"
        speed = result.figures.peak_per_s / (1.0 if is_sync else 1.1) if result.figures else 0.0
        return PeakUsage(80.0, 2, 1, 0, 3.0, speed=speed, own_percent=cpu_of_sync if is_sync else 100.0)

    findings = replace(findings, results=tuple(replace(each, peak_usage=usage(each)) for each in findings.results))
    assert estimate(findings).is_different is is_corrected
    noise = findings.speed_corrected_noise
    assert (noise is not None) is is_corrected
    if noise:
        assert (round(noise.slope, 2), round(noise.floor, 2)) == (1.0, 1.0)
        assert estimate(findings).ratio == pytest.approx(1.1)


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
