"""What the commands of ``locust-asyncdjango`` do, given their options; each returns an exit code.

What needs the extra ``lab`` or ``report`` is imported in the command itself: the others go without.
"""

import os
import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from locust_asyncdjango.lab.environment.process import Interrupted
from locust_asyncdjango.lab.environment.servers import PUBLISHED, SERVERS, is_installed
from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.experiment.spec import ALL, Experiment, Load, check_conditions
from locust_asyncdjango.routes import ROUTES

if TYPE_CHECKING:
    from rich.console import Console

    from locust_asyncdjango.lab.analysis.findings import Findings
    from locust_asyncdjango.lab.experiment.results_folder import ResultsFolder

DEFAULT_SERVER = "gunicorn-sync"
FACTORS = "TARGET_SITE_"
"""What the variables of the environment begin with that the site is set by."""


def run(options: Namespace) -> int:
    """Measures, prints the table and the verdict; 1 when a trial could not be measured."""
    from rich.console import Console

    from locust_asyncdjango.lab.analysis import findings
    from locust_asyncdjango.lab.commands import progress
    from locust_asyncdjango.lab.experiment.results_folder import ResultsFolder
    from locust_asyncdjango.lab.measure import runner
    from locust_asyncdjango.lab.measure.locust_process import check_load, planned_length_s
    from locust_asyncdjango.lab.report.verdict import plan_text

    folder = ResultsFolder(
        options.resume or options.output or Path("results") / datetime.now().strftime("%Y-%m-%d-%H%M%S")
    )
    if options.resume:
        experiment = folder.experiment()
        set_factors(experiment)
    else:
        experiment = experiment_of(options)
    if options.dry_run:
        experiment.check_here()
        with TemporaryDirectory() as logs:
            check_load(experiment.routes[0], experiment.load, Path(logs))
        print(plan_text(experiment, planned_length_s(experiment.load)))
        return 0
    console = Console()
    try:
        with progress.shown(console) as announce:
            results = runner.run(experiment, folder, announce)
    except Interrupted:
        print(f"stopped; locust-asyncdjango run --resume {folder.path} goes on from here", file=sys.stderr)
        raise
    tell(folder, findings.read(folder), console)
    return 0 if all(result.figures for result in results) else 1


def tell(folder: "ResultsFolder", found: "Findings", console: "Console") -> None:
    """Writes the report of an experiment, and prints what it comes to."""
    from locust_asyncdjango.lab.report import experiment_report
    from locust_asyncdjango.lab.report.verdict import verdict

    about = folder.provenance()
    html, md, as_json = (
        render(found, about)
        for render in (experiment_report.html, experiment_report.markdown, experiment_report.as_json)
    )
    page = folder.write_report(html=html, md=md, json=as_json)
    console.print(experiment_report.terminal_table(found))
    for sentence in verdict(found):
        console.print(sentence, highlight=False, markup=False, soft_wrap=True)
    console.print(f"Report: {page}", highlight=False, markup=False, soft_wrap=True)


def set_factors(experiment: Experiment) -> None:
    """Sets the site's environment as it was when an experiment began. Raises UsageError."""
    for name in [name for name in os.environ if name.startswith(FACTORS)]:
        del os.environ[name]
    for name, value in experiment.factors:
        if not (isinstance(name, str) and isinstance(value, str) and name.startswith(FACTORS)):
            raise UsageError(f"experiment.json is damaged: {name!r} = {value!r} is no setting of the site")
        os.environ[name] = value


def compare(options: Namespace) -> int:
    """Prints what has changed between two results folders; 3 when an arm has become worse than is tolerated."""
    from rich.console import Console

    from locust_asyncdjango.lab.analysis import findings
    from locust_asyncdjango.lab.experiment.results_folder import ResultsFolder, write_each
    from locust_asyncdjango.lab.report import comparison_report

    output: Path | None = options.output
    check_html(output)
    folders = ResultsFolder(options.before), ResultsFolder(options.after)
    if output and output.resolve().parent in [folder.path.resolve() for folder in folders]:
        raise UsageError(f"--output {output} lies in a folder that is compared; name another place")
    with read_whole(*folders):
        before, after = map(findings.read, folders)
        found = comparison_report.changes(before, after, (folders[0].provenance(), folders[1].provenance()))
    if not found.arms:
        raise UsageError(f"{options.before} and {options.after} have no arm in common that was measured in both")
    console = Console()
    for sentence in found.sentences(options.tolerate):
        console.print(sentence, highlight=False, markup=False, soft_wrap=True)
    if output:
        title = f"What changed from {folders[0].path.name} to {folders[1].path.name}"
        texts = {
            "html": comparison_report.html(found, title, options.tolerate),
            "md": comparison_report.markdown(found, title, options.tolerate),
            "json": comparison_report.as_json(found, options.tolerate),
        }
        try:
            output.parent.mkdir(parents=True, exist_ok=True)
            write_each(output, texts)
        except OSError as error:
            reason = error.strerror if output.parent.is_dir() else "its folder cannot be made"
            raise UsageError(f"cannot write {output} ({reason}); choose another --output") from None
        console.print(f"Report: {output}", highlight=False, markup=False, soft_wrap=True)
    return 3 if any(change.is_worse(options.tolerate) for change in found.arms) else 0


def report(options: Namespace) -> int:
    """Writes a report and says where it is."""
    if options.made_of.is_dir():
        return report_experiment(options)
    return report_run(options)


