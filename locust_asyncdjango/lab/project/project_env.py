"""The environment of a project's programs: what [project.env] and [project.override] make of the lab's services.

Start reading at ``fill_env``. What it returns holds passwords: it goes to programs, and is written nowhere.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from locust_asyncdjango.lab.environment.servers import SETTINGS_VARIABLE
from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.project.project_file import Project
from locust_asyncdjango.lab.project.tables.arms import ProjectArm
from locust_asyncdjango.lab.project.tables.keys import headers
from locust_asyncdjango.lab.project.tables.processes import ProjectProcess, uses_own_port
from locust_asyncdjango.lab.project.tables.templates import fill, fill_value, fill_variables, placeholders
from locust_asyncdjango.probe.protocol import CHECKOUT_VARIABLE
from locust_asyncdjango.routes import Login, View
from locust_asyncdjango.routes.views import Pairs

OVERRIDE_MODULE = "asyncdjango_probe.settings"
"""The settings module that puts [project.override] over the project's own settings."""
REPLACED_SETTINGS_VARIABLE = "LOCUST_ASYNCDJANGO_SETTINGS"
OVERRIDE_VARIABLE = "LOCUST_ASYNCDJANGO_OVERRIDE"
"""The environment variables from which it takes the name of the project's settings module, and the override as JSON."""
_UNWANTED = ("GUNICORN_", "UVICORN_", "UWSGI_", "GRANIAN_", "WEB_CONCURRENCY", "PSYCOPG_WAIT_FUNC", "PYTHONPATH")
_UNWANTED_TOO = ("PYTHONHOME", "PYTHONSAFEPATH", "LOCUST_ASYNCDJANGO_")


def fill_env(
    project: Project,
    values: Mapping[str, str],
    arm: ProjectArm | None = None,
    environ: Mapping[str, str] = os.environ,
) -> dict[str, str]:
    """Return the environment variables by which the project finds its settings and the lab's services.

    values: by placeholder, as ``database_values`` and ``service_values`` make them. arm: adds its own variables.
    environ: has the variables that {env.NAME} stands for.
    Raise UsageError where there is no value for a placeholder.
    """
    env = _filled(f"{project.file}: [project.env]", project.env, values, environ)
    if arm:
        env |= _filled(f"{project.file}: [[arm]] {arm.name!r} env", arm.env, values, environ)
    if not project.override and not project.collect_static:
        return {**env, SETTINGS_VARIABLE: project.settings}
    override = _filled(f"{project.file}: [project.override]", _override(project), values, environ)
    return {
        **env,
        SETTINGS_VARIABLE: OVERRIDE_MODULE,
        REPLACED_SETTINGS_VARIABLE: project.settings,
        OVERRIDE_VARIABLE: json.dumps(override),
    }


