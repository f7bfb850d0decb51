"""What earlier experiments on this machine have shown."""

from dataclasses import replace
from math import exp
from pathlib import Path

import pytest

from locust_asyncdjango.analysis.saturation import Goodput
from locust_asyncdjango.lab.analysis.planning.experience import Experience, read_experience
from locust_asyncdjango.lab.experiment.result import Result
from locust_asyncdjango.lab.experiment.results_folder import ResultsFolder, write_json
from locust_asyncdjango.lab.experiment.schedule.plan import trials
from locust_asyncdjango.lab.experiment.trial import Trial
from tests.support.experiments import SERVERS, experiment
from tests.support.figures import figures

MACHINE = {"processor": "fast", "processors": 2, "memory": "8 GB", "system": "Linux"}


def result(trial: Trial, deviation: float) -> Result:
    """Return a run of 20 seconds that took 9 more, whose goodput is so far from 100, as a logarithm."""
    goodput = Goodput(100 * exp(deviation), None, None, 10, 20, 100, 0.0, 10.0, 20.0, 30.0)
    return Result(trial, replace(figures(100.0, 60, 4100), goodput=goodput, length_s=20), "", {}, took_s=29.0)


def write_folder(path: Path, machine: dict[str, object]) -> None:
    """Write an experiment of two arms and five repeats, whose second arm is 0.1 above or below the first."""
    wanted = experiment(servers=SERVERS, repeats=5)
    folder = ResultsFolder(path)
    with folder.open_for(wanted, {"started": "now", "machine": machine}):
        for trial in trials(wanted):
            deviation = (trial.server == SERVERS[1]) * (0.1 if trial.repeat % 2 else -0.1)
            with folder.trial_folder(trial) as place:
                write_json(place / "result.json", result(trial, deviation).to_json())


def test_the_noise_and_the_overhead_are_those_of_earlier_experiments(tmp_path: Path) -> None:
    write_folder(tmp_path / "one", MACHINE)
    write_folder(tmp_path / "two", {**MACHINE, "system": "another kernel"})
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "experiment.json").write_text("{")
    (tmp_path / "a file").touch()
    known = read_experience(tmp_path, MACHINE, tmp_path / "new")
    assert (known.experiments, known.overhead_s) == (2, 9.0)
    assert known.spread == pytest.approx(0.1095, rel=1e-3)
    assert read_experience(tmp_path, MACHINE, tmp_path / "two").experiments == 1


def test_experiments_of_other_machines_say_nothing(tmp_path: Path) -> None:
    write_folder(tmp_path / "one", {**MACHINE, "processors": 64})
    assert read_experience(tmp_path, MACHINE, tmp_path / "new") == Experience()
    assert read_experience(tmp_path / "none", MACHINE, tmp_path / "new") == Experience()
