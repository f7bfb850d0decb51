"""What ``init`` finds out about a project, and decides for its file. Start reading at ``draft_project``."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.project.inspection.ask import ask_project, missing_variable
from locust_asyncdjango.lab.project.inspection.layout import Layout
from locust_asyncdjango.lab.project.inspection.pythons import current_python, environments, has_django
from locust_asyncdjango.lab.project.inspection.report import ProjectReport
from locust_asyncdjango.lab.project.inspection.settings_source import (
    Variable,
    example_names,
    mentions,
    read_variables,
    service_env,
)
from locust_asyncdjango.lab.project.inspection.view_candidates import Candidates, candidates
from locust_asyncdjango.lab.project.project_env import database_values, fill_env, program_env, service_values
from locust_asyncdjango.lab.project.project_file import FILE_NAME, Project
from locust_asyncdjango.lab.project.proof import (
    CACHE_OVERRIDE,
    EMAIL_OVERRIDE,
    LabServices,
    database_override,
    foreign_caches,
    foreign_databases,
    sends_email_elsewhere,
)

EXAMPLE_ADDRESSES = {
    "postgresql": "postgresql://lab:lab@127.0.0.1:1/lab",
    "mysql": "mysql://lab:lab@127.0.0.1:1/lab",
    "sqlite": "sqlite:////lab/db.sqlite3",
}
"""Addresses at which nothing runs: settings are read, and nothing is connected to."""
EXAMPLE_REDIS, EXAMPLE_SMTP_PORT = "redis://127.0.0.1:2/0", 3
POSTGRESQL_DRIVERS = ("psycopg", "psycopg2", "psycopg2-binary")
MOST_VARIABLES = 12
"""How many missing variables are supplied, one after the other, until a project starts."""
PLACEHOLDER = "for the lab"
"""The value of a variable without which a project does not start."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What is known of a project.

    folder: of the file. project: what the file will say. report: what the project says about itself with it; None
    where it does not start. error: why it does not. needed: variables without which it does not start.
    """

    folder: Path
    layout: Layout
    project: Project
    report: ProjectReport | None = None
    error: str = ""
    needed: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    candidates: Candidates = field(default_factory=Candidates)


def draft_project(
    folder: Path,
    layout: Layout,
    search_folder: Path,
    python: Path | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Draft:
    """Return what the file of a project should say: it is started a few times to see what its settings make of it.

    folder: of the file. search_folder: the folder on PYTHONPATH that has the probe. python: its interpreter; None to
    look for it. Raise UsageError where no Python has Django.
    """
    python = python or _find_python(layout.root, environ)
    variables = read_variables(layout.root, layout.settings)
    project = Project(folder / FILE_NAME, layout.root, python, layout.settings, prepare=_prepare(layout))
    session = _Session(search_folder, environ, variables)
    first = session.start(project)
    draft = Draft(folder, layout, first.project, first.report, first.error, first.needed, example_names(layout.root))
    if first.report is None:
        env = {**service_env(variables, "postgresql"), **first.project.env}
        return replace(draft, project=replace(first.project, env=env))
    kind = _kind(first.report)
    project = replace(first.project, database=kind, env={**service_env(variables, kind), **first.project.env})
    if kind == "own":  # nothing is written to a database of the user's before the user says so
        project = replace(project, prepare=())
    project = replace(project, override=_hosts_override(first.report), collect_static=_needs_static(layout))
    project, report = _with_services(session, project)
    project = replace(project, **_applications(layout, report or first.report))
    found = candidates((report or first.report).urls, first.report.login_url)
    return replace(draft, project=project, report=report or first.report, candidates=found)


@dataclass(frozen=True, slots=True)
class _Start:
    """A project that was started. report: None where it did not start."""

    project: Project
    report: ProjectReport | None
    error: str = ""
    needed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Session:
    """Starts a project. variables: that its settings read."""

    search_folder: Path
    environ: Mapping[str, str]
    variables: tuple[Variable, ...]

    def start(self, project: Project) -> _Start:
        """Start a project, with a value for each variable without which it does not start."""
        needed: dict[str, str] = {}
        services = service_env(self.variables, "postgresql")
        while True:
            attempt = replace(project, env={**project.env, **needed})
            try:
                return _Start(attempt, self.ask(attempt), needed=tuple(needed))
            except UsageError as error:
                reason = str(error).partition(": ")[2]
                name = missing_variable(reason)
                if not name or name in needed or len(needed) >= MOST_VARIABLES:
                    return _Start(attempt, None, reason, tuple(needed))
                needed[name] = services.get(name, PLACEHOLDER)

    def ask(self, project: Project) -> ProjectReport:
        """Return what a project says about itself in the environment of example services."""
        values = {
            **database_values(EXAMPLE_ADDRESSES.get(project.database, EXAMPLE_ADDRESSES["postgresql"])),
            **service_values(EXAMPLE_REDIS, EXAMPLE_SMTP_PORT, folders={"static": Path("/lab/static")}),
        }
        env = program_env(project, fill_env(project, values, environ=self.environ), self.search_folder, self.environ)
        return ask_project(project.python, project.root, env, where=FILE_NAME)


def _find_python(root: Path, environ: Mapping[str, str]) -> Path:
    tried = [python for python in environments(root, environ) if has_django(python)]
    python = next(iter(tried), None) or current_python()
    if python is None:
        raise UsageError(
            f"no Python with Django was found for {root.absolute()}: no virtual environment in .venv, venv or env has"
            " it; name the project's Python with --python, such as --python ../env/bin/python"
        )
    return python


def _prepare(layout: Layout) -> tuple[str, ...]:
    return (f"python {'manage.py' if layout.has_manage else '-m django'} migrate --noinput",)


def _kind(report: ProjectReport) -> str:
    """Return the kind of database to start: the project's own, or PostgreSQL in place of a file if it has a driver."""
    engine = report.default_database.engine if report.default_database else ""
    has_driver = any(name in report.packages for name in POSTGRESQL_DRIVERS)
    if "mysql" in engine:
        return "mysql"
    if "postg" in engine:
        return "postgresql"
    if engine and not report.default_database.is_sqlite:  # type: ignore[union-attr]
        return "own"
    return "postgresql" if has_driver else "sqlite"


