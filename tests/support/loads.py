"""Runs of Locust that end once they have measured what a test needs, however long a busy machine takes for that."""

import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from locust_asyncdjango.metrics import series_file
from locust_asyncdjango.metrics.series_file import Series
from tests.support.programs import locust, running, wait_for


class Load(NamedTuple):
    """A run that has ended: Locust's exit code, what it printed, and its series."""

    code: int
    text: str
    series: Series


def series_so_far(file: Path) -> Series:
    """Return the series of a run that goes on, or an empty one before it has begun."""
    try:
        return series_file.read(file)
    except series_file.SeriesError:
        return Series.from_rows({}, ())


def load_until(
    is_enough: Callable[[Series], bool],
    file: Path,
    *arguments: str | Path,
    env: Mapping[str, str] | None = None,
    cwd: Path = Path("/"),
) -> Load:
    """Run Locust without a window, and stop it with SIGINT as soon as its series so far is enough.

    file: where the series goes, in place of an earlier one. arguments: of Locust, without a length of the run.
    """
    file.unlink(missing_ok=True)
    command = locust(*arguments, "--headless", "--only-summary", "--series", file)
    with running(*command, env=env, cwd=cwd) as program:

        def has_enough() -> bool:
            ended = program.popen.poll()
            assert ended is None, f"it ended with {ended}:\n{program.text}"
            return is_enough(series_so_far(file))

        wait_for(has_enough, lambda: f"its series is never enough:\n{program.text}")
        program.signal(signal.SIGINT)
        return Load(program.end_with_all(), program.text, series_file.read(file))