def report_experiment(options: Namespace) -> int:
    """Of a results folder, into it, also of a run that was stopped."""
    from rich.console import Console

    from locust_asyncdjango.lab.analysis import findings
    from locust_asyncdjango.lab.experiment.results_folder import ResultsFolder

    if options.output or options.failures:
        raise UsageError("the report of a results folder goes into it: leave --output and --failures out")
    folder = ResultsFolder(options.made_of)
    with read_whole(folder):
        found = findings.read(folder)
        if not found.results:
            raise UsageError(f"{folder.path} holds no result yet; go on with run --resume")
        tell(folder, found, Console())
    return 0


@contextmanager
def read_whole(*folders: "ResultsFolder") -> Iterator[None]:
    """Within it, what cannot be made of folders that somebody has changed is a UsageError."""
    from locust_asyncdjango.lab.experiment.results_folder import MALFORMED

    try:
        yield
    except MALFORMED as error:
        raise UsageError(f"{' or '.join(str(folder.path) for folder in folders)} is damaged: {error!r}") from None


def report_run(options: Namespace) -> int:
    """Of one run, beside its series."""
    from locust_asyncdjango.lab.report import run_report
    from locust_asyncdjango.metrics.series_file import SeriesError, read

    output: Path = options.output or options.made_of.with_suffix(".html")
    check_html(output)
    made_of = {path.resolve() for path in (options.made_of, options.failures) if path}
    if overwritten := [path for path in run_report.written(output) if path.resolve() in made_of]:
        raise UsageError(f"{overwritten[0]}, of which the report is made, would be overwritten; name another --output")
    try:
        series = read(options.made_of)
    except SeriesError as error:
        raise UsageError(str(error)) from None
    failures = run_report.read_failures(options.failures, series.header)
    try:
        told = run_report.told(series, failures)
        run_report.write(told, output)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UsageError(f"{options.made_of} or its failures are damaged: {error!r}") from None
    print(told.verdict)
    print(f"Report: {output}")
    return 0


def check_html(output: Path | None) -> None:
    """Raises UsageError for a report that is named as if it were no page."""
    if output and output.suffix != ".html":
        raise UsageError(f"--output {output} does not end with .html; beside it come .md and .json")


def experiment_of(options: Namespace) -> Experiment:
    """What is to be measured. Raises UsageError."""
    names_of_own = tuple(server.name for server in options.own_servers)
    if options.servers == ALL:
        fitting = (s for s in SERVERS.values() if is_installed(s) and (options.workers == 1 or s.has_workers))
        options.servers = (*(server.name for server in fitting), *names_of_own)
    return Experiment(
        routes=options.routes,
        arms=options.arms,
        servers=options.servers or (() if options.arms else (*PUBLISHED, *names_of_own)),
        load=Load(options.shape, options.users, options.spawn_rate, options.run_time),
        posts=options.posts,
        max_connections=options.max_connections,
        variants=options.variants,
        factors=tuple(sorted(item for item in os.environ.items() if item[0].startswith(FACTORS))),
        latencies_ms=options.latency_ms,
        client_latency_ms=options.client_latency_ms,
        workers=options.workers,
        own_servers=options.own_servers,
        repeats=options.repeats,
        a_a_pairs=int(options.repeats > 1) if options.a_a_pairs is None else options.a_a_pairs,
        until_decided=options.until_decided,
        pin=options.pin,
    )


def serve_until_stopped(options: Namespace) -> int:
    """Keeps servers and their services up; 1 when they end by themselves."""
    from locust_asyncdjango.lab.commands import serve

    if options.all and options.server:
        raise UsageError(f"name {options.server} or --all, not both")
    wanted = serve.Wanted(options.posts, options.max_connections, options.latency_ms, options.workers, options.port)
    check_conditions((options.max_connections,), (options.latency_ms,))
    if options.all:
        serve.side_by_side(wanted)
    else:
        serve.one(options.server or DEFAULT_SERVER, wanted)
    return 0


def with_services(options: Namespace) -> int:
    """Runs a command beside the site's services and returns its exit code; without one, keeps them up."""
    from locust_asyncdjango.lab.commands import services

    check_conditions((options.max_connections,), (options.latency_ms,))
    return services.run(command_given(options), options.posts, options.max_connections, options.latency_ms)


def command_given(options: Namespace) -> list[str]:
    """The command behind the flags, without the -- that may separate them."""
    argv: list[str] = options.argv
    return argv[1:] if argv[:1] == ["--"] else argv


def start_project(options: Namespace) -> int:
    """Writes a project and says what to do with it."""
    from locust_asyncdjango.lab.commands import startproject

    name = startproject.write_project(options.folder, options.name)
    print(startproject.next_steps(options.folder, name))
    return 0


def show_list(_options: Namespace) -> int:
    """Prints what there is."""
    from locust_asyncdjango.lab.environment.packages import locustfile

    print("routes")
    for route in ROUTES.values():
        print(f"  {route.name:<18} {route.method:<5} {locustfile(route.name)}")
        print(f"    sync:  {', '.join(route.sync_variants)}")
        print(f"    async: {', '.join(route.async_variants)}")
    print("servers")
    for server in SERVERS.values():
        slots = "unbounded" if server.slots is None else server.slots
        missing = "" if is_installed(server) else f"; pip install 'locust-asyncdjango[{server.extra}]'"
        print(f"  {server.name:<20} {server.interface}, slots: {slots}{missing}")
    return 0
