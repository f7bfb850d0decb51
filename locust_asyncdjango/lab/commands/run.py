"""``locust-asyncdjango run``: measure an experiment, print its table and verdict, and write its report."""

import os
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from locust_asyncdjango.analysis.formatting import format_duration
from locust_asyncdjango.lab.commands.arguments import Command, add_options
from locust_asyncdjango.lab.commands.budgets import Planning, output_folder
from locust_asyncdjango.lab.commands.console import print_lines
from locust_asyncdjango.lab.commands.project_experiment import project_values
from locust_asyncdjango.lab.commands.project_run import (
    OpenedProject,
    add_project_arguments,
    find_project,
    first_look,
    opened,
    project_planning,
    reopened,
)
from locust_asyncdjango.lab.commands.report import write_experiment_report
from locust_asyncdjango.lab.environment.process import Interrupted
from locust_asyncdjango.lab.environment.servers import PUBLISHED, SERVERS, is_installed
from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.experiment.config_file import (
    OPTIONS,
    ExperimentFile,
    build_experiment,
    merge,
    read_experiment,
)
from locust_asyncdjango.lab.experiment.options import seconds_of
from locust_asyncdjango.lab.experiment.spec import ALL, Experiment
from locust_asyncdjango.lab.project.project_file import FILE_NAME, Project

if TYPE_CHECKING:
    from locust_asyncdjango.lab.experiment.results_folder import ResultsFolder
    from locust_asyncdjango.lab.measure.sites.measured_site import MeasuredSite

SITE_VARIABLE_PREFIX = "TARGET_SITE_"
"""The beginning of the names of the environment variables that configure the bundled site."""
NOT_MEASURED = 1
"""Exit code where a trial could not be measured."""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the file and the flags of ``run``."""
    parser.usage = "%(prog)s [-h] [FILE] [--FLAG VALUE ...] [--dry-run]\n       %(prog)s --resume DIR"
    parser.add_argument(
        "experiment",
        nargs="?",
        type=Path,
        metavar="FILE",
        help="a TOML file with these flags and servers of your own, or the file of your own project (default:"
        f" {FILE_NAME}, in a folder that has one)",
    )
    parser.add_argument("--resume", type=Path, metavar="DIR", help="continue the run of a results folder")
    parser.add_argument("--dry-run", action="store_true", help="print the plan and how long it takes; measure nothing")
    add_options(parser, OPTIONS.values())
    add_project_arguments(parser)


def measure_experiment(options: Namespace) -> int:
    """Measure all trials, or print the plan with --dry-run. Return 0, or 1 where a trial could not be measured.

    Raise UsageError where the experiment cannot be run.
    """
    from rich.console import Console

    from locust_asyncdjango.lab.experiment.results_folder import ResultsFolder
    from locust_asyncdjango.lab.measure.sites.bundled import BundledSite

    if options.resume:
        if options.experiment or options.dry_run or options.prepare_again or _values(options):
            raise UsageError("--resume continues the experiment of the folder: leave out all other arguments")
        return _resume(ResultsFolder(options.resume), options)
    if project := find_project(options.experiment):
        return _measure_project(project, options)
    if options.install or options.prepare_again:
        raise UsageError(f"--install and --prepare-again are for a project of your own: name its {FILE_NAME}")
    experiment, values = requested(options)
    planning, site = Planning(values, output_folder(values)), BundledSite()
    fitted = planning.fit(experiment)
    print_lines(Console(), planning.budget_lines(fitted))
    if options.dry_run:
        return _print_plan(planning, fitted, site)
    return _measure(fitted, ResultsFolder(planning.output), site)


def _measure_project(project: Project, options: Namespace) -> int:
    """Measure a user's own project, or print the plan. A budget that is too short is refused before anything starts."""
    from rich.console import Console

    from locust_asyncdjango.lab.experiment.results_folder import ResultsFolder

    values = project_values(project, _values(options))
    planning = project_planning(project, values)
    folder = ResultsFolder(planning.output)

    def plan(experiment: Experiment) -> Experiment:
        return begun_experiment(experiment, values, folder) or planning.fit(experiment)

    with opened(project, values, options, plan) as opened_project:
        print_lines(Console(), opened_project.notes)
        return _run_project(opened_project, planning, folder, dry_run=options.dry_run)


