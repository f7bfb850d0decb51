"""What ``init`` finds out about a project, and decides for its file. Start reading at ``draft_project``."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from locust_asyncdjango.lab.environment.waiting import announce_step
from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.project.inspection.connection_options import PGSSLMODE, PREFERRED, lab_options
from locust_asyncdjango.lab.project.inspection.layout import Layout
from locust_asyncdjango.lab.project.inspection.pythons import current_python, environments, has_django
from locust_asyncdjango.lab.project.inspection.report import ProjectReport
from locust_asyncdjango.lab.project.inspection.session import (
    EXAMPLE_ADDRESSES,
    EXAMPLE_REDIS,
    EXAMPLE_SMTP_PORT,
    Session,
)
from locust_asyncdjango.lab.project.inspection.settings_source import (
    example_names,
    mentions,
    read_variables,
    service_env,
)
from locust_asyncdjango.lab.project.inspection.switches import switch_values
from locust_asyncdjango.lab.project.inspection.view_candidates import Candidates, candidates
from locust_asyncdjango.lab.project.project_file import FILE_NAME, Project
from locust_asyncdjango.lab.project.proof import (
    CACHE_OVERRIDE,
    LabServices,
    database_override,
    foreign_caches,
    foreign_databases,
    foreign_mailers,
    is_of_kind,
    mailers_override,
)
from locust_asyncdjango.lab.project.tables.templates import placeholders

DRIVERS = {
    "postgresql": ("psycopg", "psycopg2", "psycopg2-binary"),
    "mysql": ("mysqlclient", "pymysql", "mysql-connector-python"),
}
"""Kind of a database -> the packages that have a driver for it."""
MOST_VALUES = 16
"""How many values of variables are tried, one after the other, until the settings use the kind of database."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What is known of a project.

    folder: of the file. project: what the file will say. report: what the project says about itself with it; None
    where it does not start. error: why it does not. needed: variables without which it does not start.
    switch: the variable that makes the settings use the kind of database that the file names; "" for none.
    """

    folder: Path
    layout: Layout
    project: Project
    report: ProjectReport | None = None
    error: str = ""
    needed: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    switch: str = ""
    candidates: Candidates = field(default_factory=Candidates)


def stand_ins(draft: Draft) -> tuple[str, ...]:
    """Return the variables that a project demands, and that have a value of which the user has to decide."""
    env = draft.project.env
    return tuple(name for name in draft.needed if name in env and not placeholders(env[name]))


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
    session = Session(search_folder, environ, variables)
    first = session.first_start(project)
    draft = Draft(folder, layout, first.project, first.report, first.error, first.needed, example_names(layout.root))
    if first.report is None:
        env = {**service_env(variables, first.project.database), **first.project.env}
        return replace(draft, project=replace(first.project, env=env))
    kind = _kind(first.report, is_given=any("{db." in value for value in first.project.env.values()))
    services = service_env(variables, kind)
    project = replace(first.project, database=kind, env={**services, **first.project.env, **services})
    if kind == "own":  # nothing is written to a database of the user's before the user says so
        project = replace(project, prepare=())
    project = replace(project, override=_hosts_override(first.report), collect_static=_needs_static(layout))
    project, switch, more_needed = _with_switch(session, project)
    project, report = _with_services(session, project)
    project = replace(project, **_applications(layout, report or first.report))
    found = candidates((report or first.report).urls, first.report.login_url)
    return replace(
        draft,
        project=project,
        report=report or first.report,
        needed=(*first.needed, *more_needed),
        switch=switch,
        candidates=found,
    )


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


def _kind(report: ProjectReport, *, is_given: bool) -> str:
    """Return the kind of database to start: the project's own, or where that is a file, one that it has a driver for.

    is_given: whether the settings have taken an example's address, because they do not do without any.
    """
    engine = report.default_database.engine if report.default_database else ""
    drivers = [kind for kind, names in DRIVERS.items() if any(name in report.packages for name in names)]
    if "mysql" in engine or "mariadb" in engine:
        return "mysql"
    if "postg" in engine:
        return drivers[0] if is_given and drivers else "postgresql"
    if engine and not report.default_database.is_sqlite:  # type: ignore[union-attr]
        return "own"
    return drivers[0] if drivers else "sqlite"


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


def _with_switch(session: Session, project: Project) -> tuple[Project, str, tuple[str, ...]]:
    """Return the project with the variable that lets its settings use the kind of database that it has.

    Return with it the variable's name, "" where none is needed or found, and the variables that this choice demands.
    """
    values = switch_values(project.root, project.settings, project.database) if project.database != "own" else ()
    if not values or _uses(session.start(project).report, project.database):
        return project, "", ()
    for name, value in values[:MOST_VALUES]:
        announce_step(f'trying whether {name} = "{value}" makes the settings use {project.database}')
        started = session.start(replace(project, env={**project.env, name: value}))
        if _uses(started.report, project.database):
            return started.project, name, started.needed
    return project, "", ()


def _uses(report: ProjectReport | None, kind: str) -> bool:
    """Return whether a project has started, and its default database is of a kind."""
    return bool(report and report.default_database and is_of_kind(report.default_database, kind))


def _with_services(session: Session, project: Project) -> tuple[Project, ProjectReport | None]:
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
    if databases := _databases_override(project, report, lab):
        override["DATABASES"] = databases
    if caches := foreign_caches(report, lab):
        override["CACHES"] = {each.alias: CACHE_OVERRIDE for each in caches}
    if mailers := foreign_mailers(report, lab):
        override |= mailers_override(mailers)
    env = dict(project.env)
    if any(PGSSLMODE in each.tls for each in report.databases):
        env[PGSSLMODE] = PREFERRED
    if (override, env) == (project.override, project.env):
        return project, report
    project = replace(project, override=override, env=env)
    return project, session.start(project).report


def _databases_override(project: Project, report: ProjectReport, lab: LabServices) -> dict[str, dict[str, object]]:
    """Return what [project.override] has to say about the project's databases, by alias."""
    foreign = foreign_databases(report, lab)
    override = {each.alias: database_override(project.database, each) for each in foreign}
    if project.database == "own":
        return override
    options = {each.alias: lab_options(each) for each in report.databases if each not in foreign}
    return {**override, **{alias: {"OPTIONS": each} for alias, each in options.items() if each}}


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
