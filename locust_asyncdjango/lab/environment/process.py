"""Programs: start, wait until ready, stop the whole group; nothing outlives the lab.

Every program leads a process group of its own, so that a Ctrl-C at the terminal reaches the lab alone, and so that what
a program started can be stopped with it.
"""

import ctypes
import math
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import FrameType
from typing import ParamSpec

POLL_INTERVAL_S = 0.05
MAX_OPEN_FILES = 65_536
KILL_DEADLINE_S = 2
"""How long processes that were killed may take to be gone. Where nobody reaps orphans, they never are."""
PR_SET_PDEATHSIG = 1
"""Of prctl(2)."""
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
NO_SIGNAL = 0
"""Only asks whether there is a process."""
P = ParamSpec("P")

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(BaseException):
    """The lab was asked to stop, by Ctrl-C or a signal."""

    def __init__(self, signum: int) -> None:
        super().__init__(signal.Signals(signum).name)
        self.signum = signum


@dataclass(frozen=True, slots=True)
class Account:
    """The user and group ids that a program runs as."""

    uid: int
    gid: int


class _Interrupts:
    """One Interrupted for the first stop signal, held back while something is being started or stopped."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.holds = 0
        self.pending = 0
        self.raised = False

    def on_signal(self, signum: int, _frame: FrameType | None) -> None:
        if self.raised:
            return  # stopping already
        self.pending = signum
        if not self.holds:
            self.release()

    def release(self) -> None:
        if self.pending and not self.raised:
            self.raised = True
            raise Interrupted(self.pending)


_interrupts = _Interrupts()
_running: set["Program"] = set()


@contextmanager
def stop_signals_as_interrupts() -> Iterator[None]:
    """Within it SIGINT, SIGTERM and SIGHUP raise Interrupted, once; on leaving it, whatever still runs is stopped."""
    before = {signum: signal.signal(signum, _interrupts.on_signal) for signum in STOP_SIGNALS}
    try:
        yield
    finally:
        _interrupts.raised = True
        for program in list(_running):
            program.stop()
        _interrupts.reset()
        for signum, handler in before.items():
            signal.signal(signum, handler)


@contextmanager
def _stop_signals_deferred() -> Iterator[None]:
    _interrupts.holds += 1
    try:
        yield
    finally:
        _interrupts.holds -= 1
    if not _interrupts.holds:
        _interrupts.release()


class Program:
    """A running program, whose output goes to a log file; with show_output its standard output goes to ours.

    Without a log its input and output are ours, and what it says is not known. It runs in a folder that every user may
    enter and that holds no module or settings file by accident, unless told where.
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        log: Path | None,
        cwd: Path = Path("/"),
        env: Mapping[str, str] | None = None,
        account: Account | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
        stop_timeout_s: float = 10,
        show_output: bool = False,
    ) -> None:
        self.log = log
        self.stop_signal = stop_signal
        self.stop_timeout_s = stop_timeout_s
        self.is_stopping = False
        as_user = {"user": account.uid, "group": account.gid, "extra_groups": []} if account else {}
        with log.open("ab") if log else nullcontext() as output:
            self.popen: subprocess.Popen[bytes] = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL if log else None,
                stdout=None if show_output else output,
                stderr=output,
                cwd=cwd,
                env=dict(env) if env is not None else None,
                start_new_session=True,
                preexec_fn=partial(_stop_with_parent, os.getpid(), stop_signal),
                **as_user,  # type: ignore[call-overload]
            )
        _running.add(self)

    @property
    def pid(self) -> int:
        """Also the id of its process group."""
        return self.popen.pid

    def exit_code(self) -> int | None:
        """None while it runs; negative for a signal."""
        # Popen takes a lock, which an exception out of a signal handler could leave taken.
        with _stop_signals_deferred():
            return self.popen.poll()

    def wait(self, timeout_s: float = math.inf) -> int | None:
        """Waits for its end and returns its exit code; None when the time is over first."""
        deadline = time.monotonic() + timeout_s
        while (code := self.exit_code()) is None and time.monotonic() < deadline:
            time.sleep(POLL_INTERVAL_S)
        return code

    def log_lines(self) -> list[str]:
        """The lines of its log that are not blank."""
        if self.log is None:
            return []
        text = self.log.read_text(encoding="utf-8", errors="replace")
        return [line for line in text.splitlines() if line.strip()]

    def last_log_line(self) -> str:
        """The last line of its log."""
        return (self.log_lines() or ["it said nothing"])[-1]

    def request_stop(self) -> None:
        """Asks it once, and does not wait: so several can stop at the same time."""
        if not self.is_stopping and self.exit_code() is None:
            self.popen.send_signal(self.stop_signal)
        self.is_stopping = True

    def stop(self) -> None:
        """Asks it to stop, waits, then kills what is left of its group."""
        if self.exit_code() is None:
            self.request_stop()
            with suppress(subprocess.TimeoutExpired):
                self.popen.wait(self.stop_timeout_s)
        _signal_group(self.pid, signal.SIGKILL)
        self.popen.wait()
        deadline = time.monotonic() + KILL_DEADLINE_S
        while _signal_group(self.pid, NO_SIGNAL) and time.monotonic() < deadline:
            time.sleep(0.01)
        _running.discard(self)


