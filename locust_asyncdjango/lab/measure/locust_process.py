"""Locust as the load of a trial: its command line, what it writes while it runs, and how long a load takes."""

import os
import re
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from locust_asyncdjango.lab.environment.packages import locustfile
from locust_asyncdjango.lab.environment.pinning import on_cores
from locust_asyncdjango.lab.environment.process import Program, python, running
from locust_asyncdjango.lab.errors import TrialError, UsageError
from locust_asyncdjango.lab.experiment.spec import Load, Trial
from locust_asyncdjango.metrics import series_file

LOOK_S = 0.5
"""Seconds between two looks at a running trial."""


OWN_SHAPE = re.compile(r"[\w.]+:\w+(:.*)?")
"""A --shape that is a class of a module (shape_choice, which is not imported here, as Locust is not)."""


ASK_LENGTH = """
import sys
from types import SimpleNamespace
from locust.util.timespan import parse_timespan
from locust_asyncdjango.shape_choice import shape_named
name, *given = sys.argv[1:]
readers = {"num_users": int, "spawn_rate": float, "run_time": parse_timespan}
options = {option: read(text) if text else None for (option, read), text in zip(readers.items(), given)}
shape = shape_named(name)
shape.runner = SimpleNamespace(environment=SimpleNamespace(parsed_options=SimpleNamespace(**options)))
print(options["run_time"] or getattr(shape, "run_time", None) or "")
"""


Watch = Callable[[series_file.Series], None]
"""Is told what was recorded so far."""


def attack(
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
        *_locust(trial.route, load),
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
        with on_cores(cores):
            locust = running(argv, log=file.with_name("locust.log"), env=_locust_env(load))
            program = stack.enter_context(locust)
        next_s = time.monotonic()
        while (code := program.wait(LOOK_S)) is None:
            _look(file, watch)
            if time.monotonic() >= next_s:
                next_s += 1
                every_second()
    # Locust's exit code 1 says that requests failed, which is a result.
    if code not in (0, 1):
        raise TrialError(f"Locust failed: {program.last_log_line()}")


def check_load(route: str, load: Load, logs: Path) -> None:
    """Has Locust check the shape and what overrides it, without any request. Raises UsageError."""
    with running([*_locust(route, load), "--list"], log=logs / "check.log", env=_locust_env(load)) as program:
        if program.wait():
            raise UsageError(_last_log_line(program))


def length_s(load: Load) -> float | None:
    """How long a load takes, as Locust understands it; None for a shape that does not say. Raises UsageError."""
    given = (load.shape, load.users, load.spawn_rate, load.run_time)
    asked = subprocess.run(python("-c", ASK_LENGTH, *given), capture_output=True, text=True, check=False)
    if asked.returncode:
        raise UsageError((asked.stderr.strip().splitlines() or ["Locust does not start"])[-1].partition(": ")[2])
    return float(asked.stdout) if asked.stdout.strip() else None


def _locust(route: str, load: Load) -> list[str]:
    return [*python("-m", "locust"), "-f", str(locustfile(route)), *load.arguments()]


def _locust_env(load: Load) -> dict[str, str]:
    """The environment, without options that the user has set for Locust runs of his own.

    A shape of the user's own is found where the user is.
    """
    env = {name: value for name, value in os.environ.items() if not name.startswith("LOCUST_")}
    if OWN_SHAPE.fullmatch(load.shape):
        env["PYTHONPATH"] = os.pathsep.join(filter(None, (str(Path.cwd()), env.get("PYTHONPATH"))))
    return env


def _look(file: Path, watch: Watch) -> None:
    try:
        watch(series_file.read(file))
    except series_file.SeriesError:
        return  # nothing is written yet


def _last_log_line(program: Program) -> str:
    """What Locust said of an option, in the lab's own name."""
    said = [line for line in program.said() if "error: " in line]
    return said[-1].partition("error: ")[2] if said else f"Locust does not start: {program.last_log_line()}"