def program_env(
    project: Project, filled: Mapping[str, str], search_folder: Path, environ: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """Return the whole environment of one of the project's programs.

    filled: what ``fill_env`` returns. search_folder: the first folder on PYTHONPATH, which has the probe and nothing
        else. The folders of a revision and the file's own PYTHONPATH follow it.
    environ: the user's, which is inherited but for variables that would change a server or the Python.
    """
    inherited = {name: value for name, value in environ.items() if not name.startswith((*_UNWANTED, *_UNWANTED_TOO))}
    path = os.pathsep.join([str(project.python.parent), environ.get("PATH", os.defpath)])
    own, checkout = filled.get("PYTHONPATH", ""), project.checkout
    search_path = os.pathsep.join(filter(None, (str(search_folder), checkout.search_path(own) if checkout else own)))
    places = {CHECKOUT_VARIABLE: f"{checkout.repository}{os.pathsep}{checkout.worktree}"} if checkout else {}
    return {**inherited, "PATH": path, **filled, "PYTHONPATH": search_path, **places}


def database_values(url: str) -> dict[str, str]:
    """Return the values of the placeholders {db...} for a database. url: its address; of SQLite sqlite:///PATH."""
    parts = urlsplit(url)
    is_file = parts.scheme == "sqlite"
    return {
        "db.url": url,
        "db.host": parts.hostname or "",
        "db.port": str(parts.port or ""),
        "db.name": unquote(parts.path if is_file else parts.path.removeprefix("/")).replace("//", "/", 1),
        "db.user": unquote(parts.username or ""),
        "db.password": unquote(parts.password or ""),
    }


def own_database_url(project: Project, environ: Mapping[str, str] = os.environ) -> str:
    """Return the address of the user's own database; "" where the file does not name it. Raise UsageError."""
    where = f"{project.file}: [project] database_url"
    try:
        url = fill(project.database_url, {}, environ)
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from None
    try:
        is_address = not url or bool(urlsplit(url).scheme and urlsplit(url).port != 0)
    except ValueError:  # such as a port that is no number
        is_address = False
    if not is_address:
        raise UsageError(f"{where} must look like postgresql://user:password@host:5432/name")
    return url


def sqlite_url(path: Path) -> str:
    """Return the URL of an SQLite file, with four slashes, as dj-database-url and django-environ read it."""
    return f"sqlite:///{quote(str(path.absolute()))}"


def service_values(
    redis_url: str = "",
    smtp_port: int = 0,
    process_ports: Mapping[str, int] | None = None,
    folders: Mapping[str, Path] | None = None,
) -> dict[str, str]:
    """Return the values of the placeholders of all services but the database. Those that do not run have none."""
    values: dict[str, str] = {}
    if redis_url:
        parts = urlsplit(redis_url)
        values |= {"redis.url": redis_url, "redis.host": parts.hostname or "", "redis.port": str(parts.port or 6379)}
    if smtp_port:
        values |= {"smtp.host": "127.0.0.1", "smtp.port": str(smtp_port)}
    for name, port in (process_ports or {}).items():
        values |= {f"process.{name}.port": str(port), f"process.{name}.url": f"http://127.0.0.1:{port}"}
    return values | {f"folder.{name}": str(folder) for name, folder in (folders or {}).items()}


def folder_names(project: Project) -> tuple[str, ...]:
    """Return the names of the folders outside the project that it uses: those of {folder.NAME}, each once."""
    used = (name for text in project.texts for name in placeholders(text) if name.startswith("folder."))
    static = ("static",) if project.collect_static else ()
    return tuple(dict.fromkeys((*static, *(name.partition(".")[2] for name in used))))


def processes_with_ports(project: Project) -> tuple[str, ...]:
    """Return the names of the processes for which the lab has to choose a port."""
    used = {name for text in project.texts for name in placeholders(text)}

    def is_used(process: ProjectProcess) -> bool:
        return uses_own_port(process) or bool(used & {f"process.{process.name}.port", f"process.{process.name}.url"})

    return tuple(process.name for process in project.processes if is_used(process))


def fill_view(view: View, environ: Mapping[str, str] = os.environ) -> View:
    """Return a view with the {env.NAME} of its headers, form and JSON filled in. Raise UsageError."""
    try:
        return replace(
            view,
            headers=_filled_headers(view.headers, environ),
            form=fill_variables(view.form, environ),
            json=fill_variables(view.json, environ),
        )
    except UsageError as error:
        raise UsageError(f"[[view]] {view.name!r}: {error}") from None


def fill_login(login: Login, environ: Mapping[str, str] = os.environ) -> Login:
    """Return a login with the {env.NAME} of its headers and form filled in. Raise UsageError."""
    try:
        fields, form = _filled_headers(login.headers, environ), fill_variables(login.form, environ)
    except UsageError as error:
        raise UsageError(f"[login.{login.name}]: {error}") from None
    return replace(login, headers=fields, form=form)


def _filled_headers(fields: Pairs, environ: Mapping[str, str]) -> Pairs:
    return headers(dict(fill_variables(fields, environ)))


def _override(project: Project) -> dict[str, object]:
    static = {"STATIC_ROOT": "{folder.static}"} if project.collect_static else {}
    return {**static, **project.override}


def _filled(
    where: str, table: Mapping[str, object], values: Mapping[str, str], environ: Mapping[str, str]
) -> dict[str, Any]:
    filled: dict[str, Any] = {}
    for name, each in table.items():
        try:
            filled[name] = fill(each, values, environ) if isinstance(each, str) else fill_value(each, values, environ)
        except UsageError as error:
            raise UsageError(f"{where} in {name}, {error}") from None
    return filled
