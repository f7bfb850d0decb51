"""``locust-asyncdjango``: run | report | compare | serve | services | startproject | list."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from locust_asyncdjango._version import __version__
from locust_asyncdjango.lab.commands import compare, report, run, serve, services, startproject
from locust_asyncdjango.lab.commands import list as list_command
from locust_asyncdjango.lab.commands.arguments import (
    DEFAULT_POSTS,
    DEFAULT_POSTS_OF_SERVICES,
    Parser,
    add_conditions,
    add_load,
    add_services,
    add_what_is_compared,
    add_what_is_reported,
    add_what_to_measure,
    add_workers,
)
from locust_asyncdjango.lab.environment.process import Interrupted, raise_open_file_limit, stop_signals_as_interrupts
from locust_asyncdjango.lab.errors import LabError, TrialError, UsageError
from locust_asyncdjango.lab.experiment.config_file import ExperimentFile, read_experiment
from locust_asyncdjango.lab.experiment.presets import PRESETS

Command = Callable[[argparse.Namespace], int]


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
        extra = "report" if options.command is report.report and not options.made_of.is_dir() else "lab"
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
    reporting = add("report", report.report, "Make the report of one run, or again that of a results folder.")
    add_what_is_reported(reporting)
    comparing = add("compare", compare.compare, "Tell what has changed from one results folder to another.")
    add_what_is_compared(comparing)
    serving = add("serve", serve.serve_until_stopped, "Keep a server and its services up until Ctrl-C.")
    serving.add_argument("server", nargs="?", help=f"its name (default: {serve.DEFAULT_SERVER})")
    serving.add_argument("--all", action="store_true", help="every installed server, from port 8000; slow API on 5000")
    serving.add_argument("--port", type=int, help="of the first server (default: 8000, or a free one for one server)")
    add_workers(serving)
    add_services(serving, DEFAULT_POSTS)
    providing = add("services", services.with_services, "Keep the site's services up until a command ends, or Ctrl-C.")
    providing.usage = "%(prog)s [-h] [--posts N] [--max-connections N] [--latency-ms N] [--] [COMMAND ...]"
    add_services(providing, DEFAULT_POSTS_OF_SERVICES)
    providing.add_argument(
        "argv", nargs=argparse.REMAINDER, metavar="COMMAND", help="finds them in DATABASE_URL, REDIS_URL, SLOW_API_URL"
    )
    starting = add("startproject", startproject.start_project, "Write site and locustfiles as a project of your own.")
    starting.add_argument("folder", type=Path, metavar="DIR", help="where: a new or an empty folder")
    starting.add_argument("--name", help="of the site's package (default: the folder's, with _ for -)")
    add("list", list_command.show_list, "Show routes, variants and servers, and where the example locustfiles are.")
    return top


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


def ends_by_ctrl_c(options: argparse.Namespace) -> bool:
    """Whether a command goes on until it is stopped, so that this is no failure."""
    without_command = options.command is services.with_services and not services.command_given(options)
    return options.command is serve.serve_until_stopped or without_command


if __name__ == "__main__":
    sys.exit(main())
