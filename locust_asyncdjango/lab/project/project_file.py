"""``asyncdjango.toml``: a user's own Django project, and what is measured of it. Start reading at ``read_project``.

One file has all: the tables [project], [project.env], [project.override] and [project.static] describe the project;
[[view]] and [login.NAME], or ``locustfile``, the load; [[arm]] what is compared; [[process]] what the views need next
to the server. A table [experiment] has options of ``run`` by the keys of experiment files, such as latency_ms, users,
objective and budget, so that nobody has to keep two files in step. It is kept here as it was written: the experiment,
which knows the options, reads it (``Project.experiment``). The command line overrides it, as it overrides an experiment
file. Paths are relative to the file's folder.
"""

import os
import re
import shutil
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.project.inspection.pythons import current_python, environments
from locust_asyncdjango.lab.project.revisions.checkout import Checkout
from locust_asyncdjango.lab.project.tables.arms import ProjectArm, read_arms
from locust_asyncdjango.lab.project.tables.keys import (
    Key,
    as_table,
    as_tables,
    commands,
    json_value,
    one_of,
    read_table,
    text,
    variables,
)
from locust_asyncdjango.lab.project.tables.processes import ProjectProcess, read_processes
from locust_asyncdjango.lab.project.tables.templates import (
    all_texts,
    check_processes,
    placeholders,
    template,
    templates,
)
from locust_asyncdjango.lab.project.tables.views import read_logins, read_views
from locust_asyncdjango.routes import Login, View

FILE_NAME = "asyncdjango.toml"
DATABASES = ("postgresql", "sqlite", "mysql", "own")


@dataclass(frozen=True, slots=True)
class Project:
    """A Django project, and what is measured of it. Texts may have placeholders (``templates``).

    file: it was read from. root: the folder in which the project's programs run.
    python: its interpreter, whose packages are the project's.
    settings: Django's settings module.
    wsgi, asgi: its applications as module:attribute; "" for Django's own of these settings.
    prepare: commands that fill the database; they run once, without a shell.
    env: environment variables of all its programs.
    override: Django settings that take the place of the project's own, for settings that no variable changes. A table
        such as DATABASES replaces the members that it names.
    collect_static: whether ``collectstatic`` is one of the commands that prepare it, into a folder outside the project.
    views, logins: what is requested, and the logins by name. locustfile: the project's own users instead, or None.
    arms: what is compared; () for the default arms.
    processes: what the views need next to the server.
    database: of DATABASES; "own" for a server of the user's. database_url: its address, for "own"; else "".
    own_cache: whether caches of the user's own are used, at whatever address.
    experiment: options of ``run`` as they were written, by key.
    checkout: of the git revision whose files these are; None for the files as they are.
    """

    file: Path
    root: Path
    python: Path
    settings: str
    wsgi: str = ""
    asgi: str = ""
    prepare: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    override: Mapping[str, Any] = field(default_factory=dict)
    collect_static: bool = False
    views: tuple[View, ...] = ()
    locustfile: Path | None = None
    logins: Mapping[str, Login] = field(default_factory=dict)
    arms: tuple[ProjectArm, ...] = ()
    processes: tuple[ProjectProcess, ...] = ()
    database: str = "postgresql"
    database_url: str = ""
    own_cache: bool = False
    experiment: Mapping[str, object] = field(default_factory=dict)
    checkout: Checkout | None = None

    @property
    def redis(self) -> bool:
        """Whether it uses the lab's Redis: a text has {redis.url}, {redis.host} or {redis.port}."""
        return self._uses("redis.")

    @property
    def smtp(self) -> bool:
        """Whether it sends its e-mail to the lab's sink: a text has {smtp.host} or {smtp.port}."""
        return self._uses("smtp.")

    @property
    def variants(self) -> tuple[str, ...]:
        """The names of all variants of its views, each once."""
        return tuple(dict.fromkeys(variant for view in self.views for variant in view.variant_names))

    @property
    def texts(self) -> tuple[str, ...]:
        """All texts in which there may be placeholders of the lab's services."""
        processes = (each for process in self.processes for each in process.texts)
        arms = (each for arm in self.arms for each in arm.env.values())
        return (self.database_url, *self.env.values(), *all_texts(self.override), *processes, *arms)

    def _uses(self, service: str) -> bool:
        return any(name.startswith(service) for text in self.texts for name in placeholders(text))


