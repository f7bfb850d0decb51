"""The results folder: one experiment, one run at a time, and what is damaged."""

import json
import os
import shutil
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from locust_asyncdjango.lab.environment.servers import Server
from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.experiment.decision import Decision
from locust_asyncdjango.lab.experiment.result import Baseline, PeakUsage, Result
from locust_asyncdjango.lab.experiment.results_folder import LeftOut, ResultsFolder, without_secrets, write_json
from locust_asyncdjango.lab.experiment.schedule.plan import trials
from tests.support.experiments import ASYNC, BROKEN, SYNC, VERSION_3, experiment


def test_a_results_folder_returns_what_was_written(tmp_path: Path) -> None:
    folder = ResultsFolder(tmp_path / "new" / "results")
    with folder.open_for(experiment(), {"started": "now"}) as about:
        assert about == {"started": "now"}
        for result in (SYNC, BROKEN):
            with folder.trial_folder(result.trial) as place:
                write_json(place / "result.json", result.to_json())
    assert folder.result(SYNC.trial) == SYNC
    assert folder.result(BROKEN.trial) == BROKEN
    assert folder.result(ASYNC.trial) is None
    assert folder.experiment() == experiment()


def test_an_interrupted_trial_is_not_finished_and_its_files_are_kept(tmp_path: Path) -> None:
    folder = ResultsFolder(tmp_path)
    with suppress(KeyboardInterrupt), folder.open_for(experiment(), {}), folder.trial_folder(SYNC.trial) as place:
        (place / "series.jsonl").touch()
        raise KeyboardInterrupt
    assert folder.result(SYNC.trial) is None
    assert (tmp_path / "trials" / f"{SYNC.trial.id}.unfinished" / "series.jsonl").exists()


def test_why_trials_were_left_out_is_read_as_it_was_written(tmp_path: Path) -> None:
    folder, reasons = ResultsFolder(tmp_path), {"io_read-a-2": LeftOut.BUDGET, "io_read-b-2": LeftOut.DECIDED}
    assert folder.left_out() == {}
    folder.write_left_out(reasons)
    assert folder.left_out() == reasons
    for text in ("[]", '{"format_version": 5}', '{"format_version": 5, "trials": {"a": "why"}}'):
        (tmp_path / "left-out.json").write_text(text)
        with pytest.raises(UsageError, match=r"left-out\.json is damaged: .*; remove it"):
            folder.left_out()


DECISION = Decision("io_read", "goodput", "mine", "yours", 1.46, 1.31, 1.62, is_different=True, repeats=4)


def test_a_decision_is_read_as_it_was_made(tmp_path: Path) -> None:
    folder, later = ResultsFolder(tmp_path), replace(DECISION, subject="cpu", is_different=False)
    assert folder.decisions() == ()
    folder.write_decisions([DECISION])
    folder.write_decisions([DECISION, later])
    assert ResultsFolder(tmp_path).decisions() == (DECISION, later)
    assert [path.name for path in tmp_path.iterdir()] == ["decisions.json"]


@pytest.mark.parametrize(
    "text",
    ["", "[]", '{"format_version": 9}', '{"format_version": 5}', '{"format_version": 5, "decisions": [{"low": 1}]}'],
)
def test_damaged_decisions_are_refused_in_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "decisions.json").write_text(text)
    with pytest.raises(UsageError, match=r"decisions\.json is damaged: .*; restore it, or measure anew") as refused:
        ResultsFolder(tmp_path).decisions()
    assert "\n" not in str(refused.value)


DAMAGED = ['{"format_version": 3, "trial": {}}', '{"format_version": 5, "trial": {}}']


def opened(path: Path, **changes: int) -> None:
    with ResultsFolder(path).open_for(experiment(**changes), {}):
        pass


def test_a_results_folder_takes_one_experiment(tmp_path: Path) -> None:
    # What a lab leaves that was killed as it began.
    (tmp_path / "experiment.json.part").write_text("{")
    opened(tmp_path)
    opened(tmp_path)
    with pytest.raises(UsageError, match="holds the results of another experiment; choose another --output"):
        opened(tmp_path, posts=5)
    (tmp_path / "experiment.json").write_text("{}")
    with pytest.raises(UsageError, match="is not of results format 3 to 7; choose another --output"):
        opened(tmp_path)


