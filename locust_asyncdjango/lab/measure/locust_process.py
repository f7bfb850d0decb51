"""Locust as the load of a trial: its command line, what it writes while it runs, and how long a load takes."""

import os
import re
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from locust_asyncdjango.lab.environment.packages import locustfile
from locust_asyncdjango.lab.environment.pinning import pinned_to
from locust_asyncdjango.lab.environment.process import Program, python, running
from locust_asyncdjango.lab.errors import TrialError, UsageError
from locust_asyncdjango.lab.experiment.spec import Load, Trial
from locust_asyncdjango.metrics import series_file

WATCH_INTERVAL_S = 0.5
"""Seconds between two looks at a running trial."""


USER_SHAPE = re.compile(r"[\w.]+:\w+(:.*)?")
"""A --shape that is a class of a module (shape_choice, which is not imported here, as Locust is not)."""


Watch = Callable[[series_file.Series], None]
"""Is told what was recorded so far."""


def run_locust(
    trial: Trial,
    url: str,
    load: Load,
    file: Path,
    watch: Watch,
    every_second: Callable[[], None] = lambda: None,
    cores: frozenset[int] | None = None,
) -> None:
    """Runs Locust against a server until the load's time is over; the series goes to the file."""
    argv = [
        *_locust_argv(trial.route, load),
        *(["--variant", trial.variant] if trial.variant else []),
        "--headless",
        "--only-summary",
        "--loglevel=WARNING",
        "-H",
        url,
        "--series",
        str(file),
        "--failures",
        str(file.with_name("failures.json")),
    ]
    with ExitStack() as stack:
        with pinned_to(cores):
            locust = running(argv, log=file.with_name("locust.log"), env=_locust_env(load))
            program = stack.enter_context(locust)
        next_s = time.monotonic()
        while (code := program.wait(WATCH_INTERVAL_S)) is None:
            _notify(file, watch)
            if time.monotonic() >= next_s:
                next_s += 1
                every_second()
    # Locust's exit code 1 says that requests failed, which is a result.
    if code not in (0, 1):
        raise TrialError(f"Locust failed: {program.last_log_line()}")


def check_load(route: str, load: Load, logs: Path) -> None:
    """Has Locust check the shape and what overrides it, without any request. Raises UsageError."""
    with running([*_locust_argv(route, load), "--list"], log=logs / "check.log", env=_locust_env(load)) as program:
        if program.wait():
            raise UsageError(_last_log_line(program))


def planned_length_s(load: Load) -> float | None:
    """Return how many seconds a load takes, as Locust understands it, or None for a shape that does not say.

    Raise UsageError where Locust would refuse the load.
    """
    argv = python("-m", "locust_asyncdjango.load.shape_length", *load.arguments())
    result = subprocess.run(argv, capture_output=True, text=True, check=False, env=_locust_env(load))
    if result.returncode:
        raise UsageError((result.stderr.strip().splitlines() or ["Locust does not start"])[-1])
    return float(result.stdout) if result.stdout.strip() else None


def _locust_argv(route: str, load: Load) -> list[str]:
    return [*python("-m", "locust"), "-f", str(locustfile(route)), *load.arguments()]


def _locust_env(load: Load) -> dict[str, str]:
    """The environment, without options that the user has set for Locust runs of his own.

    A shape of the user's own is found where the user is.
    """
    env = {name: value for name, value in os.environ.items() if not name.startswith("LOCUST_")}
    if USER_SHAPE.fullmatch(load.shape):
        env["PYTHONPATH"] = os.pathsep.join(filter(None, (str(Path.cwd()), env.get("PYTHONPATH"))))
    return env


def _notify(file: Path, watch: Watch) -> None:
    try:
        watch(series_file.read(file))
    except series_file.SeriesError:
        return  # nothing is written yet


def _last_log_line(program: Program) -> str:
    """What Locust said of an option, in the lab's own name."""
    said = [line for line in program.log_lines() if "error: " in line]
    return said[-1].partition("error: ")[2] if said else f"Locust does not start: {program.last_log_line()}"
