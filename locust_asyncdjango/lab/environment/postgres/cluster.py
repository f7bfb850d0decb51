"""Clusters of the lab's own PostgreSQL: make one, run one. Start reading at ``PostgreSQL``."""

import secrets
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from locust_asyncdjango.lab.environment.databases.home import Home, write_private
from locust_asyncdjango.lab.environment.databases.running import running_server
from locust_asyncdjango.lab.environment.postgres.installation import PG_VERSION, Installation, find_installation
from locust_asyncdjango.lab.environment.postgres.log import LOG_NAME
from locust_asyncdjango.lab.environment.process import free_port, running
from locust_asyncdjango.lab.errors import UsageError

NAME = "PostgreSQL"

# Nothing has to survive a crash while a template is filled, because an unfinished template is removed.
_FILLING = ("fsync=off", "full_page_writes=off", "wal_level=minimal", "max_wal_senders=0", "max_wal_size=4GB")


@dataclass(frozen=True, slots=True)
class PostgreSQL:
    """The lab's own PostgreSQL. It follows ``DatabaseServer``."""

    installation: Installation

    @property
    def home(self) -> Home:
        """Where it has its data, and whose account runs it."""
        return self.installation

    @property
    def label(self) -> str:
        """The kind and the version of its data."""
        return f"postgresql-{PG_VERSION}"

    def create(self, cluster: Path, logs: Path) -> None:
        """Make an empty cluster. Raise UsageError where PostgreSQL's initdb fails."""
        create_cluster(self.installation, cluster, logs)

    def filling(self, cluster: Path, logs: Path) -> AbstractContextManager[str]:
        """Return a context that starts a cluster to be filled and kept, and yields its URL."""
        return running_cluster(self.installation, cluster, logs / "postgres-seeding.log", *_FILLING, is_kept=True)

    def serving(self, cluster: Path, logs: Path, max_connections: int) -> AbstractContextManager[str]:
        """Return a context that starts a cluster for a trial, and yields its URL."""
        return running_cluster(self.installation, cluster, logs / LOG_NAME, f"max_connections={max_connections}")


def find_postgresql() -> PostgreSQL:
    """Return the lab's own PostgreSQL. Raise UsageError where the cache folder cannot be written."""
    return PostgreSQL(find_installation())


def create_cluster(installation: Installation, cluster: Path, logs: Path) -> None:
    """Make a new cluster in a folder: its data, and the file `password` with a random password.

    Raise UsageError where PostgreSQL's initdb fails.
    """
    cluster.mkdir()
    write_private(cluster / "password", secrets.token_urlsafe(24))
    data = cluster / "data"
    data.mkdir(mode=0o700)
    pwfile = cluster / "pwfile"
    shutil.copy2(cluster / "password", pwfile)
    installation.give_to_account(data)
    installation.give_to_account(pwfile)
    argv = [
        str(installation.bin / "initdb"),
        f"--pgdata={data}",
        "--username=postgres",
        "--auth=scram-sha-256",
        f"--pwfile={pwfile}",
        "--encoding=UTF8",
        "--locale=C",
        "--no-sync",
        # A random password needs no key stretching. One round instead of 4096 saves 10 ms of CPU time per connection.
        "--set=scram_iterations=1",
    ]
    with running(argv, log=logs / "initdb.log", account=installation.account) as program:
        if program.wait():
            raise UsageError(f"PostgreSQL's initdb failed: {program.failure_cause()}")
    pwfile.unlink()


@contextmanager
def running_cluster(
    installation: Installation, cluster: Path, log: Path, *settings: str, is_kept: bool = False
) -> Iterator[str]:
    """Start a cluster, and yield its URL.

    settings: name=value, for settings that differ from PostgreSQL's defaults.
    is_kept: the cluster is used again, so let PostgreSQL write all of it at the end, however long that takes.
    Raise TrialError where it does not start.
    """
    port = free_port()
    argv = [str(installation.bin / "postgres"), "-D", str(cluster / "data")]
    # No connections are reserved for superusers, so that the site gets all that max_connections allows.
    fixed = (
        f"port={port}",
        "listen_addresses=127.0.0.1",
        "unix_socket_directories=",
        "superuser_reserved_connections=0",
        "log_timezone=GMT",  # ``log`` reads the times
    )
    for setting in (*fixed, *settings):
        argv += ["-c", setting]
    # SIGTERM waits until all clients have left. SIGINT is the fast shutdown, which writes all of it. SIGQUIT, the
    # immediate one, does not; a fast one may wait without end for a recovery after a crash.
    with running_server(
        argv,
        NAME,
        log,
        installation.account,
        lambda: _accepts_connections(installation, port),
        stop_signal=signal.SIGINT if is_kept else signal.SIGQUIT,
        is_kept=is_kept,
    ):
        password = (cluster / "password").read_text(encoding="ascii")
        yield f"postgresql://postgres:{password}@127.0.0.1:{port}/postgres"


def _accepts_connections(installation: Installation, port: int) -> bool:
    argv = [str(installation.bin / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
    return subprocess.run(argv, check=False).returncode == 0