def _stop_with_parent(parent: int, signum: int) -> None:
    """Has the system stop this process when its parent is killed, which cannot do so itself; on Linux."""
    if _LIBC is not None:
        _LIBC.prctl(PR_SET_PDEATHSIG, signum)
        if os.getppid() != parent:
            os._exit(1)


def _signal_group(pid: int, signum: int) -> bool:
    """Whether there still was a process in the group to get the signal."""
    try:
        os.killpg(pid, signum)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _stopped_on_leaving(start: Callable[P, Program]) -> Callable[P, AbstractContextManager[Program]]:
    @contextmanager
    def started(*args: P.args, **kwargs: P.kwargs) -> Iterator[Program]:
        program = None
        try:
            with _stop_signals_deferred():
                program = start(*args, **kwargs)
            yield program
        finally:
            with _stop_signals_deferred():
                if program is not None:
                    program.stop()

    return started


running = _stopped_on_leaving(Program)
"""A context manager that takes Program's arguments; the program is stopped on leaving."""


def wait_until(ready: Callable[[], bool], program: Program, deadline_s: float) -> bool:
    """Polls until ready; False when the program ended or the deadline passed first."""
    deadline = time.monotonic() + deadline_s
    while not ready():
        if program.exit_code() is not None or time.monotonic() > deadline:
            return False
        time.sleep(POLL_INTERVAL_S)
    return True


def raise_open_file_limit() -> None:
    """Lets what is started have as many open files as the system allows, since each connection is one; but no more than
    servers that keep a table of them can bear."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, MAX_OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(ValueError, OSError):  # macOS allows less than it says
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 on which nothing listens, and which the system gives to nobody else for a minute.

    A connection to the port is opened and closed, which leaves the port in TIME_WAIT: the system then picks it neither
    for another program that asks for any port nor for an outgoing connection, while a server may still listen on it, as
    servers set SO_REUSEADDR. (The method of Yelp's ephemeral-port-reserve.)
    """
    with socket.socket() as listener, socket.socket() as client:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", 0))
        listener.listen(1)
        port: int = listener.getsockname()[1]
        client.connect(("127.0.0.1", port))
        accepted, _ = listener.accept()
        # Whoever closes first is left with TIME_WAIT: that has to be the side of the port.
        accepted.close()
        client.recv(1)
        return port


def port_is_free(port: int) -> bool:
    """Whether a server could listen on this port of 127.0.0.1."""
    with socket.socket() as listener:
        # As servers do: a port whose last connections are still closing counts as free.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def python(*arguments: str) -> list[str]:
    """An argv that runs this Python, which does not look for modules in its working directory."""
    return [sys.executable, "-P", *arguments]