def test_a_results_folder_takes_one_run_at_a_time(tmp_path: Path) -> None:
    again = pytest.raises(UsageError, match=r"another run writes to .*; wait for its end, or choose another --output")
    with ResultsFolder(tmp_path).open_for(experiment(), {}), again:
        opened(tmp_path)
    opened(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", "[" * 100_000, *DAMAGED])
def test_a_damaged_result_is_an_error(text: str, tmp_path: Path) -> None:
    opened(tmp_path)
    folder = ResultsFolder(tmp_path)
    with folder.trial_folder(SYNC.trial) as place:
        (place / "result.json").write_text(text)
    with pytest.raises(UsageError, match=r"is damaged: .*; remove its folder to have it measured again"):
        folder.result(SYNC.trial)


@pytest.mark.parametrize("name", ["result.json", "series.jsonl", "costs.jsonl"])
def test_a_pipe_or_a_device_is_not_read(name: str, tmp_path: Path) -> None:
    opened(tmp_path)
    folder = ResultsFolder(tmp_path)
    read = {"result.json": folder.result, "series.jsonl": folder.series, "costs.jsonl": folder.resource_samples}[name]
    with folder.trial_folder(SYNC.trial) as place:
        os.mkfifo(place / name)
    with pytest.raises(UsageError, match=rf"{name} is damaged: it is not a regular file"):
        read(SYNC.trial)
    (folder.trials / SYNC.trial.id / name).unlink()
    (folder.trials / SYNC.trial.id / name).symlink_to("/dev/zero")
    with pytest.raises(UsageError, match="it is not a regular file"):
        read(SYNC.trial)


def test_an_experiment_that_is_a_pipe_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "experiment.json")
    with pytest.raises(UsageError, match="it is not a regular file"):
        ResultsFolder(tmp_path).experiment()


def test_a_result_of_another_trial_is_an_error(tmp_path: Path) -> None:
    opened(tmp_path)
    folder = ResultsFolder(tmp_path)
    with folder.trial_folder(SYNC.trial) as place:
        write_json(place / "result.json", ASYNC.to_json())
    with pytest.raises(UsageError, match="it is the result of io_read on gunicorn-uvicorn; remove its folder"):
        folder.result(SYNC.trial)


def test_a_folder_of_version_3_is_read() -> None:
    folder = ResultsFolder(VERSION_3)
    sync, asgi = (folder.result(trial) for trial in trials(folder.experiment()))
    assert sync is not None
    assert asgi is not None
    assert asgi.baseline == Baseline(request_ms=13.277, healthz_ms=1.102, requests=73, cpu_ms=8.514)
    assert asgi.peak_usage == PeakUsage(82.8, 5, 0, 0, 1.1, 2596.0, 78.81, 62.3)
    assert sync.caveats == ("other programs used 171 % of a processor",)
    assert (sync.figures and sync.figures.successes, asgi.figures and asgi.figures.successes) == (106, 353)
    assert [len(folder.resource_samples(result.trial)) for result in (sync, asgi)] == [7, 6]
    assert folder.provenance()["started"] == "2026-11-29T01:35:37+00:00"


def test_a_result_of_version_3_is_written_again_in_the_current_version() -> None:
    folder = ResultsFolder(VERSION_3)
    results = filter(None, map(folder.result, trials(folder.experiment())))
    for result in results:
        content = json.loads(json.dumps(result.to_json()))
        assert content["format_version"] == 7
        assert Result.from_json(content) == result


def test_a_folder_of_version_3_can_be_resumed(tmp_path: Path) -> None:
    path = shutil.copytree(VERSION_3, tmp_path / "results")
    folder = ResultsFolder(path)
    first, second = trials(folder.experiment())
    shutil.rmtree(path / "trials" / second.id)
    with folder.open_for(folder.experiment(), {"started": "later"}) as provenance:
        assert provenance["started"] == "2026-11-29T01:35:37+00:00"
        with folder.trial_folder(second) as place:
            write_json(place / "result.json", Result(second, None, "Locust failed", {}).to_json())
    kept, added = folder.result(first), folder.result(second)
    assert kept is not None
    assert added is not None
    assert (kept.error, added.error) == ("", "Locust failed")


def test_a_folder_of_version_3_with_an_own_server_can_be_resumed(tmp_path: Path) -> None:
    content = json.loads((VERSION_3 / "experiment.json").read_text())
    server = {"name": "mine", "interface": "wsgi", "slots": 8, "argv": ["gunicorn", "{port}"], "package": ""}
    server |= {"extra": "lab", "inside": "", "access_log": ["", ""], "stats_port": 0, "url": ""}
    content["experiment"] |= {"own_servers": [server], "servers": ["mine"]}
    (tmp_path / "experiment.json").write_text(json.dumps(content))
    wanted = ResultsFolder(tmp_path).experiment()
    assert wanted.own_servers == (Server("mine", "wsgi", 8, ("gunicorn", "{port}")),)
    with ResultsFolder(tmp_path).open_for(wanted, {}):
        pass


def test_passwords_of_an_experiment_are_not_written(tmp_path: Path) -> None:
    url = Server("live", "wsgi", url="http://me:planted@127.0.0.1:8000")
    argv = Server("mine", "asgi", argv=("serve", "--password", "planted", "{port}", "a\nb"))
    wanted = experiment(own_servers=(url, argv), servers=("live", "mine"), factors=(("TARGET_SITE_TOKEN", "planted"),))
    folder = ResultsFolder(tmp_path)
    for _ in range(2):  # the second time it continues
        with folder.open_for(wanted, {"started": "now"}) as provenance:
            assert provenance == {"started": "now"}
    assert "planted" not in (tmp_path / "experiment.json").read_text()
    assert folder.experiment() == without_secrets(wanted) == without_secrets(folder.experiment())
    assert folder.experiment().own_servers[1].argv == ("serve", "--password", "***", "{port}", "a\nb")
    with pytest.raises(UsageError, match=r"does not hold the passwords .* repeat the command .* with --output"):
        folder.experiment_to_resume()
    with pytest.raises(UsageError, match="holds the results of another experiment"), folder.open_for(experiment(), {}):
        pass


def test_a_folder_that_has_passwords_still_can_be_resumed(tmp_path: Path) -> None:
    opened(tmp_path)
    file = tmp_path / "experiment.json"
    content = json.loads(file.read_text())
    wanted = experiment(own_servers=(Server("live", "wsgi", url="http://me:planted@h"),), servers=("live",))
    file.write_text(json.dumps({**content, "experiment": asdict(wanted), "services": {"a": "redis://:planted@h"}}))
    folder = ResultsFolder(tmp_path)
    assert folder.experiment_to_resume() == wanted
    assert "planted" not in repr((folder.experiment(), folder.provenance()))
    with folder.open_for(wanted, {}):
        pass
