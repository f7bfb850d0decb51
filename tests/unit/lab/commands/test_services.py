"""The command line of ``services``."""

from pathlib import Path

import pytest

from locust_asyncdjango.lab import cli
from locust_asyncdjango.lab.commands import services, startproject


@pytest.mark.parametrize(
    ("arguments", "posts", "command"),
    [
        (["--posts", "5", "--", "python", "-v", "--", "x"], 5, ["python", "-v", "--", "x"]),
        (["python", "manage.py", "--posts", "5"], 1000, ["python", "manage.py", "--posts", "5"]),
        (["--"], 1000, []),
        ([], 1000, []),
    ],
)
def test_the_command_of_services(arguments: list[str], posts: int, command: list[str]) -> None:
    options = cli.parser().parse_args(["services", *arguments])
    assert (options.posts, services.command_line(options)) == (posts, command)


@pytest.mark.parametrize(
    ("name", "mode", "message"),
    [
        ("mine.py", 0o644, "mine.py cannot be executed; run it with its interpreter (python mine.py), or chmod"),
        ("./mine.py", 0o644, "./mine.py cannot be executed; run it with its interpreter (python ./mine.py), or chmod"),
        ("mine.py", 0o755, "mine.py is not on PATH; write ./mine.py\n"),
        ("other.py", 0o755, "there is no program 'other.py' to run; see that it is installed and on PATH\n"),
    ],
)
def test_a_command_that_cannot_be_executed(
    name: str,
    mode: int,
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.py").touch(mode)
    assert cli.main(["services", "--", name]) == 2
    assert capsys.readouterr().err.startswith(f"locust-asyncdjango: error: {message}")


def test_only_a_project_is_seeded(tmp_path: Path) -> None:
    assert services.seed_command(tmp_path, 5) is None
    startproject.write_project(tmp_path, "mysite")
    command = services.seed_command(tmp_path, 5)
    assert command is not None
    assert command[1:] == ["manage.py", "seed_posts", "--posts=5"]
