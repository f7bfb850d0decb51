"""Fill a project's database by its own commands once, and keep what they made until their inputs change.

Start reading at ``Preparation``.
"""

import hashlib
import json
import os
import shlex
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from locust_asyncdjango.failures.normalize import safe_value
from locust_asyncdjango.lab.environment.databases.home import scratch_folder
from locust_asyncdjango.lab.environment.databases.templates import DatabaseServer, Template, filling_lock
from locust_asyncdjango.lab.environment.services import running_redis
from locust_asyncdjango.lab.environment.waiting import announce_step
from locust_asyncdjango.lab.errors import TrialError, UsageError, os_error_text
from locust_asyncdjango.lab.project.programs.commands import run_commands
from locust_asyncdjango.lab.project.programs.running_processes import choose_ports
from locust_asyncdjango.lab.project.project_env import (
    database_values,
    fill_env,
    folder_names,
    program_env,
    service_values,
    sqlite_url,
)
from locust_asyncdjango.lab.project.project_file import Project
from locust_asyncdjango.metrics.file_lock import remove_unused, shared_lock

# -m: Python then looks for the project's modules in its folder, as manage.py does.
COLLECT_STATIC = "python -m django collectstatic --noinput --verbosity 0"
SQLITE_FILE = "db.sqlite3"
LARGE_FILE = 20 * 2**20
"""Bytes from which a file counts by its size and its time of change, not by its content."""
_SKIPPED = {"node_modules", "__pycache__", "site-packages"}


