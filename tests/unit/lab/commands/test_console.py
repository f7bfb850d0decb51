"""Lines on a terminal."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from locust_asyncdjango.lab.commands.console import announce_seeding, print_lines

LINES = ["[bold]no markup[/bold]", "a line of more than twenty characters", "12.5 ms, 'text', http://127.0.0.1:8000"]


def test_lines_are_printed_as_they_are_where_there_is_no_terminal() -> None:
    console = Console(file=io.StringIO(), width=20)
    print_lines(console, LINES)
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue() == "".join(f"{line}\n" for line in LINES)


def test_lines_are_wrapped_between_words_on_a_terminal() -> None:
    console = Console(file=io.StringIO(), width=20, force_terminal=True, color_system="truecolor")
    print_lines(console, LINES)
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue().splitlines() == [
        "[bold]no",
        "markup[/bold]",
        "a line of more than",
        "twenty characters",
        "12.5 ms, 'text',",
        "http://127.0.0.1:8000",
    ]


def test_that_a_database_is_filled_first_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LOCUST_ASYNCDJANGO_CACHE", str(tmp_path))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    announce_seeding(1000000)
    assert capsys.readouterr().out == (
        "Filling the database with 1000000 posts. Later starts with as many posts copy it\n"
    )
    monkeypatch.setenv("DATABASE_URL", "postgresql://127.0.0.1/x")
    announce_seeding(1000000)
    assert capsys.readouterr().out == ""
