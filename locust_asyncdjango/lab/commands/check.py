"""``locust-asyncdjango check``: prepare a project, start every arm, request every view once, and compare twins."""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from locust_asyncdjango.lab.commands.arguments import Command, add_options
from locust_asyncdjango.lab.commands.budgets import Planning
from locust_asyncdjango.lab.commands.console import print_lines
from locust_asyncdjango.lab.commands.project_experiment import project_values
from locust_asyncdjango.lab.commands.project_run import (
    OpenedProject,
    add_project_arguments,
    find_project,
    log_folder,
    opened,
    project_planning,
)
from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.experiment.config_file import OPTIONS
from locust_asyncdjango.lab.experiment.spec import Experiment
from locust_asyncdjango.lab.project.project_file import FILE_NAME
from locust_asyncdjango.metrics.plural import counted

if TYPE_CHECKING:
    from rich.console import Console

    from locust_asyncdjango.lab.measure.sites.project_check import ArmCheck, ViewCheck

NOT_USABLE = 1
"""Exit code where an arm or a view cannot be measured."""
CHECKED_OPTIONS = ("routes", "arms", "servers", "variants", "workers")


def add_arguments(parser: ArgumentParser) -> None:
    """Add the file and the flags of ``check``."""
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help=f"of the project (default: {FILE_NAME})")
    add_options(parser, [OPTIONS[key] for key in CHECKED_OPTIONS])
    add_project_arguments(parser)


def check_project(options: Namespace) -> int:
    """Check a project and print what its views answered on each arm. Return 0, or 1 where something cannot be measured.

    Raise UsageError where nothing can be.
    """
    from rich.console import Console

    from locust_asyncdjango.lab.measure.sites.project_check import twin_differences

    project = find_project(options.file)
    if project is None:
        raise UsageError(f"there is no {FILE_NAME} here; `locust-asyncdjango init` writes one")
    command_line = {key: getattr(options, key) for key in CHECKED_OPTIONS if hasattr(options, key)}
    console = Console()
    values = project_values(project, command_line)
    with opened(project, values, options) as project_opened, log_folder() as logs:
        site, experiment = project_opened.site, project_opened.experiment
        print_lines(console, project_opened.notes)
        if project.locustfile:
            site.check_load(experiment, logs.path)
        site.prepare(experiment, logs.path)
        checks = list(_checks(project_opened, logs.path, console))
        usable = sum(check.is_usable for check in checks)
        logs.is_kept = usable < len(checks)
    differences = twin_differences(checks)
    print_lines(console, [*(f"twins differ: {line}" for line in differences), _summary(usable, len(checks))])
    if usable:
        has_options = bool(command_line or options.file or options.install)
        print_lines(console, budget_lines(experiment, project_planning(project, values), has_options=has_options))
    if logs.is_kept:
        print_lines(console, [f"the logs of the servers are in {logs.path}"])
    return 0 if usable == len(checks) and not differences else NOT_USABLE


def _summary(usable: int, arms: int) -> str:
    return (
        f"{usable} of {counted(arms, 'arm')} can be measured" if usable < arms else f"all {arms} arms can be measured"
    )


def budget_lines(experiment: Experiment, planning: Planning, *, has_options: bool = False) -> list[str]:
    """Return which budget ``run`` needs for an experiment, and how to need less; nothing where none is possible.

    has_options: whether ``run`` needs options to measure what was checked.
    """
    from locust_asyncdjango.lab.analysis.planning.budget import extent_text

    try:
        shortest = planning.shortest_budget(experiment)
    except UsageError:  # how long the load takes is not known
        return []
    options = ", with the options of this check" if has_options else ""
    lines = [
        f"next: locust-asyncdjango run --budget {shortest}{options}",
        f"this is the shortest budget for {extent_text(experiment)}; a longer one finds smaller differences",
    ]
    if len(experiment.routes) > 1:
        lines.append(f"fewer views take less: name them, as in --routes {experiment.routes[0]}")
    return lines


def _checks(project: OpenedProject, logs: Path, console: "Console") -> "Iterator[ArmCheck]":
    """Check one arm after another, and print what each of them answered."""
    from locust_asyncdjango.lab.measure.sites.project_check import arm_checks

    for check in arm_checks(project.site, project.experiment, logs):
        print_lines(console, check_lines(check))
        yield check


def check_lines(check: "ArmCheck") -> list[str]:
    """Return what an arm answered, in lines for the user."""
    if check.error:
        return [f"{check.arm}: NOT USABLE: {check.error}"]
    width = max((len(view.name) for view in check.views), default=0)
    lines = []
    for view in check.views:
        line = f"  {view.name.ljust(width)}  {view.response.status or '-':>3}  {view.ms:7.1f} ms"
        if view.is_error:
            lines += [line, f"  {_answer_text(view, check.arm)}"]
        else:
            lines.append(f"{line}  {_with_log(view.problem, view)}".rstrip())
    return [check.arm, *lines, *(f"  note: {caveat}" for caveat in check.caveats)]


def _answer_text(view: "ViewCheck", arm: str) -> str:
    answer = _with_log(view.problem.removeprefix("HTTP "), view)
    return f'view "{view.name}" on arm "{arm}" answered {answer}'


def _with_log(text: str, view: "ViewCheck") -> str:
    from locust_asyncdjango.lab.measure.sites.project_check import log_text

    return f"{text}; {log_text(view.log)}" if view.log else text


COMMAND = Command(
    name="check",
    summary="Check your own project: prepare it, start every arm, request every view once.",
    description="Check your own Django project, as asyncdjango.toml describes it. It prepares the database, starts"
    " every arm, requests every view once, and compares twins. It takes seconds.",
    add_arguments=add_arguments,
    execute=check_project,
)
