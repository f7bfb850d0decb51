"""What the benchmarks have in common: how one ends, and the figures that it prints."""

import statistics
import sys
import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from locust_asyncdjango.lab.commands.arguments import Parser
from locust_asyncdjango.lab.environment.process import Interrupted, stop_signals_as_interrupts
from locust_asyncdjango.lab.errors import LabError, TrialError, UsageError
from locust_asyncdjango.lab.experiment.options import names

Options = TypeVar("Options")


class Parted(Protocol):
    """What is asked of a benchmark that has parts (add_parts)."""

    @property
    def only(self) -> tuple[str, ...]:
        """The parts to be measured."""

    @property
    def keep(self) -> Path | None:
        """Where to leave what they record."""


PartedOptions = TypeVar("PartedOptions", bound=Parted)


def run(
    name: str,
    arguments: Sequence[str] | None,
    parse: Callable[[Sequence[str] | None], Options],
    measure: Callable[[Options, Path], None],
) -> int:
    """Measures in a folder that is removed afterwards, and returns the exit code; whatever was started is stopped.

    No figure makes it fail: 1 is for what could not be measured, 2 for a wrong command.
    """
    try:
        options = parse(arguments)
        with stop_signals_as_interrupts(), tempfile.TemporaryDirectory() as folder:
            measure(options, Path(folder))
        return 0
    except Interrupted as interrupt:
        return 128 + interrupt.signum
    except LabError as error:
        print(f"{name}: error: {error}", file=sys.stderr)
        return 1 if isinstance(error, TrialError) else 2


def add_parts(flags: Parser, parts: Collection[str]) -> None:
    """What a user says of the parts."""
    flags.add_argument("--only", type=names, default=tuple(parts), help=f"of {','.join(parts)} (default: all)")
    flags.add_argument("--keep", type=Path, metavar="DIR", help="keep what is recorded")


def run_parts(
    name: str,
    arguments: Sequence[str] | None,
    parse: Callable[[Sequence[str] | None], PartedOptions],
    parts: Mapping[str, Callable[[PartedOptions, Path], None]],
) -> int:
    """Measures the parts that are asked for, as run does."""

    def parsed(arguments: Sequence[str] | None) -> PartedOptions:
        options = parse(arguments)
        if unknown := set(options.only) - parts.keys():
            raise UsageError(f"--only {unknown.pop()}: choose from {', '.join(parts)}")
        return options

    def measured(options: PartedOptions, folder: Path) -> None:
        kept = (options.keep or folder).absolute()
        kept.mkdir(parents=True, exist_ok=True)
        for part in options.only:
            parts[part](options, kept)

    return run(name, arguments, parsed, measured)


def spread(values: Sequence[float], digits: int = 0) -> str:
    """Median and extremes."""
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}..{max(values):.{digits}f})"
