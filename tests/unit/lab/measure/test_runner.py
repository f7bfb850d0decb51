"""The loop over trials: which run, which are skipped, and what is written."""

import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from locust_asyncdjango.analysis.saturation import Capacity
from locust_asyncdjango.lab.analysis.findings import read_findings
from locust_asyncdjango.lab.environment.pinning import Pins
from locust_asyncdjango.lab.environment.servers import Server
from locust_asyncdjango.lab.errors import LabError, TrialError, UsageError
from locust_asyncdjango.lab.experiment.result import Result
from locust_asyncdjango.lab.experiment.results_folder import LeftOut, ResultsFolder, write_json
from locust_asyncdjango.lab.experiment.schedule.confirmation import confirmation_sentence
from locust_asyncdjango.lab.experiment.spec import Experiment, Load
from locust_asyncdjango.lab.experiment.trial import Trial
from locust_asyncdjango.lab.measure import runner
from locust_asyncdjango.lab.measure.locust_process import Watch
from locust_asyncdjango.lab.measure.runner import WARM_UP, warm_up_load
from locust_asyncdjango.lab.report.verdict import trial_sentences
from locust_asyncdjango.metrics.series_file import Series
from tests.support.experiments import UnpreparedSite, experiment, measured
from tests.support.figures import figures

run = partial(runner.run, site=UnpreparedSite())

RUNS_ALREADY = Server("mine", "wsgi", url="http://127.0.0.1:9")


class FakeMeasure:
    """Measures nothing: a trial of a route that fails raises an error, any other has figures."""

    def __init__(self, *failing_routes: str, error: type[LabError] = TrialError) -> None:
        self.failing_routes = set(failing_routes)
        self.error = error
        self.measured: list[str] = []
        self.loads: list[Load] = []
        self.folders: list[str] = []

    def __call__(
        self, _site: Any, trial: Trial, _server: Server, load: Load, _pins: Pins, folder: Path, _watch: Watch
    ) -> Result:
        self.measured.append(trial.route)
        self.loads.append(load)
        self.folders.append(folder.name)
        if trial.route in self.failing_routes:
            raise self.error("it did not start")
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


def test_each_trial_has_the_users_of_its_subject(folder: ResultsFolder) -> None:
    measure = FakeMeasure()
    run(replace(on_own_server(), ramp_users=(("cpu", 50),)), folder, announced([]), measure)
    assert measure.loads == [Load("Ramp", "50", "0.5"), Load("Ramp")]
    assert folder.experiment().ramp_users == (("cpu", 50),)


def test_a_trial_that_fails_has_a_result_and_the_others_go_on(folder: ResultsFolder) -> None:
    first, second = run(on_own_server(), folder, announced([]), FakeMeasure("cpu"))
    assert (first.figures, first.error, second.error) == (None, "it did not start", "")


class SecretiveSite(UnpreparedSite):
    """A site whose secret is "s3cret"."""

    def hide_secrets(self, text: str) -> str:
        """Hide it."""
        return text.replace("s3cret", "***")


def leak(_site: Any, trial: Trial, _server: Server, _load: Load, _pins: Pins, folder: Path, _watch: Watch) -> Result:
    """Measure something, and let the secret show wherever a server's texts do."""
    (folder / "failures.json").write_text(json.dumps({"samples": [{"body": "s3cret", "status": 500}]}))
    if trial.route == "cpu":
        raise TrialError("it ended: s3cret")
    return Result(trial, figures(10.0, 60, 600), "", {"greeting": "s3cret", "threads": 1}, caveats=("s3cret",))


def test_no_secret_of_what_is_measured_is_written(folder: ResultsFolder) -> None:
    failed, measured = runner.run(on_own_server(), folder, announced([]), leak, site=SecretiveSite())
    assert (failed.error, measured.site, measured.caveats) == (
        "it ended: ***",
        {"greeting": "***", "threads": 1},
        ("***",),
    )
    for trial in (failed.trial, measured.trial):
        content = json.loads((folder.trials / trial.id / "failures.json").read_text())
        assert content == {"samples": [{"body": "***", "status": 500}]}
    assert [file for file in folder.path.rglob("*.json") if "s3cret" in file.read_text()] == []


