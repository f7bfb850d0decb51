"""Templates: databases that are filled once, kept in the cache folder, and copied for each trial.

Start reading at ``running_copy``.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from locust_asyncdjango.lab.environment.databases.home import Home, scratch_folder
from locust_asyncdjango.lab.environment.waiting import announced_wait
from locust_asyncdjango.lab.errors import TrialError, UsageError, os_error_text
from locust_asyncdjango.metrics.file_lock import exclusive_lock, remove_unused, shared_lock

MIN_TEMPLATE_BYTES = 300 * 2**20
"""Disk space of a cluster besides the content."""


class DatabaseServer(Protocol):
    """A kind of database server that the lab can start. A cluster is a folder with its data, in the folder `data`."""

    @property
    def home(self) -> Home:
        """Where it has its data, and whose account runs it."""

    @property
    def label(self) -> str:
        """The kind and the version of its data, such as postgresql-18."""

    def create(self, cluster: Path, logs: Path) -> None:
        """Make an empty cluster in a new folder. logs: the folder for the logs of programs. Raise UsageError."""

    def filling(self, cluster: Path, logs: Path) -> AbstractContextManager[str]:
        """Return a context that starts a cluster to be filled and kept, and yields its URL. It raises TrialError."""

    def serving(self, cluster: Path, logs: Path, max_connections: int) -> AbstractContextManager[str]:
        """Return a context that starts a cluster for a trial, and yields its URL. It raises TrialError."""


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

    def folder(self, server: DatabaseServer) -> Path:
        """Return the folder of the filled cluster, which need not be there yet."""
        return server.home.cache / f"{self._prefix(server)}{self.key}"

    def others(self, server: DatabaseServer) -> list[Path]:
        """Return the folders of the templates of the family that have another key."""
        folders = server.home.cache.glob(f"{self._prefix(server)}*")
        return [folder for folder in folders if folder != self.folder(server)]

    def remove_others(self, server: DatabaseServer) -> None:
        """Remove the templates of the family that have another key, but for those that another lab uses now."""
        for outdated in self.others(server):
            remove_unused(outdated)

    def _prefix(self, server: DatabaseServer) -> str:
        return f"{server.label}-{self.family}-"


@contextmanager
def running_copy(server: DatabaseServer, template: Template, max_connections: int, logs: Path) -> Iterator[str]:
    """Start a copy of a filled database, and yield its URL. Fill the database first where that was not done yet.

    max_connections: the limit of the copy. logs: the folder for the logs of programs.
    Raise UsageError where the disk or the cache folder cannot be used, and TrialError where the copy does not start.
    """
    with filled_template(server, template, logs) as filled, scratch_folder(server.home.cache / "runs") as scratch:
        cluster = scratch / "cluster"
        copy_cluster(server.home, filled, cluster)
        with server.serving(cluster, logs, max_connections) as url:
            yield url


@contextmanager
def filled_template(server: DatabaseServer, template: Template, logs: Path) -> Iterator[Path]:
    """Yield the folder of a filled cluster, which is stopped, and which no other lab removes within the context.

    Fill it first where there is none. Raise UsageError.
    """
    folder = template.folder(server)
    with ExitStack() as stack:
        with filling_lock(server.home.cache):
            if not folder.exists():
                _fill(server, template, folder, logs)
            stack.enter_context(shared_lock(folder))
        yield folder


@contextmanager
def filling_lock(cache: Path) -> Iterator[None]:
    """Let no other lab fill or remove a database within the context. cache: the folder of the databases."""
    with ExitStack() as stack:
        with announced_wait("another run of the lab fills its database"):
            stack.enter_context(exclusive_lock(cache / "template.lock"))
        yield


def _fill(server: DatabaseServer, template: Template, folder: Path, logs: Path) -> None:
    cache = server.home.cache
    check_disk_space(cache, 2 * (MIN_TEMPLATE_BYTES + template.size_bytes))
    template.remove_others(server)
    with scratch_folder(cache / "runs") as scratch:
        cluster = scratch / "cluster"
        server.create(cluster, logs)
        with server.filling(cluster, logs) as url:
            template.fill(url, logs)
        cluster.rename(folder)


def copy_cluster(home: Home, template: Path, cluster: Path) -> None:
    """Copy a stopped cluster, and make the server's account the owner of the copy. Raise TrialError if that fails."""
    try:
        with announced_wait("the seeded database is copied"):
            shutil.copytree(template, cluster)
        home.give_to_account(cluster / "data")
    except OSError as error:
        raise TrialError(
            f"the database cannot be copied: {os_error_text(error)}; see that the disk of {home.cache} has room"
            " and can be written, or set LOCUST_ASYNCDJANGO_CACHE to another folder"
        ) from None


def check_disk_space(folder: Path, needed: int) -> None:
    """Raise UsageError if the disk of a folder has fewer free bytes than needed."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise UsageError(
            f"not enough disk: the database needs {needed / 2**30:.1f} GB in {folder}, {free / 2**30:.1f} GB are free;"
            " set LOCUST_ASYNCDJANGO_CACHE to a larger disk, or put less into the database (--posts)"
        )
