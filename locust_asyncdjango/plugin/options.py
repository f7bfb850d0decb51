"""Our command-line flags in Locust, parsed once into one frozen Options."""

import argparse
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from locust.argument_parser import LocustArgumentParser

from locust_asyncdjango.analysis.thresholds import Threshold, ThresholdError, parse_threshold
from locust_asyncdjango.load.shape_registry import ShapeError, create_shape, describe_catalogue

LIVE = ("panel", "lines", "none")
ENV_PREFIX = "LOCUST_ASYNCDJANGO_"


@dataclass(frozen=True, slots=True)
class Options:
    """What the user asked for. A string that was not given is "", as Locust's web UI and workers want it."""

    shape: str = ""
    path: str = ""
    variant: str = ""
    series: tuple[str, ...] = ()
    failures: str = ""
    junit: str = ""
    report: str = ""
    live: str = ""
    fail_on: tuple[Threshold, ...] = ()
    stop_on: tuple[Threshold, ...] = ()

    @classmethod
    def from_parsed(cls, parsed_options: Any) -> Self:
        """Reads Locust's parsed options, which lack ours where Locust is used as a library."""
        given: dict[str, Any] = {name: getattr(parsed_options, name, "") or "" for name in cls.__slots__}
        for name in ("fail_on", "stop_on"):
            given[name] = tuple(map(parse_threshold, filter(None, given[name])))
        given["series"] = tuple(filter(None, given["series"]))
        if given["report"]:
            _keep_what_it_is_made_of(given)
        return cls(**given)


def is_csv(series: str) -> bool:
    """Whether a series of this name is written as CSV, not as JSON lines."""
    return series.lower().endswith(".csv")


def _keep_what_it_is_made_of(given: dict[str, Any]) -> None:
    """A report can be made again from a run's series and failures, also of a run that was killed."""
    report = Path(given["report"])
    if all(map(is_csv, given["series"])):
        given["series"] += (str(report.with_suffix(".series.jsonl")),)
    given["failures"] = given["failures"] or str(report.with_suffix(".failures.json"))


def add_options(parser: LocustArgumentParser) -> None:
    """Adds our flags, each with its environment variable, in a group of their own."""
    group = parser.add_argument_group("locust-asyncdjango options")

    def add(
        name: str, metavar: str, text: str, *, check: Callable[[str], str] = str, in_web_ui: bool = False, **more: Any
    ) -> None:
        variable = ENV_PREFIX + name.upper()
        action = group.add_argument(
            f"--{name.replace('_', '-')}",
            metavar=metavar,
            type=check,
            env_var=variable,
            help=f"{text} [env var: {variable}]",
            **{"default": "", **more},
        )
        # Locust's own keyword for this is known to its parser, not to the groups of one.
        action.include_in_web_ui = in_web_ui

    # A shape and a file are set up when Locust starts; changing them in the web UI would have no effect.
    add(
        "shape",
        "NAME",
        "Load shape, as Ramp:peak=1000,hold=60, or your own, as module:Class; list shows all there are",
        check=_shape,
    )
    add("path", "PATH", "Path to ask for instead of the route's own, such as /posts/", check=_path, in_web_ui=True)
    add("variant", "NAME", "View variant to ask for, such as sync or async", check=_variant, in_web_ui=True)
    repeated: dict[str, Any] = {"action": "append", "default": []}
    add("series", "FILE", "Write one row a second to this file: .csv, or else JSON lines; may be repeated", **repeated)
    add("failures", "FILE", "Write the failures by kind and message, with samples (JSON), to this file")
    add("junit", "FILE", "Write the outcome as JUnit XML to this file")
    add("report", "FILE", "Write a report of the run to this .html file, and beside it .md and .json", check=_report)
    add("live", "HOW", "Show a headless run as it goes: panel, lines or none (default: by what stdout is)", check=_live)
    limits: dict[str, Any] = {"check": _threshold, **repeated}
    add("fail_on", "LIMIT", "Exit with 3 if this is so, as in 'p95>800ms for 10s'; may be repeated", **limits)
    add("stop_on", "LIMIT", "End the run as soon as this is so; may be repeated", **limits)


def _shape(name: str) -> str:
    if name == "list":
        print(describe_catalogue(), end="")
        sys.exit(0)
    try:
        if name:
            create_shape(name)
    except ShapeError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return name


def _report(name: str) -> str:
    if name and Path(name).suffix != ".html":
        raise argparse.ArgumentTypeError(f"{name!r} does not end with .html; beside it come .md and .json")
    return name


def _live(how: str) -> str:
    if how not in ("", *LIVE):
        raise argparse.ArgumentTypeError(f"{how!r} is none of {', '.join(LIVE)}")
    return how


def _path(path: str) -> str:
    if path and not path.startswith("/"):
        raise argparse.ArgumentTypeError(f"{path!r} is not a path; begin it with /")
    return path


def _variant(name: str) -> str:
    if not re.fullmatch(r"\w*", name, re.ASCII):
        raise argparse.ArgumentTypeError(f"{name!r} is not a variant's name; use letters, digits and _, as in sync")
    return name


def _threshold(text: str) -> str:
    try:
        if text:
            parse_threshold(text)
    except ThresholdError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text
