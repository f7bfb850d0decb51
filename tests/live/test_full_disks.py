"""Disks that are full or read-only at each write of the lab: one line says so, and nothing is taken for a result."""

import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from locust_asyncdjango.lab.environment.servers import Server
from locust_asyncdjango.lab.experiment.result import ResourceSample, Result
from locust_asyncdjango.lab.experiment.results_folder import ResultsFolder, write_json
from locust_asyncdjango.lab.experiment.trial import Trial
from locust_asyncdjango.lab.measure.resource_usage import append_sample
from locust_asyncdjango.lab.measure.runner import run
from tests.support.experiments import SYNC, UnpreparedSite, experiment, measured
from tests.support.programs import done, lab, running, wait_for, wait_for_lines

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="a disk of its own takes root to mount")
SEEDING_BYTES = 700 * 2**20
LOAD = (
    *("--posts", "1000", "-u", "3", "-r", "3", "-t", "5s"),
    *("--client-latency-ms", "25", "--servers", "gunicorn-sync"),
)


class Disk:
    """A disk of its own, in memory, which can be made full or read-only."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.chmod(0o755)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m,mode=755", "tmpfs", path], check=True)

    def resize(self, size: int) -> None:
        """Give it so many bytes, as a multiple of 4096."""
        self._remount(f"size={size // 4096 * 4096}")

    def leave_no_room(self) -> None:
        """Make it as large as what is on it. Linux refuses that where a program writes at that moment."""
        wait_for(self._shrink, lambda: "programs write to it without a pause")

    def _shrink(self) -> bool:
        with suppress(subprocess.CalledProcessError):
            self.resize(self.used())
            return True
        return False

    def used(self) -> int:
        """Return how many bytes are in use."""
        state = os.statvfs(self.path)
        return (state.f_blocks - state.f_bfree) * state.f_frsize

    def fill(self) -> None:
        """Leave no byte."""
        with suppress(OSError), (self.path / "filler").open("wb", buffering=0) as file:
            while file.write(bytes(4096)):
                pass

    def make_read_only(self) -> None:
        """Let nothing be written. No file may be open for writing."""
        self._remount("ro")

    def repair(self) -> None:
        """Make it writable, and give it room."""
        self._remount("rw")
        (self.path / "filler").unlink(missing_ok=True)

    def _remount(self, option: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{option}", self.path], check=True)


BREAKAGES: dict[str, tuple[Callable[[Disk], None], str]] = {
    "full": (Disk.fill, "No space left on device"),
    "read-only": (Disk.make_read_only, "Read-only file system"),
}
broken = pytest.mark.parametrize(("break_", "reason"), BREAKAGES.values(), ids=BREAKAGES)


@pytest.fixture
def disk() -> Iterator[Disk]:
    """A disk with two megabytes, which PostgreSQL's account may enter."""
    made = Disk(Path(tempfile.mkdtemp(prefix="locust-asyncdjango-tests-")))
    try:
        yield made
    finally:
        subprocess.run(["umount", made.path], check=True)
        made.path.rmdir()


def error_line(text: str) -> str:
    """Return the only line of an output that is an error."""
    (line,) = [line for line in text.splitlines() if "error: " in line]
    return line


@broken
def test_a_run_that_cannot_write_its_folder_does_not_start(
    disk: Disk, break_: Callable[[Disk], None], reason: str
) -> None:
    break_(disk)
    code, text = done(*lab("run", *LOAD, "--routes", "cpu", "--output", disk.path / "results"))
    assert (code, text) == (
        2,
        f"locust-asyncdjango: error: cannot write to {disk.path / 'results'} ({reason}); choose another --output\n",
    )


@broken
def test_a_result_that_cannot_be_written_is_measured_again(
    disk: Disk, break_: Callable[[Disk], None], reason: str
) -> None:
    folder = ResultsFolder(disk.path / "results")
    wanted = experiment(servers=("mine",), own_servers=(Server("mine", "wsgi", url="http://127.0.0.1:9"),))
    runs: list[Trial] = []

    def measure(_site: object, trial: Trial, *_: object) -> Result:
        runs.append(trial)
        if len(runs) == 1:
            break_(disk)
        return measured(trial, 10.0)

    with pytest.raises(OSError, match=reason):
        run(wanted, folder, lambda *_: lambda _: None, measure, site=UnpreparedSite())
    assert folder.result(runs[0]) is None
    disk.repair()
    assert run(wanted, folder, lambda *_: lambda _: None, measure, site=UnpreparedSite()) == [folder.result(runs[0])]
    assert len(runs) == 2


@broken
def test_a_sample_that_cannot_be_written_ends_the_run(disk: Disk, break_: Callable[[Disk], None], reason: str) -> None:
    break_(disk)
    with pytest.raises(OSError, match=reason):
        append_sample(disk.path / "costs.jsonl", ResourceSample(0.0, 50.0, 0.0, 2, 3))


@broken
def test_a_report_that_cannot_be_written_leaves_the_one_before(
    disk: Disk, break_: Callable[[Disk], None], reason: str
) -> None:
    folder = ResultsFolder(disk.path / "results")
    with folder.open_for(experiment(), {}), folder.trial_folder(SYNC.trial) as trial:
        write_json(trial / "result.json", SYNC.to_json())
    before = folder.write_report(html="before", md="before").read_text()
    break_(disk)
    code, text = done(*lab("report", folder.path))
    assert (code, text.count("\n")) == (1, 1)
    assert reason in error_line(text)
    assert "check that the disk is not full and that its folders can be written" in text
    assert folder.write_report().read_text() == before


def test_a_cache_that_cannot_be_written_is_named(disk: Disk, tmp_path: Path) -> None:
    disk.make_read_only()
    env = {"LOCUST_ASYNCDJANGO_CACHE": str(disk.path / "cache")}
    code, text = done(*lab("run", *LOAD, "--routes", "cpu", "--output", tmp_path / "results"), env=env)
    assert code == 2
    assert error_line(text).endswith(
        "cache cannot be written (Read-only file system); set LOCUST_ASYNCDJANGO_CACHE to another"
    )


def test_a_database_without_room_is_no_result_and_is_measured_again(disk: Disk, tmp_path: Path) -> None:
    env = {"LOCUST_ASYNCDJANGO_CACHE": str(disk.path)}
    output = tmp_path / "results"
    disk.resize(SEEDING_BYTES)
    with running(*lab("run", "--routes", "io_create", *LOAD, "--output", output), env=env) as program:
        wait_for_lines(program, output / "trials" / "io_create-gunicorn-sync.unfinished" / "series.jsonl", 2)
        disk.leave_no_room()
        assert program.end() == 1
        assert program.left_behind() == []
        assert "not measured: the database could not write to its disk: " in program.text
    disk.resize(disk.used() + 2**20)
    code, text = done(*lab("run", "--resume", output), env=env)
    assert code == 1
    assert "not measured: the database cannot be copied: [Errno 28] No space left on device: " in text
    assert max(map(len, text.splitlines())) < 1200
    assert list((disk.path / "runs").glob("*/")) == []
    disk.resize(SEEDING_BYTES)
    code, text = done(*lab("run", "--resume", output), env=env)
    assert code == 0, text
