"""Printing to the terminal: what several commands print."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from locust_asyncdjango.analysis.terminal_text import wrapped

if TYPE_CHECKING:
    from rich.console import Console


def print_lines(console: "Console", lines: Iterable[str]) -> None:
    """Print lines without markup and without colours. On a terminal they are wrapped between words, elsewhere not."""
    for line in lines:
        for part in wrapped(line, console.width) if console.is_terminal else [line]:
            console.print(part, highlight=False, markup=False, soft_wrap=True)


def announce_seeding(posts: int) -> None:
    """Print that the lab's own database is filled first, where it is: a start then takes longer than later ones."""
    from locust_asyncdjango.lab.environment.postgres.posts import must_seed_template

    if must_seed_template(posts):
        print(f"Filling the database with {posts} posts. Later starts with as many posts copy it", flush=True)