@dataclass(frozen=True, slots=True)
class Preparation:
    """What fills a project's database, and the folders outside the project that belong to it.

    migrations: of all apps, installed ones too: app -> name -> hash of the source, as ``ProjectReport`` has them.
    search_folder: the folder on PYTHONPATH that has the probe. services: the values of placeholders, but for the
    database and folders. cache: the folder in which the lab keeps what was filled. revision: of the project's files.
    server: the database server that the lab starts; None where it starts none, for an SQLite file or a server of the
    user's own. key: what the content follows from: the commands, the files that they read, the settings and the
    database. It stays as it was when this object was made, whatever becomes of the files while trials run.
    """

    project: Project
    cache: Path
    search_folder: Path
    migrations: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    services: Mapping[str, str] = field(default_factory=dict, repr=False)
    revision: str = ""
    server: DatabaseServer | None = None
    key: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", self._current_key())

    @property
    def commands(self) -> tuple[str, ...]:
        """The commands that run: those of the file, and ``collectstatic`` where the file asks for it."""
        return (*self.project.prepare, *((COLLECT_STATIC,) if self.project.collect_static else ()))

    @property
    def family(self) -> str:
        """What is prepared: this file's project at this revision. What has another key replaces it."""
        return f"project-{_hash(str(self.project.file.absolute()), self.revision)[:10]}"

    def _current_key(self) -> str:
        project = self.project
        settings = safe_value({"env": dict(project.env), "override": dict(project.override)})
        database = self.server.label if self.server else project.database
        inputs = json.dumps([self.commands, settings, self.migrations, project.settings, database], sort_keys=True)
        return _hash(inputs, *(f"{path} {_content(project.root / path)}" for path in input_files(project)))[:16]

    def template(self) -> Template:
        """Return the database that the commands fill on a server of the lab."""
        return Template(self.family, self.key, self.run)

    def run(self, url: str, logs: Path) -> None:
        """Run the commands on a database, and keep the folders that they fill. Raise UsageError where one fails.

        url: of the database. logs: the folder for their log, prepare.log.
        """
        with scratch_folder(self.cache / "runs") as scratch:
            folders = {name: scratch / "folders" / name for name in folder_names(self.project)}
            for folder in folders.values():
                folder.mkdir(parents=True)
            with running_redis(logs) if self.project.redis else nullcontext("") as redis:
                self._run_commands(url, redis, folders, logs)
            if folders:
                self._keep(scratch / "folders")

    def is_kept(self) -> bool:
        """Return whether what the commands made is in the cache. The user's own server is not the lab's to keep."""
        if self.project.database == "own":
            return False
        if self.server and not self.template().folder(self.server).exists():
            return False
        if self.project.database == "sqlite" and not (self._kept / SQLITE_FILE).exists():
            return False
        return not folder_names(self.project) or (self._kept / "folders").exists()

    def announce(self) -> None:
        """Print whether the commands run now, or when they made what is used again. Without commands print nothing."""
        if self.commands:
            announce_step(f"prepare{self.revision and ' of '}{self.revision}: {self._state()}")

    def _state(self) -> str:
        if self.is_kept():
            folder = self.template().folder(self.server) if self.server else self._kept
            made = time.strftime("%Y-%m-%d %H:%M", time.localtime(folder.stat().st_mtime))
            return f"what the commands made on {made} is used again; --prepare-again makes it anew"
        if self.project.database == "own":
            return "the commands run each time, as the database is your own"
        if self._outdated():
            return "the commands run again, as they, the files that they read, or the settings have changed"
        return "the commands fill a new database, which is kept"

    def forget(self) -> None:
        """Remove what was kept, so that the commands run again. Raise UsageError where another lab uses it now."""
        folders = (self._kept, *((self.template().folder(self.server),) if self.server else ()))
        with filling_lock(self.cache):
            if not all(map(remove_unused, folders)):
                raise UsageError(
                    f"{self.project.file}: another run of the lab uses what the commands made before; wait for its end,"
                    " or leave --prepare-again out"
                )

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let no other lab remove within the context the files that the commands made; they need not be there yet.

        A database of a server is another matter (``filled_template``).
        """
        with ExitStack() as stack:
            if self.project.database == "sqlite" or folder_names(self.project):
                with filling_lock(self.cache):
                    self._kept.mkdir(exist_ok=True)
                    stack.enter_context(shared_lock(self._kept))
            yield

    @contextmanager
    def sqlite_copy(self, logs: Path) -> Iterator[str]:
        """Yield the URL of a copy of the SQLite file that the commands fill; fill it first where that was not done yet.

        Raise UsageError where a command fails, and TrialError where the file cannot be copied.
        """
        with filling_lock(self.cache):
            if not (self._kept / SQLITE_FILE).exists():
                self._fill_sqlite(logs)
        with scratch_folder(self.cache / "runs") as scratch:
            copy = scratch / SQLITE_FILE
            _copy(self._kept / SQLITE_FILE, copy)
            yield sqlite_url(copy)

    @contextmanager
    def folder_copies(self) -> Iterator[dict[str, Path]]:
        """Yield a copy of each folder that the commands filled, by its name. Raise TrialError where one is missing."""
        names = folder_names(self.project)
        if not names:
            yield {}
            return
        with scratch_folder(self.cache / "runs") as scratch:
            _copy(self._kept / "folders", scratch / "folders")
            yield {name: scratch / "folders" / name for name in names}

    @property
    def _kept(self) -> Path:
        return self.cache / f"{self.family}-{self.key}"

    def _fill_sqlite(self, logs: Path) -> None:
        with scratch_folder(self.cache / "runs") as scratch:
            file = scratch / SQLITE_FILE
            file.touch()
            self.run(sqlite_url(file), logs)
            self._make_kept()
            file.rename(self._kept / SQLITE_FILE)

    def _run_commands(self, url: str, redis: str, folders: Mapping[str, Path], logs: Path) -> None:
        values = {
            **self.services,
            **database_values(url),
            **service_values(redis, process_ports=choose_ports(self.project), folders=folders),
        }
        env = program_env(self.project, fill_env(self.project, values), self.search_folder)
        run_commands(self.project, self.commands, env, logs / "prepare.log", "prepare")

    def _keep(self, folders: Path) -> None:
        self._make_kept()
        shutil.rmtree(self._kept / "folders", ignore_errors=True)
        folders.rename(self._kept / "folders")

    def _make_kept(self) -> None:
        for outdated in self._other_folders():
            remove_unused(outdated)
        self._kept.mkdir(exist_ok=True)

    def _other_folders(self) -> list[Path]:
        """Return the folders that hold what was made from other inputs."""
        return [folder for folder in self.cache.glob(f"{self.family}-*") if folder != self._kept]

    def _outdated(self) -> bool:
        """Return whether the cache has what was made from other inputs."""
        return bool(self._other_folders() or (self.server and self.template().others(self.server)))


def input_files(project: Project) -> list[str]:
    """Return the files that the commands read, as far as the lab can tell, as paths below the project's folder.

    They are the files that the commands name, the modules of management commands, all migrations and all fixtures.
    """
    words = {word for command in project.prepare for part in shlex.split(command) for word in (part, *part.split())}
    files = set()
    for folder, path in _project_files(project.root):
        is_migration = path.suffix == ".py" and folder.name == "migrations"
        is_command = path.stem in words and folder.parts[-2:] == ("management", "commands")
        if is_migration or is_command or "fixtures" in path.parts:
            files.add(path)
    for word in words:
        files |= set(_named_files(project.root, word))
    return sorted(map(str, files))


def _named_files(root: Path, word: str) -> Iterator[Path]:
    """Yield the files below the project's folder that a word of a command names: a path, or the name of a module."""
    for name in (word, word.replace(".", "/") + ".py"):
        path = Path(os.path.normpath(root / name))
        if path == root or root not in path.parents:
            continue
        if path.is_file():
            yield path.relative_to(root)
        elif path.is_dir():
            yield from (path.relative_to(root) / below for _folder, below in _project_files(path))


def _project_files(root: Path) -> Iterator[tuple[Path, Path]]:
    """Yield the files of a project, each with its folder, below the root; without those of environments and tools."""
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(
            name
            for name in folders
            if name not in _SKIPPED and not name.startswith(".") and not (Path(folder) / name / "pyvenv.cfg").exists()
        )
        below = Path(folder).relative_to(root)
        yield from ((below, below / name) for name in sorted(files))


def _content(path: Path) -> str:
    try:
        status = path.stat()
        if status.st_size > LARGE_FILE:
            return f"{status.st_size} {status.st_mtime_ns}"
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return "unreadable"


def _hash(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode(errors="surrogateescape")).hexdigest()


def _copy(source: Path, target: Path) -> None:
    try:
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copyfile(source, target)
    except OSError as error:
        raise TrialError(
            f"what the project's commands prepared cannot be copied: {os_error_text(error)}; see that the disk has"
            " room, and run with --prepare-again"
        ) from None
