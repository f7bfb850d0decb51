"""Which MariaDB or MySQL this machine has, and whose account runs it."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from locust_asyncdjango.lab.environment.databases.home import Home, find_home
from locust_asyncdjango.lab.errors import UsageError

SERVERS = ("mariadbd", "mysqld")
NAMES = ("MariaDB", "MySQL")
"""What messages call the servers."""
INSTALLERS = ("mariadb-install-db", "mysql_install_db")
"""What makes MariaDB's system tables. MySQL's server makes its own."""
ZONE_WRITERS = ("mariadb-tzinfo-to-sql", "mysql_tzinfo_to_sql")
"""What makes SQL of the system's time zones."""
SYSTEM_FOLDERS = ("/usr/sbin", "/usr/local/sbin", "/usr/libexec")
"""Where servers are that only root has on PATH."""
_VERSION = re.compile(r"\bVer (\d+\.\d+)\S*")


@dataclass(frozen=True, slots=True)
class Installation(Home):
    """A MariaDB or MySQL of this machine. program: its server. version: such as 10.11."""

    program: Path
    version: str
    is_mariadb: bool

    @property
    def name(self) -> str:
        """What messages call it."""
        return NAMES[0] if self.is_mariadb else NAMES[1]

    @property
    def base(self) -> Path:
        """The folder in which it is installed, such as /usr."""
        return self.program.parent.parent

    def tool(self, *names: str) -> Path | None:
        """Return the path of one of its other programs, by the first name that there is; None for none."""
        return _which(names, self.program.parent, self.base / "bin", self.base / "scripts")


def find_installation() -> Installation:
    """Return the MariaDB or MySQL of this machine.

    Raise UsageError where there is none, or where the account that runs it cannot start it.
    """
    home = find_home()
    program = _which(SERVERS)
    if program is None:
        raise UsageError(
            "there is no MariaDB or MySQL server on this machine; install one, as with apt-get install"
            " mariadb-server-core mariadb-client (its service need not run), or name a server of yours with database ="
            ' "own" and database_url'
        )
    text = _version_text(program, home)
    version = _VERSION.search(text)
    if version is None:
        raise UsageError(f"{program} does not say its version: {text}")
    return Installation(home.cache, home.account, program, version[1], "mariadb" in text.lower())


def _which(names: tuple[str, ...], *first: Path) -> Path | None:
    """Return the first program that there is of some names, in these folders, on PATH or where the system has it."""
    places = (*map(str, first), os.environ.get("PATH", os.defpath), *SYSTEM_FOLDERS)
    found = (shutil.which(name, path=os.pathsep.join(places)) for name in names)
    return next((Path(path).resolve() for path in found if path), None)


def _version_text(program: Path, home: Home) -> str:
    """Return what the server says about its version, to the account that runs it."""
    account = home.account
    try:
        result = subprocess.run(
            [program, "--no-defaults", "--version"],
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            cwd="/",
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError) as error:
        who = "the user nobody, who runs it for root," if account else "you"
        raise UsageError(f"{program} cannot be started by {who}: {error}") from None
    return result.stdout.strip()
