"""What the command line answers to bad input."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from locust_asyncdjango.lab import cli
from locust_asyncdjango.lab.environment.servers import SERVERS
from locust_asyncdjango.routes import ROUTES


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("run --routes io_raed", f"there is no route 'io_raed'; choose from {', '.join(ROUTES)}"),
        ("run --servers apache", f"there is no server 'apache'; choose from {', '.join(SERVERS)}"),
        ("run --routes cpu,cpu", f"name each route once, separated by commas: {','.join(ROUTES)}"),
        (
            "run --routes cpu,template --variants class_sync",
            "cpu has no variant 'class_sync'; choose one of sync, async",
        ),
        ("run --posts -1", "--posts must be 0 or more"),
        ("run -u 0", "-u must be more than 0"),
        ("run -u=-5", "-u must be more than 0"),
        ("run -t 0s", "-t must be more than 0"),
        ("run --shape=", "--shape must name a shape, such as RampTo500"),
        ("run --output /usr", "/usr holds other files; choose another --output"),
        ("run --max-connections 0", "--max-connections must be from 1 to 10000"),
        ("run --output /dev/null/x", "cannot write to /dev/null/x (Not a directory); choose another --output"),
        ("serve apache", f"there is no server 'apache'; choose from {', '.join(SERVERS)}"),
        ("serve --port 70000", "--port must be from 1 to 65535"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(
    arguments: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(arguments.split()) == 2
    assert capsys.readouterr().err == f"locust-asyncdjango: error: {message}\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("", "locust-asyncdjango: error: the following arguments are required: COMMAND"),
        ("fly", "locust-asyncdjango: error: argument COMMAND: invalid choice: 'fly'"),
        ("run --posts many", "locust-asyncdjango: error: argument --posts: 'many' is not a whole number"),
        ("run -u abc", "locust-asyncdjango: error: argument -u/--users: 'abc' is not a whole number"),
        ("run -r fast", "locust-asyncdjango: error: argument -r/--spawn-rate: 'fast' is not a number"),
        ("--nope list", "locust-asyncdjango: error: unrecognized arguments: --nope"),
        ("run --nope", "locust-asyncdjango: error: unrecognized arguments: --nope"),
    ],
)
def test_a_wrong_command_line_is_one_line_and_exit_code_2(
    arguments: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exit_:
        cli.main(arguments.split())
    error = capsys.readouterr().err
    assert (exit_.value.code, error.count("\n")) == (2, 1)
    assert error.startswith(message)
    command = "run " if arguments.startswith("run") else ""
    assert error.endswith(f"(see locust-asyncdjango {command}--help)\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "--resume", "nowhere"], "nowhere holds no experiment; name a results folder"),
        (["run", "--resume", "nowhere", "--posts", "5"], "--resume continues the experiment of the folder"),
        (["report", "."], "holds no experiment"),
        (["report", ".", "--output", "x.html"], "holds no experiment"),
        (["compare", "nowhere", "nowhere"], "holds no experiment"),
        (["compare", "a", "b", "--output", "x.txt"], "does not end with .html"),
    ],
)
def test_folders_are_checked(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(arguments) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line


def test_a_closed_output_pipe_is_no_error() -> None:
    argv = [sys.executable, "-m", "locust_asyncdjango.lab.cli", "list"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as program:
        assert program.stdout is not None
        assert program.stderr is not None
        program.stdout.close()
        assert (program.stderr.read(), program.wait()) == (b"", 128 + signal.SIGPIPE)


def test_a_file_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["run", "nowhere.toml"]) == 2
    assert capsys.readouterr().err == (
        "locust-asyncdjango: error: cannot read nowhere.toml: No such file or directory; name an experiment file\n"
    )


def test_a_message_holds_no_secret_and_no_control_character(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('routes = ["\\u001b[2J?token=planted"]\n')
    assert cli.main(["run", str(file), "--dry-run"]) == 2
    with pytest.raises(SystemExit):
        cli.main(["run", "--password=planted", "\x1b[2J"])
    text = capsys.readouterr().err
    assert (r"\x1b[2J?token=***" in text, "--password=***" in text) == (True, True)
    assert ("planted" in text, "\x1b" in text) == (False, False)
