"""What the benchmarks have in common: how one ends, and the figures that it prints."""

import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from locust_asyncdjango.lab.errors import LabError, TrialError
from locust_asyncdjango.lab.process import Interrupted, stop_signals_as_interrupts

Options = TypeVar("Options")


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


def spread(values: Sequence[float], digits: int = 0) -> str:
    """Median and extremes."""
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}..{max(values):.{digits}f})"
