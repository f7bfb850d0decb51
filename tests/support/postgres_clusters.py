"""PostgreSQL in several flavours, always at the same address, with an ordinary role for the site."""

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

from locust_asyncdjango.lab.environment import postgres
from locust_asyncdjango.lab.environment.postgres import Installation
from locust_asyncdjango.lab.environment.process import Program, running, wait_until
from tests.support.error_sites import DEADLINE_S
from tests.support.programs import wait_for

MAX_CONNECTIONS = 45
ACCEPTS, REJECTS = 0, 1
"""What pg_isready's exit code says."""

SITE_PASSWORD = "of-the-site"
POSTS = 1000


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster that can be started at its port, again and again."""

    home: Installation
    folder: Path
    logs: Path
    port: int
    language: str

    @property
    def data(self) -> Path:
        """PostgreSQL's data folder."""
        return self.folder / "data"

    @property
    def password(self) -> str:
        """The superuser's."""
        return (self.folder / "password").read_text("ascii")

    @contextmanager
    def started(self, *settings: str, until: int = ACCEPTS) -> Iterator[Program]:
        """The running server. until: what pg_isready has to say."""
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
        """What pg_isready says."""
        argv = [str(self.home.bin / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(argv, check=False).returncode

    def connect(self, database: str = "postgres") -> Any:
        """A superuser's connection, autocommit."""
        connection = psycopg2.connect(
            host="127.0.0.1", port=self.port, dbname=database, user="postgres", password=self.password
        )
        connection.autocommit = True
        return connection

    def do(self, *statements: str, database: str = "postgres") -> None:
        """As the superuser, each by itself."""
        with closing(self.connect(database)) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    @contextmanager
    def held(self, connections: int, user: str = "postgres") -> Iterator[None]:
        """So many connections in use."""
        password = SITE_PASSWORD if user == "site" else self.password
        with ExitStack() as stack:
            for _ in range(connections):
                login: dict[str, Any] = {"user": user, "password": password, "dbname": "site"}
                stack.enter_context(closing(psycopg2.connect(host="127.0.0.1", port=self.port, **login)))
            yield

    @contextmanager
    def locked(self) -> Iterator[None]:
        """The table of posts is locked against any use."""
        with closing(self.connect("site")) as connection, connection.cursor() as cursor:
            cursor.execute("BEGIN; LOCK TABLE target_site_post")
            yield

    def wait_until_unused(self) -> None:
        """Until the site has no session, whose places others may need."""
        self.end_sessions()
        self.wait_for_sessions(lambda found: found == 0)

    def wait_for_sessions(self, wanted: Callable[[int], bool], condition: str = "true") -> None:
        """Until the number of the site's sessions that fulfil a condition is as wanted."""

        def count() -> int:
            return self.sessions("count(*)", condition)

        wait_for(lambda: wanted(count()), lambda: f"{count()} sessions with {condition}")

    def end_sessions(self) -> None:
        """As an administrator would. Django's debug page leaves some: it shows a QuerySet by asking for it again, in a
        thread whose connection nobody closes."""
        self.sessions("count(pg_terminate_backend(pid))")

    def sessions(self, wanted: str, condition: str = "true") -> int:
        """A number, such as count(*), over the site's sessions that fulfil a condition."""
        with closing(self.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(f"SELECT {wanted} FROM pg_stat_activity WHERE usename = 'site' AND {condition}")  # noqa: S608
            return int(cursor.fetchone()[0])


@contextmanager
def cluster(port: int, logs: Path, language: str = "", programs: Path | None = None) -> Iterator[Cluster]:
    """A cluster with posts and the site's role and database. language: a locale such as de_DE, for which other programs
    than the lab's are needed."""
    home = postgres.find_installation()
    with postgres.scratch_folder(home.cache / "runs") as scratch:
        made = Cluster(replace(home, bin=programs or home.bin), scratch / "cluster", logs, port, language)
        if programs:
            _make(made)
        else:
            postgres.copy_cluster(home, postgres.seeded_template(home, POSTS, logs), made.folder)
        with made.started():
            if programs:
                postgres.seed(f"postgresql://postgres:{made.password}@127.0.0.1:{port}/postgres", POSTS, logs)
            made.do(
                f"CREATE ROLE site LOGIN PASSWORD $${SITE_PASSWORD}$$",
                "GRANT SELECT ON target_site_post TO site",
                "CREATE DATABASE site TEMPLATE postgres",
            )
        yield made


def _make(made: Cluster) -> None:
    """As the lab's make_cluster, but for what older versions do not know, and in UTF-8: with LC_CTYPE=C the server
    writes "?" for a letter of another script."""
    made.folder.mkdir()
    made.data.mkdir(mode=0o700)
    pwfile = made.folder / "pwfile"
    for file in (made.folder / "password", pwfile):
        file.touch(mode=0o600)
        file.write_text(made.password if file is pwfile else secrets.token_urlsafe(24), encoding="ascii")
    made.home.give_to_account(made.data)
    made.home.give_to_account(pwfile)
    _make_locale(made.folder / "locales", made.language)
    options = ["--username=postgres", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
    argv = [str(made.home.bin / "initdb"), f"--pgdata={made.data}", f"--pwfile={pwfile}", *options]
    with running(argv, log=made.logs / "initdb.log", account=made.home.account) as program:
        assert program.wait() == 0, program.log_lines()


def _make_locale(folder: Path, name: str) -> None:
    """Compiles a locale into a folder for LOCPATH."""
    folder.mkdir()
    argv = ["localedef", "-i", name, "-f", "UTF-8", str(folder / f"{name}.UTF-8")]
    made = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert (folder / f"{name}.UTF-8" / "LC_MESSAGES").is_dir(), made.stderr
