"""The command line of ``services``."""

import pytest

from locust_asyncdjango.lab import cli
from locust_asyncdjango.lab.commands import services


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
    assert (options.posts, services.command_given(options)) == (posts, command)
