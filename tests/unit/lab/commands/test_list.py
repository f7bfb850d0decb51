"""``list``, which works in the plain install."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from locust_asyncdjango.lab import cli
from locust_asyncdjango.lab.environment.servers import SERVERS
from locust_asyncdjango.routes import ROUTES
from tests.support import plain_install


def in_plain_install(*arguments: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-P", plain_install.__file__, *arguments]
    return subprocess.run(argv, capture_output=True, text=True, check=False)


def test_list_shows_locustfiles_that_exist(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["list"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    routes = [row for row in lines[1 : lines.index(["servers"])] if not row[0].endswith(":")]
    assert [row[:2] for row in routes] == [[route.name, route.method] for route in ROUTES.values()]
    assert all(Path(row[2]).is_file() for row in routes)
    assert ["async:", "async,", "sync_to_async,", "psycopg_async,", "asyncpg"] in lines


def test_list_needs_the_standard_library_alone() -> None:
    ran = in_plain_install("list")
    assert (ran.returncode, ran.stderr) == (0, "")
    rows = [line.split() for line in ran.stdout.splitlines()]
    assert [row[0] for row in rows[rows.index(["servers"]) + 1 :]] == list(SERVERS)
    install = "pip install 'locust-asyncdjango[lab]', or in a checkout pip install -e '.[lab]'"
    assert f"uvicorn              asgi, slots: unbounded; {install}\n" in ran.stdout
    assert "the natural variant of each is sync on WSGI, async on ASGI" in ran.stdout


def test_the_help_of_every_command_needs_the_standard_library_alone() -> None:
    assert in_plain_install("--help").returncode == 0
    assert [command.name for command in cli.COMMANDS if in_plain_install(command.name, "--help").returncode] == []


@pytest.mark.parametrize(
    ("extra", "arguments"),
    [
        ("lab", ("run",)),
        ("lab", ("compare", "a", "b")),
        ("lab", ("serve",)),
        ("lab", ("services", "true")),
        ("report", ("report", __file__)),
    ],
)
def test_other_commands_say_what_to_install(extra: str, arguments: tuple[str, ...]) -> None:
    ran = in_plain_install(*arguments)
    assert ran.returncode == 2
    assert re.fullmatch(
        rf"locust-asyncdjango: error: `{arguments[0]}` needs the extra {extra} \(\w+ is not installed\): pip install"
        rf" 'locust-asyncdjango\[{extra}\]', or in a checkout pip install -e '\.\[{extra}\]'\n",
        ran.stderr,
    )