def _module(value: object) -> str:
    name = text(value).removesuffix(".py")
    if not re.fullmatch(r"[^\W\d]\w*(\.[^\W\d]\w*)*", name) or "/" in name:
        raise UsageError('must be the dotted name of a module, such as "mysite.settings"')
    return name


def _application(value: object) -> str:
    name = text(value)
    # As in Django's setting WSGI_APPLICATION, or without the attribute's name.
    module, _, attribute = name.partition(":") if ":" in name else name.removesuffix(".application").partition(":")
    if not re.fullmatch(r"\w+(\.\w+)*", module) or not re.fullmatch(r"\w*(\.\w+)*", attribute):
        raise UsageError('must be module:attribute, such as "mysite.wsgi:application"')
    return f"{module}:{attribute or 'application'}"


def _settings_override(value: object) -> dict[str, Any]:
    override = json_value(value)
    if not isinstance(override, dict):
        raise UsageError("must be a table of Django settings")
    for name, setting in override.items():
        if not re.fullmatch(r"[A-Z][A-Z0-9_]*", name):
            raise UsageError(f"has {name!r}, which is not the name of a Django setting, in upper case")
        for each in all_texts(setting):
            try:
                placeholders(each)
            except UsageError as error:
                raise UsageError(f"{name} {error}") from None
    return override


def _static(value: object) -> bool:
    if not isinstance(value, dict) or value.keys() - {"collect"} or not isinstance(value.get("collect", False), bool):
        raise UsageError("may have collect = true, to run collectstatic, and nothing else")
    return bool(value.get("collect"))


PROJECT_KEYS = {
    "root": Key(text, "."),
    "python": Key(text, ""),
    "settings": Key(_module),
    "wsgi": Key(_application, ""),
    "asgi": Key(_application, ""),
    "prepare": Key(commands, ()),
    "locustfile": Key(text, ""),
    "database": Key(one_of(*DATABASES), "postgresql"),
    "database_url": Key(template, ""),
    "cache": Key(one_of("lab", "own"), "lab"),
    "env": Key(partial(templates, read=variables), {}),
    "override": Key(_settings_override, {}),
    "static": Key(_static, False),  # noqa: FBT003 - a default
}
"""The keys of [project], and its tables."""
TABLES = {
    "project": "[project]",
    "view": "[[view]]",
    "login": "[login.NAME]",
    "arm": "[[arm]]",
    "process": "[[process]]",
    "experiment": "[experiment]",
}


def read_project(path: Path) -> Project:
    """Read the file of a project. Raise UsageError, which names file, table and key, where it cannot be used."""
    content = _content(path)
    for key in content:
        if key in PROJECT_KEYS:
            raise UsageError(f"{path}: {key!r} belongs below the line [project]")
        if key not in TABLES:
            raise UsageError(f"{path}: there is no table {key!r}; choose from {', '.join(TABLES.values())}")
    if "project" not in content:
        raise UsageError(
            f"{path}: the table [project] is missing; `locust-asyncdjango init` writes a file to begin with"
        )
    values = read_table(f"{path}: [project]", content["project"], PROJECT_KEYS)
    logins = read_logins(str(path), as_table(f"{path}: [login]", content.get("login", {})))
    views = read_views(str(path), _tables(path, content, "view"), logins)
    variants = tuple(dict.fromkeys(variant for view in views for variant in view.variant_names))
    project = Project(
        **_paths(path, values),
        **{
            key: values[key]
            for key in ("settings", "wsgi", "asgi", "prepare", "env", "override", "database", "database_url")
        },
        collect_static=values["static"],
        own_cache=values["cache"] == "own",
        file=path,
        views=views,
        logins=logins,
        arms=read_arms(str(path), _tables(path, content, "arm"), variants),
        processes=read_processes(str(path), _tables(path, content, "process")),
        experiment=as_table(f"{path}: [experiment]", content.get("experiment", {})),
    )
    _check(project)
    return project


