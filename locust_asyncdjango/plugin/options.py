"""Our command-line flags in Locust: defined once, as the fields of ``Options``, and parsed into one frozen object."""

import argparse
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Self

from locust.argument_parser import LocustArgumentParser

from locust_asyncdjango.analysis.conditions.objective import (
    DEFAULT_OBJECTIVE,
    Objective,
    ObjectiveError,
    parse_objective,
)
from locust_asyncdjango.analysis.thresholds import Threshold, ThresholdError, parse_threshold
from locust_asyncdjango.failures.normalize import safe_line
from locust_asyncdjango.load.shape_registry import ShapeError, create_shape, describe_catalogue
from locust_asyncdjango.metrics.series_file import is_csv

LIVE_MODES = ("panel", "lines", "none")
ENV_PREFIX = "LOCUST_ASYNCDJANGO_"


def _bad_value(message: str) -> argparse.ArgumentTypeError:
    return argparse.ArgumentTypeError(safe_line(message))


def _check_shape(name: str) -> str:
    if name == "list":
        print(describe_catalogue(), end="")
        sys.exit(0)
    try:
        if name:
            create_shape(name)
    except ShapeError as error:
        raise _bad_value(str(error)) from None
    return name


def _check_path(path: str) -> str:
    if path and not path.startswith("/"):
        raise _bad_value(f"{path!r} is not a path; begin it with /")
    return path


def _check_variant(name: str) -> str:
    if not re.fullmatch(r"\w*", name, re.ASCII):
        raise _bad_value(f"{name!r} is not a variant's name; use letters, digits and _, as in sync")
    return name


def _check_report(name: str) -> str:
    if name and Path(name).suffix != ".html":
        raise _bad_value(f"{name!r} does not end with .html; write a name such as run.html")
    return name


def _check_live(mode: str) -> str:
    if mode not in ("", *LIVE_MODES):
        raise _bad_value(f"{mode!r} is not one of {', '.join(LIVE_MODES)}")
    return mode


def _check_threshold(text: str) -> str:
    try:
        if text:
            parse_threshold(text)
    except ThresholdError as error:
        raise _bad_value(str(error)) from None
    return text


def _check_objective(text: str) -> str:
    try:
        if text:
            parse_objective(text)
    except ObjectiveError as error:
        raise _bad_value(str(error)) from None
    return text


def _flag(
    metavar: str, text: str, check: Callable[[str], str] = str, *, in_web_ui: bool = False, default: object = ""
) -> Any:
    """Return a field that is a flag with one value.

    in_web_ui: whether the web UI's form has it too. default: the field's value where the user does not set the flag.
    """
    details = {"metavar": metavar, "text": text, "check": check, "in_web_ui": in_web_ui, "repeated": False}
    return field(default=default, metadata=details)


def _repeated_flag(metavar: str, text: str, check: Callable[[str], str] = str) -> Any:
    """Return a field that is a flag which may be repeated."""
    details = {"metavar": metavar, "text": f"{text}. May be repeated", "check": check, "in_web_ui": False}
    return field(default=(), metadata={**details, "repeated": True})


# The shape and the files are set up when Locust starts. Changing them in the web UI would have no effect.
@dataclass(frozen=True, slots=True)
class Options:
    """The values of our flags. A text that the user did not set is "", as Locust's web UI and workers need it."""

    shape: str = _flag(
        "NAME",
        "Load shape, such as Ramp:peak=1000,hold=60, or your own as module:Class. --shape list shows all shapes",
        _check_shape,
    )
    path: str = _flag("PATH", "Request this path, such as /posts/, not the route's own", _check_path, in_web_ui=True)
    variant: str = _flag("NAME", "Request this view variant, such as sync or async", _check_variant, in_web_ui=True)
    series: tuple[str, ...] = _repeated_flag(
        "FILE", "Write one row a second to this file: as CSV if its name ends with .csv, else as JSON lines"
    )
    failures: str = _flag("FILE", "Write the failures by kind and message, with examples, to this JSON file")
    junit: str = _flag("FILE", "Write the outcome of the run to this file as JUnit XML")
    report: str = _flag(
        "FILE", "Write a report of the run to this .html file, and a .md and a .json file next to it", _check_report
    )
    live: str = _flag(
        "HOW",
        "Show a headless run in the terminal: panel, lines or none (default: a panel if stdout is a terminal, else"
        " lines)",
        _check_live,
    )
    objective: Objective = _flag(  # noqa: RUF009
        "OBJECTIVE",
        "What must hold at a load for the capacity to include it, such as 'p95<=300ms, failures<=0.1%'"
        f" (default: {DEFAULT_OBJECTIVE})",
        _check_objective,
        default=DEFAULT_OBJECTIVE,
    )
    fail_on: tuple[Threshold, ...] = _repeated_flag(
        "THRESHOLD",
        "Exit with code 3 if this threshold was crossed, such as 'p95>800ms for 10s', or 'p95{GET /posts/}>800ms' for"
        " the requests with this name",
        _check_threshold,
    )
    stop_on: tuple[Threshold, ...] = _repeated_flag(
        "THRESHOLD", "End the run as soon as this threshold is crossed, such as 'failures>20'", _check_threshold
    )

    @classmethod
    def from_parsed(cls, parsed_options: Any) -> Self:
        """Return our flags from Locust's parsed options.

        Without these options, as in a program that uses Locust as a library, all flags are empty.
        """
        values: dict[str, Any] = {each.name: getattr(parsed_options, each.name, "") or "" for each in fields(cls)}
        for name in ("fail_on", "stop_on"):
            values[name] = tuple(map(parse_threshold, filter(None, values[name])))
        values["objective"] = parse_objective(values["objective"]) if values["objective"] else DEFAULT_OBJECTIVE
        values["series"] = tuple(filter(None, values["series"]))
        if values["report"]:
            _add_files_of_report(values)
        return cls(**values)


def _add_files_of_report(values: dict[str, Any]) -> None:
    """Add the series and the failures that a report is made from, even later, after the run was killed."""
    report = Path(values["report"])
    if all(map(is_csv, values["series"])):
        values["series"] += (str(report.with_suffix(".series.jsonl")),)
    values["failures"] = values["failures"] or str(report.with_suffix(".failures.json"))


def add_options(parser: LocustArgumentParser) -> None:
    """Add our flags to Locust's parser, each with its environment variable, in a group of their own."""
    group = parser.add_argument_group(
        "locust-asyncdjango options", "Missing folders of FILE are made, and a file of an earlier run is overwritten."
    )
    for each in fields(Options):
        details = each.metadata
        variable = ENV_PREFIX + each.name.upper()
        more: dict[str, Any] = {"action": "append", "default": []} if details["repeated"] else {"default": ""}
        action = group.add_argument(
            f"--{each.name.replace('_', '-')}",
            metavar=details["metavar"],
            type=details["check"],
            env_var=variable,
            help=f"{details['text'].replace('%', '%%')} [env var: {variable}]",
            **more,
        )
        # Locust's parser takes this as a keyword of add_argument, but a group of its arguments does not.
        action.include_in_web_ui = details["in_web_ui"]
