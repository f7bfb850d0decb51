"""``locust-asyncdjango``: run | report | compare | serve | services | startproject | list."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from locust_asyncdjango._version import __version__
from locust_asyncdjango.lab.commands import run
from locust_asyncdjango.lab.environment.process import Interrupted, raise_open_file_limit, stop_signals_as_interrupts
from locust_asyncdjango.lab.environment.servers import PUBLISHED, SERVERS
from locust_asyncdjango.lab.errors import LabError, TrialError, UsageError
from locust_asyncdjango.lab.experiment.config_file import ExperimentFile, read_experiment
from locust_asyncdjango.lab.experiment.presets import PRESETS
from locust_asyncdjango.lab.experiment.spec import DEFAULT_MAX_CONNECTIONS, Arm, arm
from locust_asyncdjango.routes import ROUTES

DEFAULT_POSTS = 1_000_000
DEFAULT_POSTS_OF_SERVICES = 1000

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
    raise_open_file_limit()
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
        extra = "report" if options.command is run.report and not options.made_of.is_dir() else "lab"
        message, code = f"this needs {error.name}: pip install 'locust-asyncdjango[{extra}]'", 2
    print(f"locust-asyncdjango: error: {message}", file=sys.stderr)
    return code


def parser() -> argparse.ArgumentParser:
    """The commands and their flags."""
    top = Parser(prog="locust-asyncdjango", description="Sync or async Django? Measure it.")
    top.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    subparsers = top.add_subparsers(metavar="COMMAND", required=True)

    def add(name: str, command: Command, text: str) -> argparse.ArgumentParser:
        subparser = subparsers.add_parser(name, help=text, description=text)
        subparser.set_defaults(command=command)
        return subparser

    measuring = add("run", run.run, "Measure routes on servers, one after another, and compare them.")
    add_what_to_measure(measuring)
    add_load(measuring)
    add_conditions(measuring)
    reporting = add("report", run.report, "Make the report of one run, or again that of a results folder.")
    add_what_is_reported(reporting)
    comparing = add("compare", run.compare, "Tell what has changed from one results folder to another.")
    add_what_is_compared(comparing)
    serving = add("serve", run.serve_until_stopped, "Keep a server and its services up until Ctrl-C.")
    serving.add_argument("server", nargs="?", help=f"its name (default: {run.DEFAULT_SERVER})")
    serving.add_argument("--all", action="store_true", help="every installed server, from port 8000; slow API on 5000")
    serving.add_argument("--port", type=int, help="of the first server (default: 8000, or a free one for one server)")
    add_workers(serving)
    add_services(serving, DEFAULT_POSTS)
    providing = add("services", run.with_services, "Keep the site's services up until a command ends, or Ctrl-C.")
    providing.usage = "%(prog)s [-h] [--posts N] [--max-connections N] [--latency-ms N] [--] [COMMAND ...]"
    add_services(providing, DEFAULT_POSTS_OF_SERVICES)
    providing.add_argument(
        "argv", nargs=argparse.REMAINDER, metavar="COMMAND", help="finds them in DATABASE_URL, REDIS_URL, SLOW_API_URL"
    )
    starting = add("startproject", run.start_project, "Write site and locustfiles as a project of your own.")
    starting.add_argument("folder", type=Path, metavar="DIR", help="where: a new or an empty folder")
    starting.add_argument("--name", help="of the site's package (default: the folder's, with _ for -)")
    add("list", run.show_list, "Show routes, variants and servers, and where the example locustfiles are.")
    return top


def add_what_is_reported(reporting: argparse.ArgumentParser) -> None:
    """What report takes."""
    reporting.add_argument(
        "made_of", type=Path, metavar="SERIES", help="what Locust wrote with --series, or a results folder of run"
    )
    reporting.add_argument("--failures", type=Path, metavar="FILE", help="what --failures has written in the same run")
    reporting.add_argument("--output", type=Path, metavar="FILE", help="default: SERIES with .html for its ending")


def add_what_is_compared(comparing: argparse.ArgumentParser) -> None:
    """What compare takes."""
    for name in ("before", "after"):
        comparing.add_argument(name, type=Path, metavar=name.upper(), help="a results folder of run")
    comparing.add_argument(
        "--tolerate",
        type=share,
        default=0.1,
        metavar="SHARE",
        help="how much less an arm may carry, such as 10%% or 0.1; more ends with exit code 3 (default: 10%%)",
    )
    comparing.add_argument("--output", type=Path, metavar="FILE", help="HTML to write; beside it come .md and .json")


def with_file(options: argparse.Namespace, arguments: Sequence[str]) -> argparse.Namespace:
    """The options with those that an experiment's file adds; the command line comes after it, and so has the last word.
    Raises UsageError."""
    if options.command is not run.run:
        return options
    if options.resume:
        if vars(options) != vars(parser().parse_args(["run", "--resume", str(options.resume)])):
            raise UsageError("--resume goes on with what the folder's experiment asks for: leave all else out")
        return options
    file = read_experiment(options.experiment) if options.experiment else ExperimentFile()
    flags = [flag for flag in file.flags if flag.partition("=")[0] not in _replaced(options)]
    preset = parser().parse_args(["run", *flags, *arguments[1:]]).preset
    options = parser().parse_args(["run", *flags, *PRESETS.get(preset, ()), *arguments[1:]])
    options.own_servers = file.own_servers
    return options


def _replaced(options: argparse.Namespace) -> Sequence[str]:
    """The flags of a file in whose place comes what the command line compares."""
    if options.arms:
        return ("--servers", "--variants", "--max-connections")
    usual = parser().parse_args(["run"])
    named = (getattr(options, name) != getattr(usual, name) for name in ("servers", "variants", "max_connections"))
    return ("--arms",) if any(named) else ()


def add_what_to_measure(measuring: argparse.ArgumentParser) -> None:
    """What run alone takes."""
    measuring.add_argument(
        "experiment", nargs="?", type=Path, metavar="FILE", help="a TOML file with these flags and servers of your own"
    )
    measuring.add_argument(
        "--resume", type=Path, metavar="DIR", help="go on with a results folder whose run was stopped"
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
    add_repeats(measuring)
    measuring.add_argument(
        "--pin",
        default="auto",
        metavar="CORES",
        help="processors of generator, server and services, such as 0:1-2:3; off, or auto: from 4 processors on",
    )
    measuring.add_argument("--dry-run", action="store_true", help="print what would be run and how long it takes")
    measuring.add_argument("--output", type=Path, help="the results folder (default: results/<date and time>)")


def add_load(measuring: argparse.ArgumentParser) -> None:
    """How hard run measures, and how long."""
    measuring.add_argument(
        "--preset",
        choices=PRESETS,
        default="",
        help="a load by name, in place of the file's: quick takes seconds a trial",
    )
    measuring.add_argument("--shape", default="RampTo500", help="Locust load shape (default: %(default)s)")
    measuring.add_argument("-u", "--users", default="", help="the shape's cap, in users")
    measuring.add_argument("-r", "--spawn-rate", default="", help="the shape's rate, in users a second")
    measuring.add_argument("-t", "--run-time", default="", help="the shape's length, such as 40s or 3m")


def add_repeats(measuring: argparse.ArgumentParser) -> None:
    """How often run measures."""
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
        "--until-decided",
        action=argparse.BooleanOptionalAction,
        default=False,
        help="repeat what is compared no more often than its verdict takes to be sure",
    )


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


def share(text: str) -> float:
    """10% or 0.1."""
    try:
        number = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        number = -1.0
    if not 0 <= number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no share below 1, such as 10% or 0.1")
    return number


def ends_by_ctrl_c(options: argparse.Namespace) -> bool:
    """Whether a command goes on until it is stopped, so that this is no failure."""
    without_command = options.command is run.with_services and not run.command_given(options)
    return options.command is run.serve_until_stopped or without_command


if __name__ == "__main__":
    sys.exit(main())
