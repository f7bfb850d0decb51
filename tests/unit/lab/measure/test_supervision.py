"""Programs of a trial that end or stand still are noticed, with their names."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from locust_asyncdjango.lab.environment.process import Program, python, running, running_programs, wait_until
from locust_asyncdjango.lab.errors import TrialError
from locust_asyncdjango.lab.measure.supervision import Supervision, stopped_processes


@contextmanager
def supervised(folder: Path, name: str = "Redis") -> Iterator[tuple[Program, Supervision]]:
    """Start a program that does nothing, and watch it."""
    with running(["sleep", "600"], name=name, log=folder / "log") as program:
        yield program, Supervision({program})


def test_a_program_that_runs_is_no_error(tmp_path: Path) -> None:
    with supervised(tmp_path) as (program, supervision), supervision.checked_at_end():
        assert program in running_programs()
        supervision.check()
    assert program not in running_programs()


@pytest.mark.parametrize(
    ("signum", "how"),
    [
        (signal.SIGKILL, "killed by SIGKILL (which Linux sends when memory runs out)"),
        (signal.SIGTERM, "killed by SIGTERM"),
    ],
)
def test_a_program_that_is_killed_is_named_with_the_signal(signum: signal.Signals, how: str, tmp_path: Path) -> None:
    with supervised(tmp_path) as (program, supervision):
        program.popen.send_signal(signum)
        program.popen.wait()
        with pytest.raises(TrialError) as error, supervision.checked_at_end():
            raise TrialError("the site does not answer")
        assert program in running_programs()
    assert str(error.value) == f"Redis ended during the trial, {how}; run --resume measures the trial again"


def test_a_program_that_exits_is_named_with_its_exit_code_and_its_last_words(tmp_path: Path) -> None:
    argv = python("-c", "input(); print('out of order'); raise SystemExit(3)")
    with running(argv, name="the slow API", log=tmp_path / "log") as program:
        program.popen.wait()
        with pytest.raises(TrialError, match=r"^the slow API ended during the trial, with exit code 1: EOFError"):
            Supervision({program}).check()


def test_an_error_of_the_trial_stays_where_all_programs_run(tmp_path: Path) -> None:
    with (
        supervised(tmp_path) as (_, supervision),
        pytest.raises(TrialError, match=r"^it failed$"),
        supervision.checked_at_end(),
    ):
        raise TrialError("it failed")


def test_a_program_that_stands_still_is_named(tmp_path: Path) -> None:
    with supervised(tmp_path) as (program, _):
        assert stopped_processes() == []
        program.popen.send_signal(signal.SIGSTOP)
        assert wait_until(lambda: stopped_processes() == ["Redis"], program, 60)
        program.popen.send_signal(signal.SIGCONT)
        assert wait_until(lambda: stopped_processes() == [], program, 60)


def test_a_process_that_a_program_has_started_is_named_by_it(tmp_path: Path) -> None:
    argv = ["sh", "-c", "sleep 600; true"]
    with running(argv, name="mine", log=tmp_path / "log") as program:
        assert wait_until(lambda: len(program.processes()) == 2, program, 60)
        program.processes()[1].suspend()
        assert wait_until(lambda: stopped_processes() == ["a process of mine"], program, 60)
