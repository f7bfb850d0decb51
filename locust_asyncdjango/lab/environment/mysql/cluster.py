"""Clusters of MariaDB or MySQL: make one, run one. Start reading at ``MySQL``.

The lab's user has all rights in the lab's database and no other, because one with more rights would get a connection
beyond max_connections.
"""

import secrets
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from locust_asyncdjango.lab.environment.databases.home import Home, write_private
from locust_asyncdjango.lab.environment.databases.running import running_server
from locust_asyncdjango.lab.environment.mysql.installation import (
    INSTALLERS,
    ZONE_WRITERS,
    Installation,
    find_installation,
)
from locust_asyncdjango.lab.environment.mysql.log import LOG_NAME
from locust_asyncdjango.lab.environment.process import free_port, running
from locust_asyncdjango.lab.errors import UsageError

DATABASE = USER = "lab"
ZONES = "/usr/share/zoneinfo"
PROTOCOL_VERSION = b"\x0a"
"""The byte behind the length and the number of the packet by which a server that accepts a connection begins."""
# Nothing has to survive a crash while a template is filled, because an unfinished template is removed. With the slow
# shutdown, no copy has to merge or purge what the filling has left to do.
_FILLING = ("--innodb-flush-log-at-trx-commit=0", "--skip-log-bin", "--innodb-fast-shutdown=0")
_MYSQL_ALONE = ("--mysqlx=OFF", "--secure-file-priv=NULL", "--log-bin-trust-function-creators=ON")
"""Options that MariaDB does not know or need: no second port, no folder of the system's, triggers without SUPER."""


@dataclass(frozen=True, slots=True)
class MySQL:
    """A MariaDB or MySQL of this machine. It follows ``DatabaseServer``."""

    installation: Installation

    @property
    def home(self) -> Home:
        """Where it has its data, and whose account runs it."""
        return self.installation

    @property
    def label(self) -> str:
        """The kind and the version of its data."""
        return f"{self.installation.name.lower()}-{self.installation.version}"

    def create(self, cluster: Path, logs: Path) -> None:
        """Make a cluster with an empty database and a user with a random password. Raise UsageError."""
        create_cluster(self.installation, cluster, logs)

    def filling(self, cluster: Path, logs: Path) -> AbstractContextManager[str]:
        """Return a context that starts a cluster to be filled and kept, and yields its URL."""
        return _filling_cluster(self.installation, cluster, logs / "mysql-seeding.log")

    def serving(self, cluster: Path, logs: Path, max_connections: int) -> AbstractContextManager[str]:
        """Return a context that starts a cluster for a trial, and yields its URL."""
        return running_cluster(self.installation, cluster, logs / LOG_NAME, f"--max-connections={max_connections}")


def find_mysql() -> MySQL:
    """Return the MariaDB or MySQL of this machine. Raise UsageError where there is none."""
    return MySQL(find_installation())


def create_cluster(installation: Installation, cluster: Path, logs: Path) -> None:
    """Make a new cluster in a folder: its data, and the file `password` with the password of the lab's user.

    The server makes that user when it starts for the first time, of the file `init.sql`.
    Raise UsageError where the system tables cannot be made.
    """
    cluster.mkdir()
    password, data, statements = secrets.token_urlsafe(24), cluster / "data", cluster / "init.sql"
    write_private(cluster / "password", password)
    data.mkdir(mode=0o700)
    write_private(statements, first_statements(password, _zones(installation)))
    installation.give_to_account(data)
    installation.give_to_account(statements)
    argv = [*_initializer(installation), f"--datadir={data}"]
    with running(argv, log=logs / "mysql-initialize.log", account=installation.account) as program:
        if program.wait():
            raise UsageError(f"{installation.name} cannot make its system tables: {program.failure_cause()}")


def first_statements(password: str, zones: str) -> str:
    """Return what a server runs when it starts for the first time. zones: SQL of the system's time zones."""
    return "\n".join(
        (
            "USE mysql;",
            zones,
            "DROP USER IF EXISTS 'root'@'localhost';",
            f"CREATE DATABASE {DATABASE};",
            f"CREATE USER '{USER}'@'%' IDENTIFIED BY '{password}';",
            f"GRANT ALL PRIVILEGES ON {DATABASE}.* TO '{USER}'@'%';",
            "",
        )
    )


def _zones(installation: Installation) -> str:
    """Return SQL of the system's time zones, without which Django cannot truncate dates; "" where none can be had."""
    writer = installation.tool(*ZONE_WRITERS)
    if writer is None or not Path(ZONES).is_dir():
        return ""
    return subprocess.run([writer, ZONES], capture_output=True, text=True, check=False).stdout


def _initializer(installation: Installation) -> list[str]:
    """Return the command that makes the system tables, but for the data folder. Raise UsageError for none."""
    if not installation.is_mariadb:
        return [str(installation.program), "--no-defaults", "--initialize-insecure"]
    installer = installation.tool(*INSTALLERS)
    if installer is None:
        raise UsageError(f"{INSTALLERS[0]} is missing, which makes the system tables of {installation.program}")
    return [str(installer), "--no-defaults", f"--basedir={installation.base}", "--skip-test-db"]


@contextmanager
def _filling_cluster(installation: Installation, cluster: Path, log: Path) -> Iterator[str]:
    statements = cluster / "init.sql"
    options = (*_FILLING, f"--init-file={statements}")
    with running_cluster(installation, cluster, log, *options, is_kept=True) as url:
        statements.unlink()
        yield url


@contextmanager
def running_cluster(
    installation: Installation, cluster: Path, log: Path, *options: str, is_kept: bool = False
) -> Iterator[str]:
    """Start a cluster, and yield its URL.

    options: that differ from the server's defaults.
    is_kept: the cluster is used again, so let the server write all of it at the end, however long that takes.
    Raise TrialError where it does not start.
    """
    port = free_port()
    with running_server(
        server_argv(installation, cluster / "data", port, *options),
        installation.name,
        log,
        installation.account,
        lambda: _greets(port),
        # SIGTERM is its shutdown, which writes all of it. A copy is thrown away.
        stop_signal=signal.SIGTERM if is_kept else signal.SIGKILL,
        is_kept=is_kept,
    ):
        password = (cluster / "password").read_text(encoding="ascii")
        yield f"mysql://{USER}:{password}@127.0.0.1:{port}/{DATABASE}"


def server_argv(installation: Installation, data: Path, port: int, *options: str) -> list[str]:
    """Return the command line of a server. No file of options is read: it listens where the lab says, and nowhere else.

    Its socket and the file with its process id are in the data folder.
    """
    return [
        str(installation.program),
        "--no-defaults",
        f"--datadir={data}",
        f"--port={port}",
        "--bind-address=127.0.0.1",
        "--socket=mysqld.sock",
        "--pid-file=mysqld.pid",
        # Without it, a server that has seen broken connections refuses all others of the same host.
        "--skip-name-resolve",
        "--character-set-server=utf8mb4",
        *(() if installation.is_mariadb else _MYSQL_ALONE),
        *options,
    ]


def _greets(port: int) -> bool:
    """Return whether a server accepts connections. It speaks first."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        return connection.recv(5)[4:] == PROTOCOL_VERSION
    return False
