"""Real programs for tests: started in a group of their own, read while they run, stopped whatever happens."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import psutil

from locust_asyncdjango.lab.environment.process import free_port

BIN = Path(sys.executable).parent
DEADLINE_S = 120
T = TypeVar("T")
NO_SUCH_SHAPE = (
    "argument --shape: there is no shape 'Nope'; choose one of ArrivalRate, Breakpoint, Ramp, RampDown, RampTo100,"
    " RampTo500, Sawtooth, Soak, Spike, Stages, Steps, or your own as module:Class"
)
"""What is said of one that is called Nope."""
MARK = "LOCUST_ASYNCDJANGO_TEST"
"""An environment variable by which what a program started, and what that started, is known."""


class Running:
    """A program that runs, and what it has printed so far."""

    def __init__(self, argv: list[str], env: Mapping[str, str], cwd: Path) -> None:
        self.mark, self.argv = uuid.uuid4().hex, argv
        self.output = tempfile.NamedTemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115
        self.popen = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=self.output,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            env={**os.environ, **env, MARK: self.mark},
            start_new_session=True,
        )

    @property
    def text(self) -> str:
        """All it has printed."""
        return Path(self.output.name).read_text(encoding="utf-8", errors="replace")

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Waits until it has printed something."""

        def match() -> re.Match[str] | None:
            ended = self.popen.poll()
            matched = re.search(pattern, self.text)
            assert matched or ended is None, f"it ended with {ended} before it printed {pattern!r}:\n{self.text}"
            return matched

        return wait_for(match, lambda: f"it did not print {pattern!r}:\n{self.text}")

    def signal(self, signum: signal.Signals) -> None:
        """Sends a signal to the program alone."""
        self.popen.send_signal(signum)

    def end(self, deadline_s: float = DEADLINE_S) -> int:
        """Waits for its end and returns its exit code."""
        return self.popen.wait(deadline_s)

    def left_behind(self) -> list[str]:
        """What it started that still runs, itself included."""
        return left_behind(self.mark)

    def end_with_all(self, deadline_s: float = DEADLINE_S) -> int:
        """Waits for its end, and returns its exit code; fails if it leaves anything behind.

        Locust's master ends a moment before the workers that it has forked: it takes one that still runs for one that
        has ended (its kill_workers). These are waited for.
        """
        code = self.end(deadline_s)
        if "--processes" in self.argv:
            wait_for(lambda: not self.left_behind(), lambda: f"still running: {self.left_behind()}")
        assert self.left_behind() == []
        return code

    def kill(self) -> None:
        """Kills all of it."""
        for process in marked(self.mark):
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                process.kill()
        self.popen.wait()
        self.output.close()


def marked(mark: str) -> Iterator[psutil.Process]:
    """The processes with this mark in their environment."""
    variable = f"{MARK}={mark}".encode()
    for environment in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError, psutil.NoSuchProcess):
            if variable in environment.read_bytes().split(b"\0"):
                yield psutil.Process(int(environment.parent.name))


def left_behind(mark: str) -> list[str]:
    """The command lines of what runs with this mark in its environment."""
    commands = []
    for process in marked(mark):
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            if process.status() != psutil.STATUS_ZOMBIE:
                commands.append(" ".join(process.cmdline()))
    return commands


@contextmanager
def running(*argv: str | Path, env: Mapping[str, str] | None = None, cwd: Path = Path("/")) -> Iterator[Running]:
    """A program that is killed with all it started on leaving."""
    program = Running([str(part) for part in argv], env or {}, cwd)
    try:
        yield program
    finally:
        program.kill()


def done(
    *argv: str | Path, env: Mapping[str, str] | None = None, cwd: Path = Path("/"), deadline_s: float = DEADLINE_S
) -> tuple[int, str]:
    """Exit code and output of a program that ends by itself and leaves nothing behind."""
    with running(*argv, env=env, cwd=cwd) as program:
        return program.end_with_all(deadline_s), program.text


def wait_for_page(url: str) -> str:
    """A page, once it is served."""

    def page() -> str | None:
        with suppress(OSError), urllib.request.urlopen(url) as response:
            return str(response.read().decode())
        return None

    return wait_for(page, lambda: f"{url} does not answer")


def wait_for_lines(program: Running, file: Path, lines: int) -> None:
    """Waits until a file is there and has more than so many lines; or merely is there, for 0."""

    def has_them() -> bool:
        has_lines = file.exists() and (not lines or file.read_text().count("\n") > lines)
        assert has_lines or program.popen.poll() is None, program.text
        return has_lines

    wait_for(has_them, lambda: f"{file} does not grow:\n{program.text}")


def wait_for(get: Callable[[], T | None], reason: Callable[[], str]) -> T:
    """Poll until ``get`` returns something, and return it. Fail with the reason where that takes too long."""
    deadline = time.monotonic() + DEADLINE_S
    while not (result := get()):
        assert time.monotonic() < deadline, reason()
        time.sleep(0.05)
    return result


def lab(*arguments: str | Path) -> list[str | Path]:
    """The command line of locust-asyncdjango."""
    return [BIN / "locust-asyncdjango", *arguments]


def locust(*arguments: str | Path) -> list[str | Path]:
    """The command line of Locust."""
    return [BIN / "locust", *arguments]


def two_workers() -> list[str]:
    """Locust's flags for a master that starts them, on a port of its own."""
    port = str(free_port())
    return ["--processes", "2", "--master-bind-port", port, "--master-port", port]


def written(folder: Path, text: str) -> Path:
    """A locustfile."""
    path = folder / "mine.py"
    path.write_text(text)
    return path


def database_folders(cache: Path) -> int:
    """Return how many folders of databases there are in the lab's cache."""
    return len(list((cache / "runs").glob("*/")))
