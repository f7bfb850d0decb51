"""The command seed_posts, without a database."""

import io

import pytest

from target_site.management.commands.seed_posts import ProgressBar
from tests.support.management import manage


class Terminal(io.StringIO):
    """A stream that says it is a terminal, and takes Django's parameter ending."""

    def isatty(self) -> bool:
        return True

    def write(self, text: str, ending: str = "") -> int:
        return super().write(text + ending)


@pytest.mark.parametrize("posts", ["-1", "100000001"])
def test_the_number_of_posts_is_bounded(posts: str) -> None:
    done = manage({}, "seed_posts", "--posts", posts)
    assert (done.returncode, done.stderr) == (2, "CommandError: --posts must be from 0 to 100000000\n")


def test_a_database_that_does_not_run_is_named_with_what_starts_one() -> None:
    done = manage({"DATABASE_URL": "postgresql://127.0.0.1:1/x"}, "seed_posts")
    assert done.returncode == 2
    assert done.stderr.startswith("CommandError: the database named in DATABASE_URL cannot be used: ")
    assert done.stderr.endswith(
        "; see that PostgreSQL runs there, or leave DATABASE_URL out and use `locust-asyncdjango services -- COMMAND`,"
        " which starts one\n"
    )


def test_the_progress_bar_ends_its_line_at_the_total() -> None:
    terminal = Terminal()
    bar = ProgressBar(terminal, 4)
    bar.show(1)
    bar.show(4)
    assert terminal.getvalue() == (f"\rseeding posts [{'#' * 10}{'.' * 30}]  25 %\rseeding posts [{'#' * 40}] 100 %\n")


def test_a_file_gets_no_progress_bar() -> None:
    file = io.StringIO()
    ProgressBar(file, 4).show(4)
    assert file.getvalue() == ""
