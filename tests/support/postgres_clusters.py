"""Run PostgreSQL in several states, always at the same address, with an ordinary role for the site.

``new_cluster`` makes a Cluster; ``Cluster.started`` runs its server.
"""

import os
import secrets
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg2

from locust_asyncdjango.lab.environment.databases.home import scratch_folder
from locust_asyncdjango.lab.environment.databases.templates import copy_cluster, filled_template
from locust_asyncdjango.lab.environment.postgres.cluster import PostgreSQL
from locust_asyncdjango.lab.environment.postgres.installation import Installation, find_installation
from locust_asyncdjango.lab.environment.postgres.posts import posts_template, seed
from locust_asyncdjango.lab.environment.process import Program, running, wait_until
from tests.support.programs import DEADLINE_S, wait_for

MAX_CONNECTIONS = 45
ACCEPTS, REJECTS = 0, 1
"""Exit codes of pg_isready."""

SITE_PASSWORD = "of-the-site"
POSTS = 1000


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster whose server can be started at its port several times.

    home: the programs and the account that they run as. language: a locale such as de_DE, or "" for English.
    """

    home: Installation
    folder: Path
    logs: Path
    port: int
    language: str

    @property
    def data(self) -> Path:
        """Return the data folder of PostgreSQL."""
        return self.folder / "data"

    @property
    def password(self) -> str:
        """Return the password of the superuser."""
        return (self.folder / "password").read_text("ascii")

    @contextmanager
    def started(self, *settings: str, until: int = ACCEPTS) -> Iterator[Program]:
        """Run the server with these settings. until: the exit code of pg_isready to wait for."""
        argv = [str(self.home.bin / "postgres"), "-D", str(self.data)]
        fixed = (
            f"port={self.port}",
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            f"max_connections={MAX_CONNECTIONS}",
            "superuser_reserved_connections=3",
            f"lc_messages={f'{self.language}.UTF-8' if self.language else 'C'}",
            "fsync=off",
        )
        for setting in (*fixed, *settings):
            argv += ["-c", setting]
        env = {**os.environ, "LOCPATH": str(self.folder / "locales")} if self.language else None
        with running(
            argv,
            log=self.logs / "postgres.log",
            env=env,
            account=self.home.account,
            stop_signal=signal.SIGQUIT,
            stop_timeout_s=30,
        ) as program:
            assert wait_until(lambda: self.ready() == until, program, DEADLINE_S), program.log_lines()
            yield program

    def ready(self) -> int:
        """Return the exit code of pg_isready."""
        argv = [str(self.home.bin / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(argv, check=False).returncode

    def connect(self, database: str = "postgres") -> Any:
        """Return a connection of the superuser, in autocommit mode."""
        connection = psycopg2.connect(
            host="127.0.0.1", port=self.port, dbname=database, user="postgres", password=self.password
        )
        connection.autocommit = True
        return connection

    def execute(self, *statements: str, database: str = "postgres") -> None:
        """Execute statements as the superuser, each in a transaction of its own."""
        with closing(self.connect(database)) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    @contextmanager
    def using_connections(self, connections: int, user: str = "postgres") -> Iterator[None]:
        """Keep this many connections open."""
        password = SITE_PASSWORD if user == "site" else self.password
        with ExitStack() as stack:
            for _ in range(connections):
                login: dict[str, Any] = {"user": user, "password": password, "dbname": "site"}
                stack.enter_context(closing(psycopg2.connect(host="127.0.0.1", port=self.port, **login)))
            yield

    @contextmanager
    def locked_posts(self) -> Iterator[None]:
        """Lock the table of posts against any use."""
        with closing(self.connect("site")) as connection, connection.cursor() as cursor:
            cursor.execute("BEGIN; LOCK TABLE target_site_post")
            yield

    def wait_until_unused(self) -> None:
        """End the sessions of the site, and wait until they are gone: others may need their places."""
        self.end_sessions()
        self.wait_for_sessions(lambda sessions: sessions == 0)

    def wait_for_sessions(self, wanted: Callable[[int], bool], condition: str = "true") -> None:
        """Wait until the number of the site's sessions that fulfil a condition is as wanted."""

        def count() -> int:
            return self.sessions("count(*)", condition)

        wait_for(lambda: wanted(count()), lambda: f"{count()} sessions with {condition}")

    def end_sessions(self) -> None:
        """End the sessions of the site, as an administrator would.

        Django's debug page leaves some: it evaluates a QuerySet again to show it, in a thread whose connection nobody
        closes.
        """
        self.sessions("count(pg_terminate_backend(pid))")

    def sessions(self, wanted: str, condition: str = "true") -> int:
        """Return a number, such as count(*), over the site's sessions that fulfil a condition."""
        with closing(self.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(f"SELECT {wanted} FROM pg_stat_activity WHERE usename = 'site' AND {condition}")  # noqa: S608
            return int(cursor.fetchone()[0])


@contextmanager
def new_cluster(port: int, logs: Path, language: str = "", programs: Path | None = None) -> Iterator[Cluster]:
    """Make a cluster with posts and with a role and a database for the site.

    port: where its server will listen. language: a locale such as de_DE. The lab's programs speak English only; for
    another language give the folder of others as programs.
    """
    home = find_installation()
    with scratch_folder(home.cache / "runs") as scratch:
        result = Cluster(replace(home, bin=programs or home.bin), scratch / "cluster", logs, port, language)
        if programs:
            _init_cluster(result)
        else:
            with filled_template(PostgreSQL(home), posts_template(POSTS), logs) as template:
                copy_cluster(home, template, result.folder)
        with result.started():
            if programs:
                seed(f"postgresql://postgres:{result.password}@127.0.0.1:{port}/postgres", logs, POSTS)
            result.execute(
                f"CREATE ROLE site LOGIN PASSWORD $${SITE_PASSWORD}$$",
                "GRANT SELECT ON target_site_post TO site",
                "CREATE DATABASE site TEMPLATE postgres",
            )
        yield result


def _init_cluster(cluster: Cluster) -> None:
    """Make the files of a cluster, as the lab does, but without options that older versions do not know, and in UTF-8.

    With LC_CTYPE=C the server writes "?" for each letter of another script.
    """
    cluster.folder.mkdir()
    cluster.data.mkdir(mode=0o700)
    pwfile = cluster.folder / "pwfile"
    for file in (cluster.folder / "password", pwfile):
        file.touch(mode=0o600)
        file.write_text(cluster.password if file is pwfile else secrets.token_urlsafe(24), encoding="ascii")
    cluster.home.give_to_account(cluster.data)
    cluster.home.give_to_account(pwfile)
    _make_locale(cluster.folder / "locales", cluster.language)
    options = ["--username=postgres", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
    argv = [str(cluster.home.bin / "initdb"), f"--pgdata={cluster.data}", f"--pwfile={pwfile}", *options]
    with running(argv, log=cluster.logs / "initdb.log", account=cluster.home.account) as program:
        assert program.wait() == 0, program.log_lines()


def _make_locale(folder: Path, name: str) -> None:
    """Compile a locale into a folder for LOCPATH."""
    folder.mkdir()
    argv = ["localedef", "-i", name, "-f", "UTF-8", str(folder / f"{name}.UTF-8")]
    result = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert (folder / f"{name}.UTF-8" / "LC_MESSAGES").is_dir(), result.stderr
