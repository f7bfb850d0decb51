"""The loop over trials: which run, which are skipped, and what is written."""

from pathlib import Path
from typing import Any

import pytest

from locust_asyncdjango.lab.environment.servers import Server
from locust_asyncdjango.lab.errors import TrialError
from locust_asyncdjango.lab.experiment.result import Result
from locust_asyncdjango.lab.experiment.results_folder import ResultsFolder
from locust_asyncdjango.lab.experiment.spec import Experiment, Load, Trial
from locust_asyncdjango.lab.measure import runner
from locust_asyncdjango.lab.measure.locust_process import Watch
from locust_asyncdjango.lab.measure.runner import run
from locust_asyncdjango.metrics.series_file import Series
from tests.support.experiments import experiment
from tests.support.figures import figures

RUNS_ALREADY = Server("mine", "wsgi", url="http://127.0.0.1:9")


class FakeMeasure:
    """Measures nothing: a trial of a route that fails raises TrialError, any other has figures."""

    def __init__(self, *failing_routes: str) -> None:
        self.failing_routes = set(failing_routes)
        self.measured: list[str] = []

    def __call__(self, trial: Trial, *_: object) -> Result:
        self.measured.append(trial.route)
        if trial.route in self.failing_routes:
            raise TrialError("it did not start")
        return Result(trial, figures(10.0, 60, 600), "", {}, caveats=("noisy neighbours",))


def on_own_server(**changes: Any) -> Experiment:
    return experiment(
        routes=("cpu", "template"), servers=("mine",), own_servers=(RUNS_ALREADY,), load=Load("Ramp"), **changes
    )


def announced(announcements: list[tuple[str, int, int]]) -> Any:
    """Return a function that notes which trials start."""

    def announce(trial: Trial, number: int, count: int) -> Watch:
        announcements.append((trial.route, number, count))
        return ignore

    return announce


def ignore(_: Series) -> None:
    """Watch nothing."""


@pytest.fixture(autouse=True)
def unchecked_load(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start no Locust to check the load."""
    monkeypatch.setattr(runner, "check_load", lambda *_: None)


@pytest.fixture
def folder(tmp_path: Path) -> ResultsFolder:
    """A results folder that is not there yet."""
    return ResultsFolder(tmp_path / "results")


def test_each_trial_is_announced_run_and_written(folder: ResultsFolder) -> None:
    announcements: list[tuple[str, int, int]] = []
    results = run(on_own_server(), folder, announced(announcements), FakeMeasure())
    assert announcements == [("cpu", 1, 2), ("template", 2, 2)]
    assert [folder.result(result.trial) for result in results] == results
    assert [result.caveats for result in results] == [("noisy neighbours",)] * 2


def test_a_trial_that_fails_has_a_result_and_the_others_go_on(folder: ResultsFolder) -> None:
    first, second = run(on_own_server(), folder, announced([]), FakeMeasure("cpu"))
    assert (first.figures, first.error, second.error) == (None, "it did not start", "")


def test_trials_that_are_measured_are_skipped_and_those_that_failed_run_again(folder: ResultsFolder) -> None:
    run(on_own_server(), folder, announced([]), FakeMeasure("template"))
    again = FakeMeasure()
    announcements: list[tuple[str, int, int]] = []
    results = run(on_own_server(), folder, announced(announcements), again)
    assert again.measured == ["template"]
    assert announcements == [("template", 2, 2)]
    assert all(result.figures for result in results)
