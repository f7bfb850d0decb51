"""The output of programs, as it comes and as it is kept."""

import subprocess
import sys
from pathlib import Path

import pytest

from locust_asyncdjango.lab.environment import program_output
from locust_asyncdjango.lab.environment.process import cleaned_output, running
from locust_asyncdjango.lab.environment.program_output import ProgramOutput


def hide(text: str) -> str:
    """Hide the only secret of these tests."""
    return text.replace("s3cret", "***")


def printed(output: ProgramOutput, text: str) -> None:
    """Let a program print a text into an output, and end."""
    with output.opened() as file:
        subprocess.run([sys.executable, "-c", f"import sys; sys.stdout.write({text!r})"], check=True, stdout=file)


def test_output_is_added_to_the_log_as_it_comes(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    log.write_text("before\n")
    output = ProgramOutput(log)
    printed(output, "s3cret\n\nsecond")
    assert log.read_text() == "before\ns3cret\n\nsecond"
    output.close()
    assert output.lines() == ["s3cret", "second"]


def test_cleaned_output_is_nowhere_until_the_program_has_ended(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    log.write_text("before\n")
    output = ProgramOutput(log, hide)
    printed(output, "a s3cret\n\nsecond")
    assert output.lines() == ["a ***", "second"]
    assert log.read_text() == "before\n"
    assert list(tmp_path.iterdir()) == [log]
    for _ in range(2):
        output.close()
        assert output.lines() == ["a ***", "second"]
    assert log.read_text() == "before\na ***\n\nsecond\n"


def test_of_much_output_the_beginning_and_the_end_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program_output, "KEPT_BYTES", 40)
    output = ProgramOutput(tmp_path / "x.log", hide)
    printed(output, "".join(f"line {number}\n" for number in range(100)))
    output.close()
    assert output.lines() == ["line 0", "line 1", "... 760 bytes are left out ...", "line 98", "line 99"]


def test_the_logs_of_programs_are_cleaned_within_the_context(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", "raise SystemExit('no s3cret here')"]
    with cleaned_output(hide), running(argv, log=tmp_path / "inside.log") as program:
        code = program.wait()
        assert program.end_text(int(code or 0)) == "with exit code 1: no *** here"
        assert (tmp_path / "inside.log").read_text() == ""
    assert (tmp_path / "inside.log").read_text() == "no *** here\n"
    with running(argv, log=tmp_path / "outside.log") as program:
        program.wait()
    assert (tmp_path / "outside.log").read_text() == "no s3cret here\n"


def test_a_program_that_cannot_be_started_leaves_no_file_open(tmp_path: Path) -> None:
    with cleaned_output(hide), pytest.raises(FileNotFoundError), running(["/no/program"], log=tmp_path / "x.log"):
        pass