def _run_project(project: OpenedProject, planning: Planning, folder: "ResultsFolder", *, dry_run: bool) -> int:
    """Look at each arm of a project and measure it, or print the plan."""
    from rich.console import Console

    from locust_asyncdjango.lab.report.sentences.ramps import ramp_users_text

    begin_s, console, experiment = time.monotonic(), Console(), project.experiment
    if dry_run:
        print_lines(console, planning.budget_lines(experiment))
        return _print_plan(planning, experiment, project.site)
    with_pilots = planning.needs_pilot and begun_experiment(experiment, planning.values, folder) is None
    if with_pilots:
        takes = format_duration(planning.first_look_s(experiment))
        print_lines(console, [f"first a short pilot of each arm finds how many users each view needs; about {takes}"])
    experiment, notes = first_look(project.site, experiment, with_pilots=with_pilots)
    print_lines(console, [*notes, *planning.budget_lines(experiment)])
    if with_pilots and not experiment.budget:
        print_lines(console, [f"the users climb to {ramp_users_text(experiment)}"])
    return _measure(experiment, folder, project.site, time.monotonic() - begin_s)


def _resume(folder: "ResultsFolder", options: Namespace) -> int:
    """Continue the experiment of a results folder."""
    from rich.console import Console

    from locust_asyncdjango.lab.experiment.schedule.plan import trials
    from locust_asyncdjango.lab.measure.sites.bundled import BundledSite

    experiment = folder.experiment_to_resume()
    if experiment.project:
        with reopened(experiment, options) as site:
            if not folder.is_measured(trials(experiment)):
                print_lines(Console(), first_look(site, experiment)[1])
            return _measure(experiment, folder, site)
    restore_site_variables(experiment)
    return _measure(experiment, folder, BundledSite())


def requested(options: Namespace) -> tuple[Experiment, dict[str, Any]]:
    """Return the experiment that a command line and its file describe, and the values of its options by key.

    If no server is named, it measures those of the published comparisons and those of the file. If arms are repeated,
    there is an A/A pair. The site's variables are those of this process's environment. Raise UsageError.
    """
    file, values = _read(options)
    own_names = tuple(server.name for server in file.own_servers)
    wanted = values.get("servers", ())
    if wanted == ALL:
        wanted = (*_installed_servers(values.get("workers", 1)), *own_names)
    elif not wanted and not values.get("arms"):
        wanted = (*PUBLISHED, *own_names)
    variables = (item for item in os.environ.items() if item[0].startswith(SITE_VARIABLE_PREFIX))
    experiment = build_experiment(
        {"a_a_pairs": int(values.get("repeats", 1) > 1 and not values.get("budget")), **values, "servers": wanted},
        factors=tuple(sorted(variables)),
        own_servers=file.own_servers,
    )
    return experiment, values


def begun_experiment(experiment: Experiment, values: Mapping[str, Any], folder: "ResultsFolder") -> Experiment | None:
    """Return the experiment of a results folder, if the same command began it; None otherwise.

    experiment, values: what the command asks for. The loads and repeats stay that were chosen when it began.
    """
    from locust_asyncdjango.lab.experiment.results_folder import without_secrets

    try:
        stored = folder.experiment()
    except UsageError:
        return None
    chosen = {key: getattr(stored.load, key) for key in ("shape", "users", "spawn_rate") if key not in values}
    if experiment.budget:
        experiment = replace(experiment, repeats=stored.repeats, until_decided=stored.until_decided)
    experiment = replace(experiment, load=replace(experiment.load, **chosen), ramp_users=stored.ramp_users)
    return experiment if without_secrets(experiment) == stored else None