def _hosts_override(report: ProjectReport) -> dict[str, Any]:
    """Return the settings without which a server on this machine does not answer as in production."""
    override: dict[str, Any] = {}
    if report.debug:
        override["DEBUG"] = False
    if not {"*", "127.0.0.1"} & set(report.allowed_hosts):
        override["ALLOWED_HOSTS"] = ["*"]
    if report.secure_ssl_redirect:
        override["SECURE_SSL_REDIRECT"] = False
    return override


def _needs_static(layout: Layout) -> bool:
    """Return whether pages fail without collected files: a manifest names them."""
    return mentions(layout.root, layout.settings, "Manifest")


def _with_services(session: _Session, project: Project) -> tuple[Project, ProjectReport | None]:
    """Return the project with what lets it use the lab's services, and its report; None if it does not start then."""
    lab = LabServices(EXAMPLE_ADDRESSES.get(project.database, ""), EXAMPLE_REDIS, EXAMPLE_SMTP_PORT)
    report = session.start(project).report
    if report is None:  # the variables of the services do not suit its settings
        services = service_env(session.variables, project.database)
        project = replace(project, env={name: value for name, value in project.env.items() if name not in services})
        report = session.start(project).report
    if report is None:
        return project, None
    override = dict(project.override)
    if databases := foreign_databases(report, lab):
        override["DATABASES"] = {each.alias: database_override(project.database, each.engine) for each in databases}
    if caches := foreign_caches(report, lab):
        override["CACHES"] = {each.alias: CACHE_OVERRIDE for each in caches}
    if sends_email_elsewhere(report, lab):
        override |= EMAIL_OVERRIDE
    if override == project.override:
        return project, report
    project = replace(project, override=override)
    return project, session.start(project).report


def _applications(layout: Layout, report: ProjectReport) -> dict[str, Any]:
    """Return the WSGI and the ASGI application that the project has in files of its own; "" for one that is missing."""
    package = (report.wsgi_application or layout.settings).partition(".")[0]
    wsgi = report.wsgi_application or f"{package}.wsgi.application"
    asgi = report.asgi_application or f"{wsgi.rpartition('.')[0].removesuffix('.wsgi')}.asgi.application"
    return {
        kind: re.sub(r"\.(\w+)$", r":\1", name) if _has_module(layout.root, name) else ""
        for kind, name in (("wsgi", wsgi), ("asgi", asgi))
    }


def _has_module(root: Path, application: str) -> bool:
    return root.joinpath(*application.split(".")[:-1]).with_suffix(".py").is_file()
