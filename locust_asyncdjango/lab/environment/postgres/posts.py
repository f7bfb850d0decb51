"""The database of the bundled site: the user's own (DATABASE_URL), or a copy of a template with posts."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from locust_asyncdjango.lab.environment.databases.templates import Template, filled_template, running_copy
from locust_asyncdjango.lab.environment.packages import package_folder
from locust_asyncdjango.lab.environment.postgres.cluster import find_postgresql
from locust_asyncdjango.lab.environment.process import python, running
from locust_asyncdjango.lab.environment.servers import site_env
from locust_asyncdjango.lab.environment.waiting import announced_wait
from locust_asyncdjango.lab.errors import UsageError

BYTES_PER_POST = 600
"""Disk space that a post needs in the seeded table, with its key; 480 bytes were measured with a million posts."""


def prepare(posts: int, logs: Path) -> None:
    """Seed the user's database or the template before anything is measured, because seeding takes long.

    posts: the number of rows. logs: the folder for the logs of programs.
    Raise UsageError if the database cannot be seeded or the cache folder cannot be used.
    """
    if user_url := os.environ.get("DATABASE_URL"):
        seed(user_url, logs, posts)
    else:
        with filled_template(find_postgresql(), posts_template(posts), logs):
            pass


@contextmanager
def database(posts: int, max_connections: int, logs: Path) -> Iterator[str]:
    """Yield the URL of a migrated and seeded database, the user's or one that is started for the context.

    posts: the number of rows. max_connections: the limit of the lab's own; the user's keeps its own limit.
    logs: the folder for the logs of programs.
    Raise UsageError where the user's database, the disk or the cache folder cannot be used.
    """
    if user_url := os.environ.get("DATABASE_URL"):
        seed(user_url, logs, posts)
        yield user_url
        return
    with running_copy(find_postgresql(), posts_template(posts), max_connections, logs) as url:
        yield url


def posts_template(posts: int) -> Template:
    """Return the template with so many posts. It is filled anew when the code that seeds the posts changes."""
    return Template(f"posts-{posts}", _seed_key(), partial(seed, posts=posts), posts * BYTES_PER_POST)


def must_seed_template(posts: int) -> bool:
    """Return whether the lab's own database has to be seeded with so many posts first; never for the user's database.

    Raise UsageError where the cache folder cannot be written.
    """
    return not os.environ.get("DATABASE_URL") and not posts_template(posts).folder(find_postgresql()).exists()


def seed(url: str, logs: Path, posts: int) -> None:
    """Migrate and seed a database, and show a progress bar on a terminal. Raise UsageError if that fails."""
    argv = python("-m", "target_site", "seed_posts", f"--posts={posts}")
    with running(argv, log=logs / "seeding.log", env=site_env({"DATABASE_URL": url}), show_output=True) as program:
        with announced_wait(f"the database gets its {posts} posts"):
            code = program.wait()
        if code:
            raise UsageError(program.failure_cause().removeprefix("CommandError: "))


def _seed_key() -> str:
    """Return a hash of the code that seeds the posts."""
    site = package_folder("target_site")
    sources = [*sorted((site / "migrations").glob("*.py")), site / "management" / "commands" / "seed_posts.py"]
    return hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:8]
