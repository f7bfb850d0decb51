"""Printing to the terminal."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


def print_lines(console: "Console", lines: Iterable[str]) -> None:
    """Print lines as they are: no markup in them, no colours added, and not broken at the width of the terminal."""
    for line in lines:
        console.print(line, highlight=False, markup=False, soft_wrap=True)
