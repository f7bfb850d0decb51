"""What keeps a database from being made."""

import os
import re
from pathlib import Path

import pytest

from locust_asyncdjango.lab.environment import postgres
from locust_asyncdjango.lab.errors import TrialError, UsageError


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


LOG = (
    "2026-11-29 12:00:00.000 UTC [9] LOG:  database system is ready to accept connections",
    "2026-11-29 12:00:01.000 UTC [9] LOG:  checkpointer process (PID 12) was terminated by signal 9: Killed",
    "2026-11-29 12:00:01.001 UTC [9] LOG:  terminating any other active server processes",
    "2026-11-29 12:00:01.002 UTC [9] LOG:  all server processes terminated; reinitializing",
)
FULL = '2026-11-29 12:00:01 UTC [8] PANIC:  could not write to file "pg_wal/xlogtemp.8": No space left on device'


def test_the_log_says_why_all_processes_have_ended() -> None:
    assert postgres.stop_reason(LOG[:1]) == ""
    assert postgres.stop_reason(LOG) == "checkpointer process (PID 12) was terminated by signal 9: Killed"
    assert (
        postgres.stop_reason(["12:00 [9] LOG:  received smart shutdown request"]) == "received smart shutdown request"
    )
    # A query that is cancelled ends its parallel workers.
    assert postgres.stop_reason(['LOG:  background worker "parallel worker" (PID 7) exited with exit code 1']) == ""
    assert postgres.disk_error([*LOG, FULL]) == ('could not write to file "pg_wal/xlogtemp.8": No space left on device')
    assert postgres.disk_error(LOG) == ""


def test_a_program_that_is_no_postgresql_has_no_helper_processes() -> None:
    assert postgres.helper_processes(os.getpid()) == {}


def test_a_copy_that_fails_is_one_line_however_many_files_there_are(tmp_path: Path) -> None:
    template = tmp_path / "template"
    template.mkdir()
    for n in range(200):
        (template / f"link{n}").symlink_to("nowhere")
    installation = postgres.Installation(tmp_path, tmp_path, None)
    with pytest.raises(TrialError) as error:
        postgres.copy_cluster(installation, template, tmp_path / "cluster")
    assert re.fullmatch(
        rf"the database cannot be copied: \[Errno 2\] No such file or directory: '{template}/link\d+'; see that the"
        rf" disk of {tmp_path} has room and can be written, or set LOCUST_ASYNCDJANGO_CACHE to another folder",
        str(error.value),
    )
