"""``locust-asyncdjango``: run | report | serve | services | startproject | list."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

from locust_asyncdjango._version import __version__
from locust_asyncdjango.lab.errors import LabError, TrialError, UsageError
from locust_asyncdjango.lab.experiment_file import ExperimentFile, read_experiment
from locust_asyncdjango.lab.process import Interrupted, allow_many_files, stop_signals_as_interrupts
from locust_asyncdjango.lab.servers import PUBLISHED, SERVERS, is_installed
from locust_asyncdjango.lab.spec import ALL, DEFAULT_MAX_CONNECTIONS, Arm, Experiment, Load, arm, check_conditions
from locust_asyncdjango.routes import ROUTES

DEFAULT_POSTS = 1_000_000
DEFAULT_POSTS_OF_SERVICES = 1000
DEFAULT_SERVER = "gunicorn-sync"

Command = Callable[[argparse.Namespace], int]


class Parser(argparse.ArgumentParser):
    """Tells what is wrong in one line, and takes a flag by its whole name only: so it is the key of a file too."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        """Exit code 2, and where to read on."""
        self.exit(2, f"{self.prog}: error: {message} (see {self.prog} --help)\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command and returns its exit code."""
    options = parser().parse_args(arguments)
    allow_many_files()
    try:
        with stop_signals_as_interrupts():
            options = with_file(options, sys.argv[1:] if arguments is None else arguments)
            return int(options.command(options))
    except Interrupted as interrupt:
        return 0 if ends_by_ctrl_c(options) else 128 + interrupt.signum
    except LabError as error:
        message, code = str(error), 1 if isinstance(error, TrialError) else 2
    except OSError as error:
        message, code = f"{error}; see that the disk has room and its folders can be written", 1
    except ModuleNotFoundError as error:
        extra = "report" if options.command is report_run else "lab"
        message, code = f"this needs {error.name}: pip install 'locust-asyncdjango[{extra}]'", 2
    print(f"locust-asyncdjango: error: {message}", file=sys.stderr)
    return code


def parser() -> argparse.ArgumentParser:
    """The commands and their flags."""
    top = Parser(prog="locust-asyncdjango", description="Sync or async Django? Measure it.")
    top.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = top.add_subparsers(metavar="COMMAND", required=True)

    def add(name: str, command: Command, text: str) -> argparse.ArgumentParser:
        subparser = commands.add_parser(name, help=text, description=text)
        subparser.set_defaults(command=command)
        return subparser

    measuring = add("run", run, "Measure routes on servers, one after another, and compare them.")
    add_what_to_measure(measuring)
    add_conditions(measuring)
    reporting = add("report", report_run, "Make the report of one run from what Locust wrote with --series.")
    reporting.add_argument("series", type=Path, metavar="SERIES", help="the series, as JSON lines")
    reporting.add_argument("--failures", type=Path, metavar="FILE", help="what --failures has written in the same run")
    reporting.add_argument("--output", type=Path, metavar="FILE", help="default: SERIES with .html for its ending")
    serving = add("serve", keep_up, "Keep one server up until Ctrl-C, or all side by side, with its services.")
    serving.add_argument("server", nargs="?", help=f"its name (default: {DEFAULT_SERVER})")
    serving.add_argument("--all", action="store_true", help="every installed server, from port 8000; slow API on 5000")
    serving.add_argument("--port", type=int, help="of the first server (default: 8000, or a free one for one server)")
    add_workers(serving)
    add_services(serving, DEFAULT_POSTS)
    providing = add(
        "services", with_services, "Keep PostgreSQL, Redis and the slow API up until a command ends, or until Ctrl-C."
    )
    providing.usage = "%(prog)s [-h] [--posts N] [--max-connections N] [--latency-ms N] [--] [COMMAND ...]"
    add_services(providing, DEFAULT_POSTS_OF_SERVICES)
    providing.add_argument(
        "argv", nargs=argparse.REMAINDER, metavar="COMMAND", help="finds them in DATABASE_URL, REDIS_URL, SLOW_API_URL"
    )
    starting = add("startproject", start_project, "Write the target site and the locustfiles as a project of your own.")
    starting.add_argument("folder", type=Path, metavar="DIR", help="where: a new or an empty folder")
    starting.add_argument("--name", help="of the site's package (default: the folder's, with _ for -)")
    add("list", show_list, "Show the routes and their variants, the servers, and where the example locustfiles are.")
    return top


def with_file(options: argparse.Namespace, arguments: Sequence[str]) -> argparse.Namespace:
    """The options with those that an experiment's file adds; the command line comes after it, and so has the last word.
    Raises UsageError."""
    if options.command is not run:
        return options
    file = read_experiment(options.experiment) if options.experiment else ExperimentFile()
    options = parser().parse_args([arguments[0], *file.flags, *arguments[1:]])
    options.own_servers = file.own_servers
    return options


