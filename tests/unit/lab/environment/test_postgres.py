"""What keeps a database from being made."""

from pathlib import Path

import pytest

from locust_asyncdjango.lab.environment import postgres
from locust_asyncdjango.lab.errors import UsageError


def test_seeding_needs_room(tmp_path: Path) -> None:
    postgres.check_disk_space(tmp_path, 1)
    with pytest.raises(UsageError, match=r"not enough disk: seeding needs 1048576\.0 GB in .*; choose fewer --posts"):
        postgres.check_disk_space(tmp_path, 2**50)


def test_a_cache_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCUST_ASYNCDJANGO_CACHE", "/dev/null/x")
    with pytest.raises(UsageError, match=r"the cache folder /dev/null/x cannot be written \(Not a directory\); set"):
        postgres.find_installation()


def test_the_users_own_database_needs_no_template(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LOCUST_ASYNCDJANGO_CACHE", str(tmp_path))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    assert postgres.must_seed_template(7)
    monkeypatch.setenv("DATABASE_URL", "postgresql://127.0.0.1/x")
    assert not postgres.must_seed_template(7)


def test_a_scratch_folder_is_removed_at_the_end(tmp_path: Path) -> None:
    with postgres.scratch_folder(tmp_path / "runs") as scratch:
        (scratch / "cluster").mkdir()
        assert scratch.parent == tmp_path / "runs"
    assert not scratch.exists()


def test_folders_of_killed_processes_are_removed_and_those_in_use_are_kept(tmp_path: Path) -> None:
    abandoned = tmp_path / "runs" / "abandoned"
    with postgres.scratch_folder(tmp_path / "runs") as used:
        (abandoned / "cluster").mkdir(parents=True)
        with postgres.scratch_folder(tmp_path / "runs"):
            assert not abandoned.exists()
            assert used.exists()


def test_the_cache_folder_is_the_users_choice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCUST_ASYNCDJANGO_CACHE", str(tmp_path / "cache"))
    installation = postgres.find_installation()
    assert installation.cache == tmp_path / "cache"
    assert (installation.bin / "postgres").exists()
