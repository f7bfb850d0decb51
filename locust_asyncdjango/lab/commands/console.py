"""Printing to the terminal: what several commands print."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


def print_lines(console: "Console", lines: Iterable[str]) -> None:
    """Print lines unchanged: without markup, without colours, and without line breaks at the width of the terminal."""
    for line in lines:
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def announce_seeding(posts: int) -> None:
    """Print that the lab's own database is filled first, where it is: a start then takes longer than later ones."""
    from locust_asyncdjango.lab.environment import postgres

    if postgres.must_seed_template(posts):
        print(f"Filling the database with {posts} posts. Later starts with as many posts copy it", flush=True)
