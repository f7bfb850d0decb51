"""Where database servers have their data."""

from pathlib import Path

import pytest

from locust_asyncdjango.lab.environment.databases.home import find_home, scratch_folder
from locust_asyncdjango.lab.errors import UsageError


def test_a_cache_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCUST_ASYNCDJANGO_CACHE", "/dev/null/x")
    with pytest.raises(UsageError, match=r"the cache folder /dev/null/x cannot be written \(Not a directory\); set"):
        find_home()


def test_a_scratch_folder_is_removed_at_the_end(tmp_path: Path) -> None:
    with scratch_folder(tmp_path / "runs") as scratch:
        (scratch / "cluster").mkdir()
        assert scratch.parent == tmp_path / "runs"
    assert not scratch.exists()


def test_folders_of_killed_processes_are_removed_and_those_in_use_are_kept(tmp_path: Path) -> None:
    abandoned = tmp_path / "runs" / "abandoned"
    with scratch_folder(tmp_path / "runs") as used:
        (abandoned / "cluster").mkdir(parents=True)
        with scratch_folder(tmp_path / "runs"):
            assert not abandoned.exists()
            assert used.exists()