def add_what_to_measure(measuring: argparse.ArgumentParser) -> None:
    """What run alone takes."""
    measuring.add_argument(
        "experiment", nargs="?", type=Path, metavar="FILE", help="a TOML file with these flags and servers of your own"
    )
    measuring.add_argument("--routes", type=names, default=tuple(ROUTES), help=f"of {','.join(ROUTES)} (default: all)")
    measuring.add_argument(
        "--servers",
        type=names,
        default=(),
        help=f"of {','.join(SERVERS)}, or all that are installed (default: {','.join(PUBLISHED)}, and your own)",
    )
    measuring.add_argument(
        "--arms",
        type=arms,
        default=(),
        metavar="ARM,...",
        help="what is compared, in place of servers x variants x limits: SERVER/VARIANT@MAX_CONNECTIONS, the last two"
        " as you like",
    )
    measuring.add_argument(
        "--variants", type=names, default=(), help="names, or all that fit a server (default: the natural one)"
    )
    measuring.add_argument("--shape", default="RampTo500", help="Locust load shape (default: %(default)s)")
    measuring.add_argument("-u", "--users", default="", help="the shape's cap, in users")
    measuring.add_argument("-r", "--spawn-rate", default="", help="the shape's rate, in users a second")
    measuring.add_argument("-t", "--run-time", default="", help="the shape's length, such as 40s or 3m")
    measuring.add_argument(
        "--repeats", type=int, default=1, metavar="N", help="how often each is run, in reversed orders (default: 1)"
    )
    measuring.add_argument(
        "--a-a-pairs",
        type=int,
        metavar="N",
        help="so often the first is run twice beforehand: the noise (default: 1 with repeats, else 0)",
    )
    measuring.add_argument(
        "--until-decided", action="store_true", help="stop to repeat what is compared as soon as its verdict is sure"
    )
    measuring.add_argument(
        "--pin",
        default="auto",
        metavar="CORES",
        help="processors of generator, server and services, such as 0:1-2:3; off, or auto: from 4 processors on",
    )
    measuring.add_argument("--dry-run", action="store_true", help="print what would be run and how long it takes")
    measuring.add_argument("--output", type=Path, help="the results folder (default: results/<date and time>)")


def add_conditions(measuring: argparse.ArgumentParser) -> None:
    """Under what run measures. Of what takes several numbers, each is measured in turn."""
    add_posts(measuring, DEFAULT_POSTS)
    measuring.add_argument(
        "--max-connections",
        type=numbers,
        default=(DEFAULT_MAX_CONNECTIONS,),
        metavar="N,...",
        help=f"connection limits of the lab's own PostgreSQL (default: {DEFAULT_MAX_CONNECTIONS})",
    )
    measuring.add_argument(
        "--latency-ms",
        type=numbers,
        default=(0,),
        metavar="N,...",
        help="added to all that database, cache and API send (default: 0)",
    )
    measuring.add_argument(
        "--client-latency-ms", type=int, default=0, metavar="N", help="added to all that servers send to the users"
    )
    add_workers(measuring)


def add_workers(subparser: argparse.ArgumentParser) -> None:
    """The flag of what starts servers."""
    subparser.add_argument(
        "--workers", type=int, default=1, metavar="N", help="processes of each server that has them (default: 1)"
    )


def add_services(subparser: argparse.ArgumentParser, posts: int) -> None:
    """The flags of what starts services and keeps them up."""
    add_posts(subparser, posts)
    subparser.add_argument(
        "--max-connections",
        type=int,
        default=DEFAULT_MAX_CONNECTIONS,
        metavar="N",
        help="connection limit of the lab's own PostgreSQL (default: %(default)s)",
    )
    subparser.add_argument(
        "--latency-ms", type=int, default=0, metavar="N", help="added to all that database, cache and API send"
    )


def add_posts(subparser: argparse.ArgumentParser, posts: int) -> None:
    """The flag of what fills a database."""
    subparser.add_argument(
        "--posts", type=int, default=posts, metavar="N", help="posts in the database (default: %(default)s)"
    )


def names(text: str) -> tuple[str, ...]:
    """Names separated by commas."""
    return tuple(name.strip() for name in text.split(","))


def numbers(text: str) -> tuple[int, ...]:
    """Whole numbers separated by commas."""
    try:
        return tuple(int(name) for name in names(text))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not whole numbers, separated by commas") from None