def restore_site_variables(experiment: Experiment) -> None:
    """Set the environment variables of the site as they were when the experiment began. Raise UsageError."""
    for name in [name for name in os.environ if name.startswith(SITE_VARIABLE_PREFIX)]:
        del os.environ[name]
    for name, value in experiment.factors:
        if not (isinstance(name, str) and isinstance(value, str) and name.startswith(SITE_VARIABLE_PREFIX)):
            raise UsageError(f"experiment.json is damaged: {name!r} = {value!r} is not a setting of the site")
        os.environ[name] = value


def how_to_continue(experiment: Experiment, folder: "ResultsFolder") -> str:
    """Return the command that continues a run that was stopped, in words where only the user knows it."""
    from locust_asyncdjango.lab.experiment.results_folder import without_secrets

    if without_secrets(experiment) == experiment:
        return f"locust-asyncdjango run --resume {folder.path}"
    return f"the same command with --output {folder.path}, as its passwords and tokens are not written there"


def _installed_servers(workers: int) -> list[str]:
    """Return the names of the servers that are installed and can have so many workers."""
    return [each.name for each in SERVERS.values() if is_installed(each) and (workers == 1 or each.has_workers)]


def _values(options: Namespace) -> dict[str, Any]:
    """Return the values of the flags that the command line has, by key."""
    return {key: getattr(options, key) for key in OPTIONS if hasattr(options, key)}


def _read(options: Namespace) -> tuple[ExperimentFile, dict[str, Any]]:
    """Return the file of a command line, and the values of both by key. Raise UsageError."""
    file = read_experiment(options.experiment) if options.experiment else ExperimentFile()
    return file, merge(file, _values(options))


def _print_plan(planning: Planning, fitted: Experiment, site: "MeasuredSite") -> int:
    from rich.console import Console

    from locust_asyncdjango.lab.measure.locust_process import planned_length_s
    from locust_asyncdjango.lab.report.plan_preview import PILOT_DUE, plan_text

    fitted.check_machine()
    with TemporaryDirectory() as logs:
        site.check_load(fitted, Path(logs))
    lines = plan_text(fitted, planned_length_s(fitted.load), planning.experience).splitlines()
    if planning.needs_pilot and not fitted.budget:
        lines.append(f"the users climb to {PILOT_DUE}")
    print_lines(Console(), lines)
    return 0


def _measure(experiment: Experiment, folder: "ResultsFolder", site: "MeasuredSite", spent_s: float = 0.0) -> int:
    """Measure an experiment and write its report. spent_s: seconds of its budget that are gone."""
    from rich.console import Console

    from locust_asyncdjango.lab.analysis.findings import read_findings
    from locust_asyncdjango.lab.commands.progress import progress_on
    from locust_asyncdjango.lab.measure import runner
    from locust_asyncdjango.lab.report.plan_preview import budget_result

    console, begin_s = Console(), time.monotonic() - spent_s
    try:
        with progress_on(console) as announce:
            results = runner.run(experiment, folder, announce, site=site, spent_s=spent_s)
    except Interrupted:
        print(f"stopped; to continue: {how_to_continue(experiment, folder)}", file=sys.stderr)
        raise
    write_experiment_report(folder, read_findings(folder), console)
    if budget_s := seconds_of(experiment.budget):
        print_lines(console, [budget_result(budget_s, time.monotonic() - begin_s)])
    return 0 if all(result.figures for result in results) else NOT_MEASURED


COMMAND = Command(
    name="run",
    summary="Measure routes on servers, one after another, and compare them.",
    description="Measure routes on servers, one after another, and compare them. A FILE has the flags as keys, with _"
    " for -; flags on the command line override it. Without any, each route runs on two servers, for 3 minutes each.",
    add_arguments=add_arguments,
    execute=measure_experiment,
)
