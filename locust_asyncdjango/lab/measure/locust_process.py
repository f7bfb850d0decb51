"""Locust as the load of a trial: its command line, the series that it writes, and how long a load takes.

Locust runs in a process of its own. The lab does not import it, since Locust patches its process with gevent.
"""

import os
import re
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from locust_asyncdjango.lab.environment.pinning import pinned_to
from locust_asyncdjango.lab.environment.process import Program, python, running
from locust_asyncdjango.lab.errors import TrialError, UsageError
from locust_asyncdjango.lab.experiment.spec import Load
from locust_asyncdjango.lab.measure.sites.measured_site import Users
from locust_asyncdjango.lab.measure.supervision import AGAIN
from locust_asyncdjango.metrics import series_file

WATCH_INTERVAL_S = 0.5
"""Seconds between two calls of a watch."""

STALL_DEADLINE_S = 60
"""Seconds without a new row, or before the first one, after which Locust hangs. It starts within seconds."""

USER_SHAPE = re.compile(r"[\w.]+:\w+(:.*)?")
"""A --shape that names a class in a module of the user's own: module:Class."""

Watch = Callable[[series_file.Series], None]
"""Called twice a second with the series of the current trial so far."""


def run_locust(
    users: Users,
    url: str,
    load: Load,
    file: Path,
    watch: Watch,
    every_second: Callable[[int], None] = lambda _: None,
    processors: frozenset[int] | None = None,
) -> None:
    """Run Locust until the load is over.

    users: what sends the requests. url: the address of the site, as users reach it.
    file: the series to write; Locust's log and its failures are written to the same folder.
    watch: called with the series so far. every_second: called once a second, with the process id of Locust.
    processors: those that Locust runs on; None for all.
    Raise TrialError where Locust fails. Failed requests are part of the result, and not an error.
    """
    argv = [
        *_locust_argv(users, load),
        "--headless",
        "--only-summary",
        "--loglevel=WARNING",
        "--series",
        str(file),
        "--failures",
        str(file.with_name("failures.json")),
    ]
    with ExitStack() as stack:
        with pinned_to(processors):
            log, env = file.with_name("locust.log"), {**_locust_env(load, url), **users.env}
            program = stack.enter_context(running(argv, name="Locust", log=log, env=env, cwd=users.folder))
        growth = GrowthMonitor(file)
        next_s = time.monotonic()
        while (code := program.wait(WATCH_INTERVAL_S)) is None:
            growth.check()
            _notify(file, watch)
            if time.monotonic() >= next_s:
                next_s += 1
                every_second(program.pid)
        if time.monotonic() >= next_s - WATCH_INTERVAL_S:
            every_second(program.pid)  # what happened in the last second counts too
    # With exit code 1 Locust reports that requests have failed, which is a result.
    if code not in (0, 1):
        raise TrialError(f"Locust ended early, {program.end_text(code)}; {AGAIN}")


class GrowthMonitor:
    """Notices when a file no longer grows. Locust writes a row a second, so that it hangs or stands still then."""

    def __init__(self, file: Path, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin to watch a file, which need not be there yet. clock: for tests."""
        self._file, self._clock = file, clock
        self._size, self._since_s = -1, clock()

    def check(self) -> None:
        """Raise TrialError where the file has not grown for STALL_DEADLINE_S."""
        size = self._file.stat().st_size if self._file.exists() else 0
        if size != self._size:
            self._size, self._since_s = size, self._clock()
        elif self._clock() - self._since_s > STALL_DEADLINE_S:
            raise TrialError(f"Locust stood still: it has recorded nothing for {STALL_DEADLINE_S} s; {AGAIN}")


def check_load(users: Users, load: Load, logs: Path) -> None:
    """Let Locust check a load without sending a request. Raise UsageError with Locust's message if it is refused."""
    argv, env = [*_locust_argv(users, load), "--list"], {**_locust_env(load), **users.env}
    with running(argv, log=logs / "check.log", env=env, cwd=users.folder) as program:
        if program.wait():
            raise UsageError(_flag_error(program))


def planned_length_s(load: Load) -> float | None:
    """Return how many seconds a load takes according to Locust; None for a shape that does not say.

    Raise UsageError where Locust would refuse the load.
    """
    argv = python("-m", "locust_asyncdjango.load.shape_length", *load.arguments())
    result = subprocess.run(argv, capture_output=True, text=True, check=False, env=_locust_env(load))
    if result.returncode:
        raise UsageError((result.stderr.strip().splitlines() or ["Locust does not start"])[-1])
    return float(result.stdout) if result.stdout.strip() else None


def _locust_argv(users: Users, load: Load) -> list[str]:
    argv = [*python("-m", "locust"), "-f", str(users.locustfile), *users.arguments]
    return [*argv, *load.arguments(), "--objective", load.objective]


def _locust_env(load: Load, url: str = "") -> dict[str, str]:
    """Return the environment for Locust, without the variables of Locust's options, which users set for other runs.

    url: the address to load. Its password would show in a list of processes if it were a flag.
    A shape of the user's own is imported from the working directory.
    """
    env = {name: value for name, value in os.environ.items() if not name.startswith("LOCUST_")}
    if url:
        env["LOCUST_HOST"] = url
    if USER_SHAPE.fullmatch(load.shape):
        env["PYTHONPATH"] = os.pathsep.join(filter(None, (str(Path.cwd()), env.get("PYTHONPATH"))))
    return env


def _notify(file: Path, watch: Watch) -> None:
    try:
        watch(series_file.read(file))
    except series_file.SeriesError:
        return  # nothing has been written yet


def _flag_error(program: Program) -> str:
    """Return Locust's error about a flag, without "locust: error:" in front, for a message of the lab."""
    errors = [line for line in program.log_lines() if "error: " in line]
    return errors[-1].partition("error: ")[2] if errors else f"Locust does not start: {program.last_log_line()}"
