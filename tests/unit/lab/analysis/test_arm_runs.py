"""The runs of one arm."""

from dataclasses import replace

import pytest

from locust_asyncdjango.lab.analysis.arm_runs import ArmRuns, is_disturbed
from locust_asyncdjango.lab.analysis.ceilings import Ceiling
from locust_asyncdjango.lab.analysis.comparison.criterion import Criterion
from locust_asyncdjango.lab.experiment.result import Result
from tests.support.experiments import SYNC, capacity, measured

STEAL = ("other virtual machines took 90 % of a processor",)


def runs_with(*per_s: float | None) -> ArmRuns:
    """Return the runs of an arm with these peaks and goodputs, None for a run that was not measured."""
    trials = [replace(SYNC.trial, repeat=repeat) for repeat in range(1, len(per_s) + 1)]
    results = (
        Result(trial, None, "no", {}) if each is None else measured(trial, each)
        for trial, each in zip(trials, per_s, strict=True)
    )
    return ArmRuns(SYNC.trial, tuple(results), (None,) * len(per_s))


def runs_within(*users: int, is_reached: bool = True) -> ArmRuns:
    """Return the runs of an arm with these capacities."""
    runs = runs_with(*map(float, users))
    results = (
        replace(result, figures=replace(result.figures, capacity=capacity(each, is_reached=is_reached)))
        for result, each in zip(runs.results, users, strict=True)
        if result.figures
    )
    return replace(runs, results=tuple(results))


def test_the_figures_of_an_arm_are_those_of_its_median_run() -> None:
    for goodputs, median in (((30.0, 10.0, 20.0), 20.0), ((30.0, 10.0), 10.0), ((None, 10.0), 10.0)):
        figures = runs_with(*goodputs).figures
        assert figures is not None
        assert figures.peak_per_s == median
    assert runs_with(None).figures is None


def test_the_mean_is_geometric_and_0_if_a_run_carried_nothing() -> None:
    assert runs_with(10.0, 40.0).mean(Criterion.GOODPUT) == pytest.approx(20.0)
    assert runs_with(10.0, 40.0).mean_peak_per_s == pytest.approx(20.0)
    assert runs_with(10.0, 0.0).mean(Criterion.GOODPUT) == runs_with(10.0).mean(Criterion.CAPACITY) == 0.0
    assert {repeat: each.value for repeat, each in runs_with(10.0, None).measurements(Criterion.GOODPUT).items()} == {
        1: 10.0
    }


def test_the_capacity_is_a_minimum_where_most_runs_did_not_break_the_objective() -> None:
    assert (runs_within(100, 100).is_bound, runs_within(100, is_reached=False).is_bound) == (False, True)
    assert runs_with(10.0).is_bound is False


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
