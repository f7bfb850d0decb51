"""Logs of the commands that are about a user's own project, and when a pilot chooses its users."""

from pathlib import Path

import pytest

from locust_asyncdjango.lab.commands.project_run import log_folder, needs_pilot
from locust_asyncdjango.lab.errors import LabError, TrialError, UsageError
from tests.support.project_files import project_of


def test_logs_are_removed_at_the_end() -> None:
    with log_folder() as logs:
        (logs.path / "prepare.log").write_text("done")
    assert not logs.path.exists()


def test_logs_that_are_to_be_kept_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with log_folder() as logs:
        logs.is_kept = True
    assert list(tmp_path.iterdir()) == [logs.path]


@pytest.mark.parametrize(
    ("error", "names_it", "is_kept"),
    [(UsageError, True, True), (TrialError, True, True), (UsageError, False, False), (KeyboardInterrupt, True, False)],
)
def test_logs_stay_after_an_error_whose_message_names_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[BaseException], *, names_it: bool, is_kept: bool
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises((LabError, KeyboardInterrupt)), log_folder() as logs:
        raise error(f"it failed; its output is in {logs.path if names_it else 'its log'}")
    assert logs.path.exists() == is_kept


@pytest.mark.parametrize(
    ("values", "is_needed"),
    [({}, True), ({"budget": "8m", "objective": "p95 <= 2s"}, True), *(({key: "5"}, False) for key in
     ("shape", "users", "spawn_rate", "run_time"))],
)  # fmt: skip
def test_a_pilot_is_needed_where_nothing_is_chosen_about_the_load(
    tmp_path: Path, values: dict[str, str], *, is_needed: bool
) -> None:
    assert needs_pilot(project_of(tmp_path), values) == is_needed
    (tmp_path / "mine.py").touch()
    with_locustfile = project_of(tmp_path, 'locustfile = "mine.py"', tables="")
    assert not needs_pilot(with_locustfile, values)
