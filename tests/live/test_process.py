"""Programs and the signals that stop the lab."""

import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from locust_asyncdjango.lab.environment.process import (
    Interrupted,
    Program,
    python,
    running,
    stop_signals_as_interrupts,
)
from tests.support.programs import done

ENDLESS = ["sleep", "600"]


class SignalledLock:
    """The lock that subprocess.Popen waits with; as soon as it is locked, the process gets a stop signal."""

    def __init__(self, lock: Any) -> None:
        self.lock = lock

    def acquire(self, blocking: bool) -> bool:
        is_locked = bool(self.lock.acquire(blocking))
        signal.raise_signal(signal.SIGTERM)
        return is_locked

    def release(self) -> None:
        self.lock.release()

    def __enter__(self) -> None:
        self.lock.acquire()

    def __exit__(self, *_: object) -> None:
        self.lock.release()


def test_a_signal_at_the_worst_moment_stops_what_runs(tmp_path: Path) -> None:
    # In a process of its own: an exception out of a signal handler would leave the lock locked, and the lab would wait
    # for it for ever.
    root = str(Path(__file__).parents[2])
    code, text = done("timeout", "-s", "KILL", "20", sys.executable, __file__, tmp_path, env={"PYTHONPATH": root})
    assert (code, text) == (0, "stopped\nstopped\n")


def stop_at_the_worst_moment(folder: Path) -> None:
    waits: tuple[Callable[[Program], object], ...] = (Program.exit_code, Program.wait)
    for wait in waits:
        try:
            with stop_signals_as_interrupts(), running(ENDLESS, log=folder / "log") as program:
                popen: Any = program.popen
                popen._waitpid_lock = SignalledLock(popen._waitpid_lock)
                wait(program)
        except Interrupted:
            print("stopped", flush=True)


def test_a_wait_ends_with_the_program_or_with_its_time(tmp_path: Path) -> None:
    with running(python("-c", "raise SystemExit(3)"), log=tmp_path / "log") as program:
        assert program.wait() == 3
    with running(ENDLESS, log=tmp_path / "log") as program:
        begin_s = time.monotonic()
        assert program.wait(0.2) is None
        assert time.monotonic() - begin_s >= 0.2


if __name__ == "__main__":
    stop_at_the_worst_moment(Path(sys.argv[1]))
