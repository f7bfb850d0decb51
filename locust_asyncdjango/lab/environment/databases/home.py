"""Where the lab's database servers have their data, and whose account runs them."""

import os
import pwd
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import platformdirs
import psutil

from locust_asyncdjango.lab.environment.process import Account, send_signal
from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.metrics.file_lock import exclusive_lock

STOP_DEADLINE_S = 60
PID_FILES = ("postmaster.pid", "mysqld.pid")
"""The files in a data folder whose first line is the process id of the server that uses it."""


@dataclass(frozen=True, slots=True)
class Home:
    """Where database servers have their data, and whose account runs them.

    cache: the folder of templates, running clusters and locks.
    account: the user that they run as; None for the user who runs the lab.
    """

    cache: Path
    account: Account | None

    def give_to_account(self, path: Path) -> None:
        """Make the account the owner of a path and of all below it."""
        if self.account:
            for entry in (path, *path.rglob("*")):
                os.chown(entry, self.account.uid, self.account.gid, follow_symlinks=False)


def find_home() -> Home:
    """Return where database servers have their data.

    PostgreSQL and MySQL refuse to run as root. For root they are started as the user `nobody`, with their data in the
    system's cache folder. Raise UsageError where the cache folder cannot be written.
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
    return Home(cache, account)


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


def write_private(path: Path, text: str) -> None:
    """Write a file that only this user may read."""
    path.touch(mode=0o600)
    path.write_text(text, encoding="ascii")


def _remove_abandoned(parent: Path) -> None:
    for folder in filter(Path.is_dir, parent.iterdir()):
        with suppress(BlockingIOError), exclusive_lock(folder / "lock", wait=False):
            for name in PID_FILES:
                _kill_server(folder / "cluster" / "data", name)
            shutil.rmtree(folder)


def _kill_server(data: Path, pid_file: str) -> None:
    """Kill a server that has outlived the lab that started it."""
    with suppress(FileNotFoundError, psutil.NoSuchProcess):
        server = psutil.Process(int((data / pid_file).read_text().split("\n", 1)[0]))
        if str(data) in " ".join(server.cmdline()):
            processes = [server, *server.children()]
            server.send_signal(signal.SIGQUIT)
            for process in processes:  # those that stand still would take note of no other signal
                send_signal(process, signal.SIGCONT)
            for process in psutil.wait_procs(processes, STOP_DEADLINE_S)[1]:
                process.kill()