def test_what_nobody_can_measure_ends_a_run_before_it_has_measured_anything(folder: ResultsFolder) -> None:
    measure = FakeMeasure("cpu", error=UsageError)
    with pytest.raises(UsageError, match="it did not start"):
        run(on_own_server(), folder, announced([]), measure)
    assert measure.measured == ["cpu"]


def test_what_is_wrong_from_a_later_trial_on_is_the_reason_of_that_trial_alone(folder: ResultsFolder) -> None:
    planned = on_own_server(repeats=2)
    results = run(planned, folder, announced([]), FakeMeasure("template", error=UsageError))
    assert [(result.trial.route, result.error) for result in results] == [
        ("cpu", ""),
        ("cpu", ""),
        ("template", "it did not start"),
        ("template", "it did not start"),
    ]


def test_trials_that_are_measured_are_skipped_and_those_that_failed_run_again(folder: ResultsFolder) -> None:
    run(on_own_server(), folder, announced([]), FakeMeasure("template"))
    again = FakeMeasure()
    announcements: list[tuple[str, int, int]] = []
    results = run(on_own_server(), folder, announced(announcements), again)
    assert again.measured == ["template"]
    assert announcements == [("template", 2, 2)]
    assert all(result.figures for result in results)


def test_pairs_of_runs_begin_with_a_trial_that_is_thrown_away(folder: ResultsFolder) -> None:
    planned = on_own_server(a_a_pairs=1)
    announcements: list[tuple[str, int, int]] = []
    measure = FakeMeasure()
    results = run(planned, folder, announced(announcements), measure)
    assert announcements == [("cpu", WARM_UP, 0), ("cpu", 1, 4), ("cpu", 2, 4), ("cpu", 3, 4), ("template", 4, 4)]
    assert (measure.loads, len(results)) == ([Load("Ramp", run_time="10s"), *[Load("Ramp")] * 4], 4)
    assert measure.folders[:2] == ["warm-up", "a-a-cpu-mine.unfinished"]
    assert len(list(folder.trials.iterdir())) == 4


def test_a_run_that_goes_on_warms_up_again_and_one_that_is_complete_does_not(folder: ResultsFolder) -> None:
    planned = on_own_server(a_a_pairs=1)
    run(planned, folder, announced([]), FakeMeasure("template"))
    again, complete = FakeMeasure(), FakeMeasure()
    run(planned, folder, announced([]), again)
    run(planned, folder, announced([]), complete)
    assert (again.measured, complete.measured) == (["template", "template"], [])


def test_a_machine_that_cannot_be_warmed_up_is_no_error(folder: ResultsFolder) -> None:
    results = run(on_own_server(a_a_pairs=1), folder, announced([]), FakeMeasure("cpu", "template"))
    assert {result.error for result in results} == {"it did not start"}


class MeasureWithCapacity(FakeMeasure):
    """The objective holds at up to 60 users; the climb shows 80."""

    def __call__(
        self, site: Any, trial: Trial, server: Server, load: Load, pins: Pins, folder: Path, watch: Watch
    ) -> Result:
        result = super().__call__(site, trial, server, load, pins, folder, watch)
        assert result.figures
        users = trial.plateau_users
        reason = "p95 1.4 s" if not users or users > 60 else ""
        capacity = Capacity("p95 <= 1s", users or 80, 70, 90, 100.0, reason)
        return replace(result, figures=replace(result.figures, capacity=capacity))


