"""Templates: databases that are filled once, kept in the cache folder, and copied for each trial.

Start reading at ``running_copy``.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from locust_asyncdjango.lab.environment.postgres.cluster import copy_cluster, create_cluster, running_cluster
from locust_asyncdjango.lab.environment.postgres.installation import (
    PG_VERSION,
    Installation,
    find_installation,
    scratch_folder,
)
from locust_asyncdjango.lab.environment.waiting import announced_wait
from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.metrics.file_lock import exclusive_lock

MIN_TEMPLATE_BYTES = 300 * 2**20
"""Disk space of a cluster besides the posts."""

# Nothing has to survive a crash while a template is filled, because an unfinished template is removed.
_FILLING = ("fsync=off", "full_page_writes=off", "wal_level=minimal", "max_wal_senders=0", "max_wal_size=4GB")


@dataclass(frozen=True, slots=True)
class Template:
    """A database to be filled.

    family: what it is for. A new template replaces those of its family.
    key: what its content follows from, such as a hash of the code that fills it.
    fill: fills the database. It gets its URL and a folder for logs, and raises UsageError where it fails.
    size_bytes: disk space of the content, beside that of an empty cluster.
    """

    family: str
    key: str
    fill: Callable[[str, Path], None]
    size_bytes: int = 0

    def folder(self, installation: Installation) -> Path:
        """Return the folder of the filled cluster, which need not be there yet."""
        return installation.cache / f"{self._prefix}{self.key}"

    def remove_others(self, installation: Installation) -> None:
        """Remove the templates of the family that have another key."""
        for outdated in installation.cache.glob(f"{self._prefix}*"):
            if outdated != self.folder(installation):
                shutil.rmtree(outdated)

    @property
    def _prefix(self) -> str:
        return f"postgresql-{PG_VERSION}-{self.family}-"


@contextmanager
def running_copy(template: Template, max_connections: int, logs: Path) -> Iterator[str]:
    """Start a copy of a filled database, and yield its URL. Fill the database first where that was not done yet.

    max_connections: the limit of the copy. logs: the folder for the logs of programs.
    Raise UsageError where the disk or the cache folder cannot be used, and TrialError where the copy does not start.
    """
    installation = find_installation()
    filled = filled_template(installation, template, logs)
    with scratch_folder(installation.cache / "runs") as scratch:
        cluster = scratch / "cluster"
        copy_cluster(installation, filled, cluster)
        with running_cluster(installation, cluster, logs / "postgres.log", f"max_connections={max_connections}") as url:
            yield url


def filled_template(installation: Installation, template: Template, logs: Path) -> Path:
    """Return the folder of a filled cluster, which is stopped. Fill it first where there is none. Raise UsageError."""
    folder = template.folder(installation)
    with ExitStack() as stack:
        with announced_wait("another run of the lab fills its database"):
            stack.enter_context(exclusive_lock(installation.cache / "template.lock"))
        if not folder.exists():
            check_disk_space(installation.cache, 2 * (MIN_TEMPLATE_BYTES + template.size_bytes))
            template.remove_others(installation)
            with scratch_folder(installation.cache / "runs") as scratch:
                cluster = scratch / "cluster"
                create_cluster(installation, cluster, logs)
                log = logs / "postgres-seeding.log"
                with running_cluster(installation, cluster, log, *_FILLING, is_kept=True) as url:
                    template.fill(url, logs)
                cluster.rename(folder)
    return folder


def is_filled(template: Template) -> bool:
    """Return whether the template is in the cache folder. Raise UsageError where that folder cannot be written."""
    return template.folder(find_installation()).exists()


def check_disk_space(folder: Path, needed: int) -> None:
    """Raise UsageError if the disk of a folder has fewer free bytes than needed."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise UsageError(
            f"not enough disk: the database needs {needed / 2**30:.1f} GB in {folder}, {free / 2**30:.1f} GB are free;"
            " set LOCUST_ASYNCDJANGO_CACHE to a larger disk, or put less into the database (--posts)"
        )
