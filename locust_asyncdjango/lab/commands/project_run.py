"""Measure a user's own project: the part of ``run`` and ``check`` that is about projects.

Start reading at ``opened``.
"""

import shutil
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

from locust_asyncdjango.lab.commands.budgets import Planning, output_folder
from locust_asyncdjango.lab.commands.project_experiment import (
    project_experiment,
    requested_arms,
    require_same_commits,
    resumed_arms,
)
from locust_asyncdjango.lab.errors import LabError, UsageError
from locust_asyncdjango.lab.experiment.spec import ALL, Experiment
from locust_asyncdjango.lab.project.project_file import FILE_NAME, Project, find_project_file, read_project
from locust_asyncdjango.lab.project.revisions.git import with_commits
from locust_asyncdjango.lab.project.tables.arms import ProjectArm

if TYPE_CHECKING:
    from locust_asyncdjango.lab.measure.sites.prepared_project import Inspection, LabTools
    from locust_asyncdjango.lab.measure.sites.project import ProjectSite


@dataclass(slots=True)
class LogFolder:
    """A folder for the logs of programs. is_kept: whether it stays after the command."""

    path: Path
    is_kept: bool = False


@contextmanager
def log_folder() -> Iterator[LogFolder]:
    """Yield a folder for logs. It is removed at the end, unless it is kept or the message of an error names it."""
    folder = LogFolder(Path(mkdtemp(prefix="locust-asyncdjango-logs-")))
    try:
        yield folder
    except LabError as error:
        folder.is_kept = str(folder.path) in str(error)
        raise
    finally:
        if not folder.is_kept:
            shutil.rmtree(folder.path, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class OpenedProject:
    """A project that can be measured. notes: what the user should know."""

    site: "ProjectSite"
    experiment: Experiment
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Choice:
    """The arms that are compared. reasons: why these. inspection: of the project, where the choice took one."""

    arms: Sequence[ProjectArm]
    reasons: Sequence[str] = ()
    inspection: "Inspection | None" = None


def add_project_arguments(parser: ArgumentParser) -> None:
    """Add the flags that are about a user's own project alone."""
    group = parser.add_argument_group("your own project")
    group.add_argument(
        "--install",
        action="store_true",
        help="put servers that the project's environment lacks into a folder of the lab, never into the project",
    )
    group.add_argument(
        "--prepare-again",
        action="store_true",
        help="run the project's prepare commands, also where what they made is kept",
    )


def find_project(file: Path | None) -> Project | None:
    """Return the project of a file or, without one, of the working directory; None where there is none.

    file: of a project or of an experiment; None where the command line names none. Raise UsageError.
    """
    if file is None:
        found = find_project_file(Path.cwd())
        return read_project(found) if found else None
    return read_project(file) if file.name == FILE_NAME or _has_project_table(file) else None


def _has_project_table(file: Path) -> bool:
    """Return whether a line of a file begins the table [project]."""
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False  # who reads it says so
    return any(line.split("#")[0].strip() == "[project]" for line in lines)


@contextmanager
def opened(
    project: Project,
    values: Mapping[str, Any],
    options: Namespace,
    plan: Callable[[Experiment], Experiment] = lambda experiment: experiment,
) -> Iterator[OpenedProject]:
    """Yield a project that was inspected, and the experiment that a command line and its file describe.

    values: of options, by key (``project_values``). options: has ``install`` and ``prepare_again``.
    plan: returns the experiment with its loads, or refuses it. It is called before anything starts, or where only the
    project's environment tells which arms there are, as soon as the project has named its packages.
    Raise UsageError where it cannot be measured.
    """
    from locust_asyncdjango.lab.measure.sites.prepared_project import lab_tools
    from locust_asyncdjango.lab.measure.sites.project import opened_project

    def planned(choice: _Choice) -> tuple[tuple[ProjectArm, ...], Experiment]:
        arms = with_commits(project, choice.arms)
        return arms, plan(project_experiment(project, arms, values))

    choice = _named_arms(project, values)
    known = planned(choice) if choice else None
    with log_folder() as logs, lab_tools(project, may_install=options.install) as tools:
        choice = choice or _arms_of_environment(project, values, tools, logs.path)
        arms, experiment = known or planned(choice)
        with opened_project(project, arms, tools, logs.path, choice.inspection) as site:
            if options.prepare_again and not getattr(options, "dry_run", False):
                site.forget_prepared()
            yield OpenedProject(site, experiment, (*choice.reasons, *site.warnings))


def project_planning(project: Project, values: Mapping[str, Any]) -> Planning:
    """Return what the plan of a project's experiment depends on. values: of options, by key."""
    return Planning(values, output_folder(values), not project.locustfile, needs_pilot(project, values))


def needs_pilot(project: Project, values: Mapping[str, Any]) -> bool:
    """Return whether a pilot chooses the users of each view: where the user has chosen nothing about the load.

    values: of options, by key.
    """
    return not project.locustfile and not {"shape", "users", "spawn_rate", "run_time"} & values.keys()


def first_look(
    site: "ProjectSite", experiment: Experiment, *, with_pilots: bool = False
) -> tuple[Experiment, list[str]]:
    """Fill the project's database, start each arm, and request each measured view once.

    with_pilots: also load each view for a few seconds, so that the experiment has users that fit each view. Return it,
    and in lines which trials will not be measured. Raise UsageError where a view is a success on no arm, and where
    twins differ, so that no pair is measured whose halves do different work.
    """
    from locust_asyncdjango.lab.measure.sites.project_check import arm_checks, require_measurable, users_of_ramps

    if site.project.locustfile:  # what its users request is not known
        return experiment, []
    with log_folder() as logs:
        site.prepare(experiment, logs.path)
        checks = list(arm_checks(site, experiment, logs.path, with_pilots=with_pilots))
        notes = require_measurable(checks)
    if with_pilots:
        experiment = replace(experiment, ramp_users=users_of_ramps(checks, experiment.load.objective))
    return experiment, notes


@contextmanager
def reopened(experiment: Experiment, options: Namespace) -> Iterator["ProjectSite"]:
    """Yield the project of an experiment that is continued. Its file is read anew, and so are the user's variables.

    Raise UsageError where the file describes something else than when the experiment began, or a revision means another
    commit.
    """
    from locust_asyncdjango.lab.measure.sites.prepared_project import lab_tools
    from locust_asyncdjango.lab.measure.sites.project import opened_project

    project = read_project(Path(experiment.project.file if experiment.project else FILE_NAME))
    arms = with_commits(project, resumed_arms(project, experiment))
    require_same_commits(project, arms, experiment)
    with (
        log_folder() as logs,
        lab_tools(project, may_install=options.install) as tools,
        opened_project(project, arms, tools, logs.path) as site,
    ):
        yield site


def _named_arms(project: Project, values: Mapping[str, Any]) -> _Choice | None:
    """Return the arms that the file or the command line names; None where neither does."""
    arms = requested_arms(project, values) if values.get("servers") != ALL else ()
    return _Choice(arms) if arms else None


def _arms_of_environment(project: Project, values: Mapping[str, Any], tools: "LabTools", logs: Path) -> _Choice:
    """Return the arms that follow from the packages of the project's environment. The project is inspected."""
    from locust_asyncdjango.lab.measure.sites.prepared_project import inspect_project
    from locust_asyncdjango.lab.project.default_arms import default_arms
    from locust_asyncdjango.lab.project.overlay import REQUIREMENTS, missing_packages

    inspection = inspect_project(project, tools, logs / "inspect.log")
    packages = inspection.report.packages
    if values.get("servers") == ALL:
        installed = [server for server in REQUIREMENTS if tools.may_install or not missing_packages([server], packages)]
        if not installed:
            raise UsageError(f"{project.python} has none of the servers; install one there, or add --install")
        return _Choice(requested_arms(project, values, installed), inspection=inspection)
    default = default_arms(project, packages, may_install=tools.may_install)
    if not default.arms:
        raise UsageError(f"{project.file}: there is no server to measure it on; {'; '.join(default.reasons)}")
    return _Choice(default.arms, default.reasons, inspection)