def arms(text: str) -> tuple[Arm, ...]:
    """Arms separated by commas."""
    try:
        return tuple(map(arm, names(text)))
    except UsageError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def run(options: argparse.Namespace) -> int:
    """Measures, prints the table and the verdict; 1 when a trial could not be measured."""
    from rich.console import Console

    from locust_asyncdjango.lab import progress, report, runner
    from locust_asyncdjango.lab.matrix import trials
    from locust_asyncdjango.lab.results import ResultsFolder
    from locust_asyncdjango.lab.trial import length_s

    experiment = experiment_of(options)
    if options.dry_run:
        print(report.plan(trials(experiment), length_s(experiment.load)))
        return 0
    folder = ResultsFolder(options.output or Path("results") / datetime.now().strftime("%Y-%m-%d-%H%M%S"))
    console = Console()
    try:
        with progress.shown(console) as announce:
            results = runner.run(experiment, folder, announce)
    except Interrupted:
        print(f"stopped; the same command with --output {folder.path} goes on from here", file=sys.stderr)
        raise
    recorded = {r.trial.id: series for r in results if (series := folder.series(r.trial))}
    page = folder.write_report(html=report.html(results, recorded), md=report.markdown(results))
    console.print(report.terminal_table(results))
    for sentence in report.verdict(results):
        console.print(sentence, highlight=False, soft_wrap=True)
    console.print(f"Report: {page}", highlight=False, soft_wrap=True)
    return 0 if all(result.figures for result in results) else 1


def report_run(options: argparse.Namespace) -> int:
    """Writes the report of one run and says where it is."""
    from locust_asyncdjango.lab import one_run
    from locust_asyncdjango.series import SeriesError, read

    output: Path = options.output or options.series.with_suffix(".html")
    if output.suffix != ".html":
        raise UsageError(f"--output {output} does not end with .html; beside it come .md and .json")
    made_of = {path.resolve() for path in (options.series, options.failures) if path}
    if overwritten := [path for path in one_run.written(output) if path.resolve() in made_of]:
        raise UsageError(f"{overwritten[0]}, of which the report is made, would be overwritten; name another --output")
    try:
        series = read(options.series)
    except SeriesError as error:
        raise UsageError(str(error)) from None
    failures = one_run.read_failures(options.failures, series.header)
    try:
        told = one_run.told(series, failures)
        one_run.write(told, output)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UsageError(f"{options.series} or its failures are damaged: {error!r}") from None
    print(told.verdict)
    print(f"Report: {output}")
    return 0


def experiment_of(options: argparse.Namespace) -> Experiment:
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
        factors=tuple(sorted(item for item in os.environ.items() if item[0].startswith("TARGET_SITE_"))),
        latencies_ms=options.latency_ms,
        client_latency_ms=options.client_latency_ms,
        workers=options.workers,
        own_servers=options.own_servers,
        repeats=options.repeats,
        a_a_pairs=int(options.repeats > 1) if options.a_a_pairs is None else options.a_a_pairs,
        until_decided=options.until_decided,
        pin=options.pin,
    )


def keep_up(options: argparse.Namespace) -> int:
    """Keeps servers and their services up; 1 when they end by themselves."""
    from locust_asyncdjango.lab import serve

    if options.all and options.server:
        raise UsageError(f"name {options.server} or --all, not both")
    wanted = serve.Wanted(options.posts, options.max_connections, options.latency_ms, options.workers, options.port)
    check_conditions((options.max_connections,), (options.latency_ms,))
    if options.all:
        serve.side_by_side(wanted)
    else:
        serve.one(options.server or DEFAULT_SERVER, wanted)
    return 0


def ends_by_ctrl_c(options: argparse.Namespace) -> bool:
    """Whether a command goes on until it is stopped, so that this is no failure."""
    return options.command is keep_up or (options.command is with_services and not command_given(options))


def with_services(options: argparse.Namespace) -> int:
    """Runs a command beside the site's services and returns its exit code; without one, keeps them up."""
    from locust_asyncdjango.lab import beside

    check_conditions((options.max_connections,), (options.latency_ms,))
    return beside.run(command_given(options), options.posts, options.max_connections, options.latency_ms)


def command_given(options: argparse.Namespace) -> list[str]:
    """The command behind the flags, without the -- that may separate them."""
    argv: list[str] = options.argv
    return argv[1:] if argv[:1] == ["--"] else argv


def start_project(options: argparse.Namespace) -> int:
    """Writes a project and says what to do with it."""
    from locust_asyncdjango.lab import startproject

    name = startproject.write_project(options.folder, options.name)
    print(startproject.next_steps(options.folder, name))
    return 0


def show_list(_options: argparse.Namespace) -> int:
    """Prints what there is."""
    from locust_asyncdjango.lab.trial import locustfile

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


if __name__ == "__main__":
    sys.exit(main())
