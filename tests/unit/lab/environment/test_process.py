"""Programs and signals, without any program that runs long."""

import signal
import socket
import sys
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from locust_asyncdjango.lab.environment.process import (
    Interrupted,
    Program,
    _Supervisor,
    free_port,
    port_is_free,
    python,
    running,
    stop_signals_as_interrupts,
    wait_until,
)


def test_only_the_first_stop_signal_interrupts() -> None:
    supervisor = _Supervisor()
    with pytest.raises(Interrupted) as interrupted:
        supervisor.on_signal(signal.SIGTERM, None)
    assert interrupted.value.signum == signal.SIGTERM
    supervisor.on_signal(signal.SIGINT, None)


def test_a_signal_is_deferred_until_the_outermost_context_ends() -> None:
    supervisor = _Supervisor()
    steps = []

    def start_a_program() -> None:
        with supervisor.deferring_signals():
            with supervisor.deferring_signals():
                supervisor.on_signal(signal.SIGHUP, None)
                steps.append("inner")
            steps.append("outer")

    with pytest.raises(Interrupted):
        start_a_program()
    assert steps == ["inner", "outer"]


def test_signals_are_ignored_while_all_programs_are_stopped() -> None:
    supervisor = _Supervisor()
    supervisor.stop_all()
    supervisor.on_signal(signal.SIGTERM, None)
    supervisor.reset()
    with pytest.raises(Interrupted):
        supervisor.on_signal(signal.SIGTERM, None)


def test_only_programs_that_were_started_within_the_context_are_stopped_at_its_end(tmp_path: Path) -> None:
    argv = python("-c", "import signal; signal.pause()")
    with running(argv, log=tmp_path / "before.log") as before:
        with stop_signals_as_interrupts(), ExitStack() as forgotten:
            within = forgotten.enter_context(running(argv, log=tmp_path / "within.log"))
            forgotten.pop_all()
        assert within.exit_code() is not None
        assert before.exit_code() is None


def test_the_log_of_a_program_is_its_lines_that_are_not_blank(tmp_path: Path) -> None:
    script = "import sys; print('one\\n\\n'); sys.exit('two')"
    with running(python("-c", script), log=tmp_path / "log") as program:
        assert program.wait() == 1
        assert program.log_lines() == ["one", "two"]
        assert program.last_log_line() == "two"


def test_what_another_program_has_written_to_the_same_log_is_not_the_cause(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("ERROR: of an earlier run\n")
    with running(python("-c", "import sys; sys.exit('the error of this one')"), log=log) as program:
        assert program.wait() == 1
        assert program.log_lines() == ["the error of this one"]
        assert program.failure_cause() == "the error of this one"


def test_a_program_without_a_word_is_described_by_its_log(tmp_path: Path) -> None:
    with running(["true"], log=tmp_path / "log") as program:
        assert program.wait() == 0
        assert program.last_log_line() == f"its log {tmp_path / 'log'} is empty"
        assert program.failure_cause() == program.last_log_line()


def test_a_program_is_stopped_at_the_end_of_the_context(tmp_path: Path) -> None:
    with running(["sleep", "600"], log=tmp_path / "log") as program:
        assert program.exit_code() is None
    assert program.exit_code() == -signal.SIGTERM


class FakeProgram(Program):
    """A program whose exit codes are given."""

    def __init__(self, *codes: int | None) -> None:
        self.codes = list(codes)

    def exit_code(self) -> int | None:
        return self.codes.pop(0)


@pytest.mark.parametrize(
    ("ready", "codes", "deadline_s", "result"),
    [
        ([True], [], 60, True),
        ([False, True], [None], 60, True),
        ([False], [1], 60, False),  # it has ended
        ([False], [None], -1, False),  # its time is over
    ],
)
def test_waiting_ends_when_ready_ended_or_late(
    ready: list[bool], codes: list[int | None], deadline_s: float, result: bool
) -> None:
    assert wait_until(lambda: ready.pop(0), FakeProgram(*codes), deadline_s) is result


def test_a_free_port_can_be_listened_on() -> None:
    port = free_port()
    assert port_is_free(port)
    with socket.create_server(("127.0.0.1", port)):
        assert not port_is_free(port)


def test_stopping_ends_processes_that_stand_still_and_those_with_a_group_of_their_own(tmp_path: Path) -> None:
    with running(["sh", "-c", "setsid sleep 600 & wait"], log=tmp_path / "log") as program:
        assert wait_until(lambda: len(program.processes()) == 2, program, 60)
        processes = program.processes()
        for process in processes:
            process.suspend()
    assert program.exit_code() == -signal.SIGTERM
    psutil.wait_procs(processes, timeout=60)
    assert not any(process.is_running() for process in processes)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (3, "with exit code 3: its log"),
        (-signal.SIGTERM, "killed by SIGTERM"),
        (-signal.SIGKILL, "killed by SIGKILL (which Linux sends when memory runs out)"),
        (-250, "killed by signal 250"),
    ],
)
def test_how_a_program_ended_is_said_in_words(code: int, text: str, tmp_path: Path) -> None:
    with running(["sleep", "600"], log=tmp_path / "log") as program:
        assert program.name == "sleep"
        assert program.end_text(code).startswith(text)


def test_the_last_line_of_a_log_is_safe_to_show(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with running([sys.executable, "-c", r"print('\x1b[2J at redis://:planted@h')"], log=log) as program:
        program.wait()
        assert program.last_log_line() == r"\x1b[2J at redis://***@h"
