"""The command ``seed_posts``: migrate the database, then fill the table with an exact number of posts."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection, transaction

from target_site.models import Post

DEFAULT_POSTS = 1_000_000
LARGEST = 100_000_000
BATCH = 50_000

# PostgreSQL makes the rows: a million take seconds, while bulk_create takes half a minute. The keys are a function of
# the row number, so that each seeded table is the same.
INSERT = """
    INSERT INTO target_site_post (id, title, content, created_at, updated_at)
    SELECT md5('post ' || n)::uuid, 'Post ' || n, repeat('The quick brown fox jumps over the lazy dog. ', 3) || n,
           timestamptz '2026-01-01' + n * interval '1 second', timestamptz '2026-01-01' + n * interval '1 second'
    FROM generate_series(%s, %s) AS n
"""


class Command(BaseCommand):
    """Fills the table in one transaction: afterwards it has either the old posts or all the new ones."""

    help = "Migrate the database, then fill the table with exactly --posts seeded posts."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the option --posts, the number of posts."""
        parser.add_argument(
            "--posts", type=int, default=DEFAULT_POSTS, help="how many posts the table gets (default: %(default)s)"
        )

    def handle(self, *_: Any, posts: int, **__: Any) -> None:
        """Seed the table. Raise CommandError with exit code 2 if --posts is out of range or the database unusable."""
        if not 0 <= posts <= LARGEST:
            raise CommandError(f"--posts must be from 0 to {LARGEST}", returncode=2)
        try:
            connection.ensure_connection()
            call_command("migrate", verbosity=0, interactive=False)
            self.seed(posts)
        except DatabaseError as error:
            reason = " ".join(str(error).split())
            raise CommandError(
                f"the database named in DATABASE_URL cannot be used: {reason}; see that PostgreSQL runs there, or leave"
                " DATABASE_URL out and use `locust-asyncdjango services -- COMMAND`, which starts one",
                returncode=2,
            ) from None

    def seed(self, posts: int) -> None:
        """Fill the table, unless it has these posts already."""
        start = time.monotonic()
        if is_seeded(posts):
            self.stdout.write(f"the table has these {posts} posts already")
            return
        insert(posts, ProgressBar(self.stdout, posts))
        with connection.cursor() as cursor:
            # VACUUM makes the statistics and the visibility map, so that the first reads are as fast as later ones.
            cursor.execute("VACUUM (ANALYZE) target_site_post")
        self.stdout.write(f"{posts} posts seeded in {time.monotonic() - start:.1f} s")


class ProgressBar:
    """A progress bar on a terminal. It writes nothing to files and pipes."""

    WIDTH = 40

    def __init__(self, stream: Any, total: int) -> None:
        self.stream = stream
        self.total = total

    def show(self, done: int) -> None:
        """Draw the bar for ``done`` posts of the total. At the total, end the line."""
        if self.stream.isatty():
            filled = self.WIDTH * done // self.total
            ending = "\n" if done == self.total else ""
            bar = "#" * filled + "." * (self.WIDTH - filled)
            self.stream.write(f"\rseeding posts [{bar}] {100 * done // self.total:3d} %", ending=ending)
            self.stream.flush()


def is_seeded(posts: int) -> bool:
    """Return whether the table has exactly the first ``posts`` seeded posts, and no others."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), count(*) FILTER (WHERE created_at <= timestamptz '2026-01-01' + %s * interval '1 second')"
            " FROM target_site_post",
            [posts],
        )
        return bool(cursor.fetchone() == (posts, posts))


def insert(posts: int, progress: ProgressBar) -> None:
    """Replace the rows of the table. Build the primary key last, which takes a fraction of the time."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("TRUNCATE target_site_post")
        with connection.schema_editor() as editor:
            name = primary_key_name(cursor)
            editor.execute(f"ALTER TABLE target_site_post DROP CONSTRAINT {editor.quote_name(name)}")
        for first in range(1, posts + 1, BATCH):
            last = min(first + BATCH - 1, posts)
            cursor.execute(INSERT, [first, last])
            progress.show(last)
        cursor.execute("ALTER TABLE target_site_post ADD PRIMARY KEY (id)")


def primary_key_name(cursor: Any) -> str:
    """Return the name of the primary key's constraint."""
    constraints = connection.introspection.get_constraints(cursor, Post._meta.db_table)
    return next(name for name, constraint in constraints.items() if constraint["primary_key"])