def test_the_capacity_of_each_arm_is_confirmed_on_plateaus(folder: ResultsFolder) -> None:
    planned = on_own_server(confirm=True)
    measure, announcements = MeasureWithCapacity(), list[tuple[str, int, int]]()
    results = run(planned, folder, announced(announcements), measure)
    plateaus = [Load("Ramp", str(n), str(rate), "35s") for n, rate in ((80, 16), (70, 14), (56, 12))]
    assert measure.loads == [Load("Ramp"), Load("Ramp"), *plateaus, *plateaus]
    assert announcements[2:] == [(route, n, n) for n, route in enumerate(("cpu",) * 3 + ("template",) * 3, 3)]
    again = MeasureWithCapacity()
    assert run(planned, folder, announced([]), again) == results
    assert again.measured == []
    findings = read_findings(folder)
    assert [result.trial for result in findings.results] == [result.trial for result in results[:2]]
    sentence = "confirmed on a plateau of 30 s at 56 users"
    assert [confirmation_sentence(each) for each in findings.confirmations.values()] == [sentence] * 2


def test_the_load_that_warms_up_is_ten_seconds_at_most() -> None:
    assert warm_up_load(Load("Ramp", users="7")) == Load("Ramp", users="7", run_time="10s")
    assert warm_up_load(Load("Ramp", run_time="3m")) == Load("Ramp", run_time="10s")
    assert warm_up_load(Load("Ramp", run_time="3s")) == Load("Ramp", run_time="3s")


class FakeClock:
    """A clock that goes on by ten seconds with each trial."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


class SlowMeasure(FakeMeasure):
    """Measures nothing, for ten seconds."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self._clock = clock

    def __call__(self, *arguments: Any) -> Result:
        self._clock.now_s += 10
        return super().__call__(*arguments)


def test_a_decision_is_stored_when_it_is_made_and_never_taken_back(folder: ResultsFolder) -> None:
    servers = (RUNS_ALREADY, Server("yours", "wsgi", url="http://127.0.0.1:9"))
    wanted = experiment(
        routes=("cpu",),
        servers=("mine", "yours"),
        own_servers=servers,
        load=Load("Ramp"),
        repeats=9,
        until_decided=True,
    )
    results = run(wanted, folder, announced([]), measure_goodput)
    (decision,) = folder.decisions()
    assert (decision.best, decision.other, decision.is_different) == ("yours", "mine", True)
    assert len(results) == 2 * decision.repeats < 18
    for result in results:  # what is on disk now would decide otherwise
        result_file = folder.path / "trials" / result.trial.id / "result.json"
        write_json(result_file, measured(result.trial, 50.0 + result.trial.repeat).to_json())
    assert run(wanted, folder, announced([]), measure_goodput) == [folder.result(each.trial) for each in results]
    assert folder.decisions() == (decision,)
    (comparison,) = read_findings(folder).comparisons["cpu"]
    assert (comparison.best.trial.server, comparison.is_stored) == ("yours", True)


def measure_goodput(_site: object, trial: Trial, *_: object) -> Result:
    """Return a result of a server that carries 100 requests a second, or of one that carries twice as much."""
    return measured(trial, {"mine": 100.0, "yours": 200.0}[trial.server] + trial.repeat)


def test_a_budget_ends_before_a_round_that_would_not_end_in_time(folder: ResultsFolder) -> None:
    planned, clock = on_own_server(repeats=9, budget="60s"), FakeClock()
    measure = SlowMeasure(clock)
    results = run(planned, folder, announced([]), measure, clock)
    assert (len(results), {result.took_s for result in results}) == (5, {10.0})
    assert set(measure.measured) == {"cpu"}
    assert len(run(planned, folder, announced([]), measure, FakeClock())) == 5
    assert len(measure.measured) == 5
    assert set(folder.left_out().values()) == {LeftOut.BUDGET}
    _, *sentences = trial_sentences(read_findings(folder))
    assert [sentence.partition(": ")[0] for sentence in sentences if "not run" in sentence] == [
        "13 trials were not run because the budget of 60s was used up"
    ]
    assert (
        "all trials take about 4 minutes: measure anew with --budget 4m, or compare fewer arms, routes or latencies"
        in sentences
    )
