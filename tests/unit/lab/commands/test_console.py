"""Lines on a terminal."""

import io

from rich.console import Console

from locust_asyncdjango.lab.commands.console import print_lines


def test_lines_are_printed_as_they_are() -> None:
    console = Console(file=io.StringIO(), width=20, force_terminal=True, color_system="truecolor")
    lines = ["[bold]no markup[/bold]", "a line of more than twenty characters", "12.5 ms, 'text', http://127.0.0.1"]
    print_lines(console, lines)
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue() == "".join(f"{line}\n" for line in lines)
