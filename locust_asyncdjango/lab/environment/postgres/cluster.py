"""Clusters of the lab's own PostgreSQL: make one, copy one, run one."""

import secrets
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from locust_asyncdjango.lab.environment.postgres.installation import Installation
from locust_asyncdjango.lab.environment.process import START_DEADLINE_S, free_port, running, wait_until
from locust_asyncdjango.lab.environment.waiting import announced_wait
from locust_asyncdjango.lab.errors import TrialError, UsageError, os_error_text

NAME = "PostgreSQL"


def create_cluster(installation: Installation, cluster: Path, logs: Path) -> None:
    """Make a new cluster in a folder: its data, and the file `password` with a random password.

    Raise UsageError where PostgreSQL's initdb fails.
    """
    cluster.mkdir()
    _write_private(cluster / "password", secrets.token_urlsafe(24))
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


def copy_cluster(installation: Installation, template: Path, cluster: Path) -> None:
    """Copy a stopped cluster, and make PostgreSQL's account the owner of the copy. Raise TrialError if that fails."""
    try:
        with announced_wait("the seeded database is copied"):
            shutil.copytree(template, cluster)
        installation.give_to_account(cluster / "data")
    except OSError as error:
        raise TrialError(
            f"the database cannot be copied: {os_error_text(error)}; see that the disk of {installation.cache} has room"
            " and can be written, or set LOCUST_ASYNCDJANGO_CACHE to another folder"
        ) from None


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
    )
    for setting in (*fixed, *settings):
        argv += ["-c", setting]
    # SIGTERM waits until all clients have left. SIGINT is the fast shutdown, which writes all of it. SIGQUIT, the
    # immediate one, does not; a fast one may wait without end for a recovery after a crash.
    stop_signal = signal.SIGINT if is_kept else signal.SIGQUIT
    with running(
        argv, name=NAME, log=log, account=installation.account, stop_signal=stop_signal, stop_timeout_s=30
    ) as program:
        with announced_wait("PostgreSQL starts"):
            is_ready = False
            while not is_ready and program.is_running():  # with much to recover it takes minutes
                is_ready = wait_until(lambda: _accepts_connections(installation, port), program, START_DEADLINE_S)
        if not is_ready:
            raise TrialError(f"PostgreSQL did not start: {program.failure_cause()}")
        password = (cluster / "password").read_text(encoding="ascii")
        yield f"postgresql://postgres:{password}@127.0.0.1:{port}/postgres"
        if is_kept:
            with announced_wait("PostgreSQL writes the seeded database"):
                program.request_stop()
                code = program.wait()
            if code:
                raise TrialError(f"PostgreSQL did not write the seeded database: {program.failure_cause()}")


def _accepts_connections(installation: Installation, port: int) -> bool:
    argv = [str(installation.bin / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
    return subprocess.run(argv, check=False).returncode == 0


def _write_private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text, encoding="ascii")
