"""The results folder: one experiment, one run at a time, and what is damaged."""

from contextlib import suppress
from pathlib import Path

import pytest

from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.experiment.results_folder import ResultsFolder, write_json
from tests.support.experiments import ASYNC, BROKEN, SYNC, experiment


def test_a_results_folder_knows_what_was_run(tmp_path: Path) -> None:
    folder = ResultsFolder(tmp_path / "new" / "results")
    with folder.opened(experiment(), {"started": "now"}) as about:
        assert about == {"started": "now"}
        for result in (SYNC, BROKEN):
            with folder.unfinished(result.trial) as place:
                write_json(place / "result.json", result.to_json())
    assert folder.result(SYNC.trial) == SYNC
    assert folder.result(BROKEN.trial) == BROKEN
    assert folder.result(ASYNC.trial) is None
    assert folder.experiment() == experiment()


def test_an_interrupted_trial_is_not_finished_and_its_files_are_kept(tmp_path: Path) -> None:
    folder = ResultsFolder(tmp_path)
    with suppress(KeyboardInterrupt), folder.opened(experiment(), {}), folder.unfinished(SYNC.trial) as place:
        (place / "series.jsonl").touch()
        raise KeyboardInterrupt
    assert folder.result(SYNC.trial) is None
    assert (tmp_path / "trials" / f"{SYNC.trial.id}.unfinished" / "series.jsonl").exists()


def opened(path: Path, **changes: int) -> None:
    with ResultsFolder(path).opened(experiment(**changes), {}):
        pass


def test_a_results_folder_takes_one_experiment(tmp_path: Path) -> None:
    # What a lab leaves that was killed as it began.
    (tmp_path / "experiment.json.part").write_text("{")
    opened(tmp_path)
    opened(tmp_path)
    with pytest.raises(UsageError, match="holds the results of another experiment; choose another --output"):
        opened(tmp_path, posts=5)
    (tmp_path / "experiment.json").write_text("{}")
    with pytest.raises(UsageError, match="is not of results format 3; choose another --output"):
        opened(tmp_path)


def test_a_results_folder_takes_one_run_at_a_time(tmp_path: Path) -> None:
    again = pytest.raises(UsageError, match=r"another run writes to .*; wait for its end, or choose another --output")
    with ResultsFolder(tmp_path).opened(experiment(), {}), again:
        opened(tmp_path)
    opened(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", "[" * 100_000, '{"format_version": 3, "trial": {}}'])
def test_a_damaged_result_is_told(text: str, tmp_path: Path) -> None:
    opened(tmp_path)
    folder = ResultsFolder(tmp_path)
    with folder.unfinished(SYNC.trial) as place:
        (place / "result.json").write_text(text)
    with pytest.raises(UsageError, match=r"is damaged: .*; remove its folder to have it measured again"):
        folder.result(SYNC.trial)


def test_a_result_of_another_trial_is_none(tmp_path: Path) -> None:
    opened(tmp_path)
    folder = ResultsFolder(tmp_path)
    with folder.unfinished(SYNC.trial) as place:
        write_json(place / "result.json", ASYNC.to_json())
    with pytest.raises(UsageError, match="it is that of io_read on gunicorn-uvicorn; remove its folder"):
        folder.result(SYNC.trial)