def find_project_file(folder: Path) -> Path | None:
    """Return the project file of a folder, or of the nearest folder above it; None where there is none."""
    candidates = (each / FILE_NAME for each in (folder, *folder.parents))
    return next((each for each in candidates if each.is_file()), None)


def _content(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}; `locust-asyncdjango init` writes one") from None
    except RecursionError:
        raise UsageError(f"{path} is not a project file: it is nested too deeply") from None
    except ValueError as error:  # not UTF-8, or not TOML
        raise UsageError(f"{path} is not TOML: {error}") from None


def _tables(path: Path, content: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    return as_tables(f"{path}: [[{name}]]", content.get(name, []))


def _paths(path: Path, values: Mapping[str, Any]) -> dict[str, Any]:
    folder = path.absolute().parent
    root = _existing(path, "root", folder, values["root"], Path.is_dir, "folder")
    locustfile = values["locustfile"]
    return {
        "root": root,
        "python": _python(path, folder, root, values["python"]),
        "locustfile": _existing(path, "locustfile", folder, locustfile, Path.is_file, "file") if locustfile else None,
    }


def _existing(path: Path, key: str, folder: Path, value: str, exists: Callable[[Path], bool], kind: str) -> Path:
    # Not resolved: the python of a virtual environment is a link, and has its packages by the link's place.
    absolute = Path(os.path.normpath(folder / Path(value).expanduser()))
    if not exists(absolute):
        raise UsageError(f"{path}: [project] {key} = {value!r}: there is no such {kind}; paths begin at {folder}")
    return absolute


def _python(path: Path, folder: Path, root: Path, value: str) -> Path:
    if not value:
        python = next(iter(environments(root)), None) or current_python()
        if python is None:
            raise UsageError(
                f"{path}: [project] python is missing, and {root} has no virtual environment; name the Python that has"
                " the project's packages"
            )
        return python
    named = Path(os.path.normpath(folder / Path(value).expanduser()))
    if named.is_dir():  # the folder of a virtual environment
        python = named / "bin" / "python"
    elif "/" in value:
        python = _existing(path, "python", folder, value, Path.exists, "file")
    else:
        python = Path(shutil.which(value) or named)
    if not os.access(python, os.X_OK) or python.is_dir():
        raise UsageError(f"{path}: [project] python = {value!r} is no program; name it as .venv/bin/python")
    return python


def _check(project: Project) -> None:
    file = project.file
    if not project.views and project.locustfile is None:
        raise UsageError(f"{file} says nothing to measure; add [[view]] tables, or locustfile = ... below [project]")
    if project.views and project.locustfile is not None:
        raise UsageError(f"{file} has [[view]] tables and a locustfile; measure them in two files")
    if project.database_url and project.database != "own":
        raise UsageError(f'{file}: [project] database_url needs database = "own"; without, the lab starts a database')
    if project.database == "own" and not project.database_url:
        for name in (name for text in project.texts for name in placeholders(text) if name.startswith("db.")):
            raise UsageError(f'{file}: {{{name}}} needs the key database_url below [project], as database = "own"')
    processes = [process.name for process in project.processes]
    check_processes(f"{file}: [project]", (*project.env.values(), *all_texts(project.override)), processes)
    for arm in project.arms:
        check_processes(f"{file}: [[arm]] {arm.name!r} env", tuple(arm.env.values()), processes)
