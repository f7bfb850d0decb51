"""The runs of one arm, and pairs of the runs of two."""

from dataclasses import replace
from math import log

import pytest

from locust_asyncdjango.lab.analysis.arm_runs import ArmRuns, is_disturbed, pair_of, pairs_of, use_similar_cpu
from locust_asyncdjango.lab.analysis.ceilings import Ceiling
from locust_asyncdjango.lab.analysis.paired_stats import Pair
from locust_asyncdjango.lab.experiment.result import PeakUsage, Result
from tests.support.experiments import BROKEN, SYNC, measured

STEAL = ("other virtual machines took 90 % of a processor",)


def runs_with(*peaks_per_s: float | None, own_percent: float = 0.0, speed: float = 0.0) -> ArmRuns:
    """Return the runs of an arm with these peaks, None for a run that was not measured."""
    results = []
    for repeat, peak in enumerate(peaks_per_s, 1):
        trial = replace(SYNC.trial, repeat=repeat)
        result = Result(trial, None, "no", {}) if peak is None else measured(trial, peak)
        results.append(replace(result, peak_usage=PeakUsage(80.0, 2, 1, 0, 3.0, 0.0, speed, own_percent)))
    return ArmRuns(SYNC.trial, tuple(results), (None,) * len(results))


def test_the_figures_of_an_arm_are_those_with_the_median_peak() -> None:
    for peaks, median in (((30.0, 10.0, 20.0), 20.0), ((30.0, 10.0), 10.0), ((None, 10.0), 10.0)):
        figures = runs_with(*peaks).figures
        assert figures is not None
        assert figures.peak_per_s == median
    assert runs_with(None).figures is None


def test_the_mean_peak_is_geometric_and_0_if_a_run_carried_nothing() -> None:
    assert runs_with(10.0, 40.0).mean_peak_per_s == pytest.approx(20.0)
    assert runs_with(10.0, 0.0).mean_peak_per_s == 0.0
    assert runs_with(10.0, None).peaks_per_s == {1: 10.0}


def test_disturbed_runs_are_left_out_as_long_as_others_remain() -> None:
    runs = runs_with(10.0, 20.0)
    first, second = runs.results
    disturbed = replace(first, caveats=STEAL)
    assert (is_disturbed(first), is_disturbed(disturbed)) == (False, True)
    assert list(replace(runs, results=(disturbed, second)).comparable) == [2]
    assert list(replace(runs, results=(disturbed, replace(second, caveats=STEAL))).comparable) == [1, 2]


def test_the_highest_ceiling_counts() -> None:
    runs = replace(runs_with(10.0, 10.0, 10.0), ceilings=(Ceiling(5.0, "low"), None, Ceiling(9.0, "high")))
    assert runs.ceiling == Ceiling(9.0, "high")
    assert runs_with(10.0).ceiling is None


def test_pairs_are_runs_of_the_same_repeat_with_the_machines_speed() -> None:
    fast, slow = runs_with(10.0, 20.0, None, speed=2.0), runs_with(5.0, None, 7.0, speed=1.0)
    assert pairs_of(fast, slow) == [Pair(10.0, 5.0, log(2.0))]
    assert pair_of(SYNC, BROKEN) == Pair(23.0, 0.0, 0.0)


def test_wins_are_counted_by_pairs_or_by_means_without_any() -> None:
    better, worse = runs_with(10.0, 12.0), runs_with(9.0, 11.0)
    assert (better.count_wins([better, worse], 0.0), worse.count_wins([better, worse], 0.0)) == (1, 0)
    later = runs_with(None, None, 11.5)
    assert later.count_wins([better], 0.0) == 1


@pytest.mark.parametrize(("first", "second", "is_similar"), [(100, 109, True), (100, 111, False), (0, 0, False)])
def test_arms_use_the_processors_alike_within_a_tenth(first: float, second: float, is_similar: bool) -> None:
    one, other = (runs_with(1.0, own_percent=percent) for percent in (first, second))
    assert use_similar_cpu(one, other) == use_similar_cpu(other, one) == is_similar
