"""What all benchmarks share: how one runs and ends, and how it prints figures."""

import statistics
import sys
import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from math import comb
from pathlib import Path
from typing import NamedTuple, Protocol, TypeVar

from locust_asyncdjango.lab.commands.arguments import Parser
from locust_asyncdjango.lab.environment.process import Interrupted, stop_signals_as_interrupts
from locust_asyncdjango.lab.errors import LabError, TrialError, UsageError
from locust_asyncdjango.lab.experiment.options import names
from locust_asyncdjango.metrics.statistics import ERROR

Options = TypeVar("Options")


class PartOptions(Protocol):
    """The options of a benchmark in parts, which ``add_parts`` adds to its flags."""

    @property
    def only(self) -> tuple[str, ...]:
        """The names of the parts to measure."""

    @property
    def keep(self) -> Path | None:
        """The folder to keep what they record in; None to remove it."""


PartedOptions = TypeVar("PartedOptions", bound=PartOptions)


def run(
    name: str,
    arguments: Sequence[str] | None,
    parse: Callable[[Sequence[str] | None], Options],
    measure: Callable[[Options, Path], None],
) -> int:
    """Run a benchmark, stop all that it has started, and return the exit code.

    measure: called with the options and a folder that is removed afterwards.
    The exit code does not depend on the figures: 1 is for what could not be measured, 2 for a wrong command line.
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
    """Add the flags of a benchmark that has parts."""
    flags.add_argument(
        "--only", type=names, default=tuple(parts), help=f"parts to measure, of {','.join(parts)} (default: all)"
    )
    flags.add_argument("--keep", type=Path, metavar="DIR", help="keep what is recorded")


def run_parts(
    name: str,
    arguments: Sequence[str] | None,
    parse: Callable[[Sequence[str] | None], PartedOptions],
    parts: Mapping[str, Callable[[PartedOptions, Path], None]],
) -> int:
    """Run the parts of a benchmark that --only names, as ``run`` does, and return the exit code."""

    def parsed(arguments: Sequence[str] | None) -> PartedOptions:
        options = parse(arguments)
        if unknown := set(options.only) - parts.keys():
            raise UsageError(f"--only {unknown.pop()}: choose from {', '.join(parts)}")
        return options

    def measured(options: PartedOptions, folder: Path) -> None:
        results = (options.keep or folder).absolute()
        results.mkdir(parents=True, exist_ok=True)
        for part in options.only:
            parts[part](options, results)

    return run(name, arguments, parsed, measured)


def spread(values: Sequence[float], digits: int = 0) -> str:
    """Return the median and the extremes of values, as a text to print."""
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}..{max(values):.{digits}f})"


class MedianInterval(NamedTuple):
    """A median with its 95 % interval, which holds whatever the distribution of the values is."""

    low: float
    median: float
    high: float

    def text(self, digits: int = 0) -> str:
        """Return it as a text to print."""
        return f"{self.median:.{digits}f} ({self.low:.{digits}f}..{self.high:.{digits}f})"


def median_interval(values: Sequence[float]) -> MedianInterval:
    """Return the median of values with its interval, which begins at the k-th lowest and ends at the k-th highest.

    Of fewer than six values k is 1 too, and the interval has less than 95 %.
    """
    ordered, count = sorted(values), len(values)
    k = outside = 0
    while 2 * (outside + comb(count, k)) <= ERROR * 2**count:
        outside += comb(count, k)
        k += 1
    first = max(k, 1) - 1
    return MedianInterval(ordered[first], statistics.median(ordered), ordered[count - 1 - first])
