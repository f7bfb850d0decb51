"""The command-line code that the commands share: the parser, a command's description, flags, and values of flags."""

import argparse
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn

from locust_asyncdjango.failures.normalize import safe_line
from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.experiment.arm import DEFAULT_MAX_CONNECTIONS
from locust_asyncdjango.lab.experiment.config_file import OPTIONS
from locust_asyncdjango.lab.experiment.options import Option, whole_number


class Parser(argparse.ArgumentParser):
    """A parser that reports an error in one line.

    Flags cannot be abbreviated, because their full names are also the keys of an experiment file.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings, allow_abbrev=False)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse as argparse does, but refuse unknown arguments here, where the command whose help to name is known."""
        parsed, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return parsed, unknown

    def error(self, message: str) -> NoReturn:
        """Print the message and where the flags are listed, and exit with 2. The program's name begins all errors."""
        self.exit(2, f"{self.prog.split()[0]}: error: {safe_line(message)} (see {self.prog} --help)\n")


def _no_arguments(parser: argparse.ArgumentParser) -> None:
    """Add nothing to the parser: the command has no arguments."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command of ``locust-asyncdjango``.

    summary: its line in the list of commands, and the beginning of its own help.
    execute: runs it with the parsed options and returns the exit code.
    add_arguments: adds its arguments to its parser.
    description: the beginning of its own help, where the summary is not enough.
    required_extra: the extra of this package that has all it imports.
    """

    name: str
    summary: str
    execute: Callable[[argparse.Namespace], int]
    add_arguments: Callable[[argparse.ArgumentParser], None] = _no_arguments
    description: str = ""
    required_extra: Callable[[argparse.Namespace], str] = lambda _options: "lab"


def add_options(parser: argparse.ArgumentParser, options: Iterable[Option]) -> None:
    """Add the flags of options, under the headings of their groups. A flag that is not used gets no attribute."""
    groups: dict[str, Any] = {}
    for option in options:
        if option.group not in groups:
            is_default = option.group == "options"
            groups[option.group] = parser if is_default else parser.add_argument_group(option.group)
        flags = [flag for flag in (option.short, option.flag) if flag]
        settings: dict[str, Any] = {"default": argparse.SUPPRESS, "help": option.full_help.replace("%", "%%")}
        if option.is_switch:
            settings["action"] = argparse.BooleanOptionalAction
        else:
            settings |= {"type": argument_type(option.parse), "metavar": option.metavar or option.name.upper()}
        groups[option.group].add_argument(*flags, **settings)


def add_numbers(parser: argparse.ArgumentParser, defaults: Mapping[str, int]) -> None:
    """Add options of ``run`` to a command that accepts one whole number for each. defaults: by key of the option."""
    for key, default in defaults.items():
        one = replace(OPTIONS[key], parse=whole_number, default=default, group="options", metavar="N", several_text="")
        add_options(parser, [one])
    parser.set_defaults(**defaults)


def add_service_options(parser: argparse.ArgumentParser, posts: int) -> None:
    """Add the flags of a command that keeps services running. posts: the default of --posts."""
    add_numbers(parser, {"posts": posts, "max_connections": DEFAULT_MAX_CONNECTIONS, "latency_ms": 0})


def argument_type(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    """Return ``parse`` as a type for argparse, which then reports its UsageError with the name of the flag."""

    def parse_argument(text: str) -> Any:
        try:
            return parse(text)
        except UsageError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return parse_argument


def parse_share(text: str) -> float:
    """Return the share, from 0 to below 1, in a text such as 10% or 0.1. Raise ArgumentTypeError."""
    try:
        number = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        number = -1.0
    if number >= 1:
        raise argparse.ArgumentTypeError(f"{text!r} must be below 100 %, such as 10% or 0.1")
    if not number >= 0:  # not a number, too
        raise argparse.ArgumentTypeError(f"{text!r} is not a share, such as 10% or 0.1")
    return number


def require_html(output: Path | None) -> None:
    """Raise UsageError for a report whose name does not end with .html."""
    if output and output.suffix != ".html":
        raise UsageError(f"--output {output} does not end with .html; .md and .json files are written next to it")
