"""Start programs, wait until they are ready, and stop them with all that they started; nothing outlives the lab.

Every program leads a process group of its own. So a Ctrl-C at the terminal only reaches the lab, and the lab stops a
program together with the processes that it started. Start reading at ``running``, the context manager that starts one.
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
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, ParamSpec

if TYPE_CHECKING:
    import psutil

from locust_asyncdjango.lab.environment.failure_cause import first_error
from locust_asyncdjango.lab.environment.program_output import Clean, ProgramOutput
from locust_asyncdjango.lab.errors import one_line

START_DEADLINE_S = 60
"""Seconds that a server, a database or another service may take to start. Each of them starts within seconds, so a
minute leaves room for a busy machine, and the user still gets the message soon."""
POLL_INTERVAL_S = 0.05
MAX_OPEN_FILES = 65_536
KILL_DEADLINE_S = 2
"""Seconds to wait until killed processes are gone. In a container without an init process, orphans stay as zombies."""
PR_SET_PDEATHSIG = 1
"""The option of Linux's prctl(2) that names the signal a process gets when its parent ends."""
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
NO_SIGNAL = 0
"""For killpg(2): check whether there is a process, and send nothing."""
P = ParamSpec("P")

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(BaseException):
    """Raised wherever the lab is in its code, when Ctrl-C or another stop signal arrives. signum: the signal."""

    def __init__(self, signum: int) -> None:
        super().__init__(signal.Signals(signum).name)
        self.signum = signum


@dataclass(frozen=True, slots=True)
class Account:
    """The user id and the group id that a program runs as."""

    uid: int
    gid: int


class _Supervisor:
    """The programs that run, and the stop signal that has arrived.

    Only the first stop signal raises Interrupted. It is deferred while a program is being started or stopped.
    """

    def __init__(self) -> None:
        self.programs: set[Program] = set()
        self.clean: Clean | None = None
        self.reset()

    def reset(self) -> None:
        """Forget signals that have arrived."""
        self._deferrals = 0
        self._pending_signal = 0
        self._is_interrupted = False

    def on_signal(self, signum: int, _frame: FrameType | None) -> None:
        """Raise Interrupted, unless it is deferred or was raised before."""
        if self._is_interrupted:
            return  # the lab is stopping already
        self._pending_signal = signum
        if not self._deferrals:
            self._interrupt()

    @contextmanager
    def deferring_signals(self) -> Iterator[None]:
        """Defer stop signals within the context; raise Interrupted at its end if one has arrived."""
        self._deferrals += 1
        try:
            yield
        finally:
            self._deferrals -= 1
        if not self._deferrals:
            self._interrupt()

    def stop_all(self, but: Collection["Program"] = ()) -> None:
        """Stop all programs that run, but for these, and ignore stop signals meanwhile."""
        self._is_interrupted = True
        for program in self.programs - set(but):
            program.stop()

    def _interrupt(self) -> None:
        if self._pending_signal and not self._is_interrupted:
            self._is_interrupted = True
            raise Interrupted(self._pending_signal)


_supervisor = _Supervisor()
"""Signal handlers and child processes belong to the process, so there is one supervisor for each process."""


@contextmanager
def stop_signals_as_interrupts() -> Iterator[None]:
    """Raise Interrupted at the first SIGINT, SIGTERM or SIGHUP within the context.

    At its end, stop all programs that were started within it.
    """
    started_before = set(_supervisor.programs)
    handlers = {signum: signal.signal(signum, _supervisor.on_signal) for signum in STOP_SIGNALS}
    try:
        yield
    finally:
        _supervisor.stop_all(but=started_before)
        _supervisor.reset()
        for signum, handler in handlers.items():
            signal.signal(signum, handler)


@contextmanager
def cleaned_output(clean: Clean) -> Iterator[None]:
    """Let the logs of programs that are started within the context have only what ``clean`` makes of their output."""
    earlier, _supervisor.clean = _supervisor.clean, clean
    try:
        yield
    finally:
        _supervisor.clean = earlier


class Program:
    """A program that has been started.

    argv: its command line.
    name: what messages call it; by default the name of its file.
    log: the file that its output is appended to. None: its input and output are the lab's, and ``log_lines`` is empty.
    cwd: its working directory; by default one that every user may enter, and that holds no module or settings file.
    env: its environment; None for the lab's own.
    account: the user that it runs as; None for the lab's own.
    stop_signal: the signal that asks it to stop.
    stop_timeout_s: seconds after that signal before it is killed.
    show_output: write its standard output to the lab's, and only its standard error to the log.
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        log: Path | None,
        name: str = "",
        cwd: Path = Path("/"),
        env: Mapping[str, str] | None = None,
        account: Account | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
        stop_timeout_s: float = 10,
        show_output: bool = False,
    ) -> None:
        self.name = name or Path(argv[0]).name
        self.log = log
        self.stop_signal = stop_signal
        self.stop_timeout_s = stop_timeout_s
        self.is_stopping = False
        as_user = {"user": account.uid, "group": account.gid, "extra_groups": []} if account else {}
        self._output = ProgramOutput(log, _supervisor.clean) if log else None
        with self._output.opened() if self._output else nullcontext() as output:
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
        _supervisor.programs.add(self)

    @property
    def pid(self) -> int:
        """The process id, which is also the id of the process group."""
        return self.popen.pid

    def exit_code(self) -> int | None:
        """Return its exit code, negative for a signal that ended it, or None while it runs."""
        # Popen takes a lock. An exception raised by a signal handler at that moment would leave it locked.
        with _supervisor.deferring_signals():
            return self.popen.poll()

    def is_running(self) -> bool:
        """Return whether it has neither ended nor been stopped, as by SIGSTOP."""
        import psutil

        processes = self.processes()
        return self.exit_code() is None and bool(processes) and processes[0].status() != psutil.STATUS_STOPPED

    def end_text(self, code: int) -> str:
        """Return in words how it ended, for a message to the user. code: its exit code."""
        if code >= 0:
            return f"with exit code {code}: {self.failure_cause() if code else self.last_log_line()}"
        name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
        cause = " (which Linux sends when memory runs out)" if -code == signal.SIGKILL else ""
        return f"killed by {name}{cause}"

    def wait(self, timeout_s: float = math.inf) -> int | None:
        """Wait until it ends and return its exit code; None if it still runs after ``timeout_s`` seconds."""
        deadline_s = time.monotonic() + timeout_s
        while (code := self.exit_code()) is None and time.monotonic() < deadline_s:
            time.sleep(POLL_INTERVAL_S)
        return code

    def log_lines(self) -> list[str]:
        """Return the lines that it has added to its log, without blank ones."""
        return self._output.lines() if self._output else []

    def failure_cause(self) -> str:
        """Return why it failed, for a message to the user: the first error in its log, or its last line."""
        return one_line(first_error(self.log_lines()) or self.last_log_line())

    def last_log_line(self) -> str:
        """Return the last line of its log, where programs say why they ended, for a message to the user."""
        return one_line((self.log_lines() or [self._empty_log_note()])[-1])

    def _empty_log_note(self) -> str:
        return f"its log {self.log} is empty" if self.log else "it has no log"

    def request_stop(self) -> None:
        """Send its stop signal once, without waiting, so that several programs can stop at the same time."""
        if not self.is_stopping and self.exit_code() is None:
            self.popen.send_signal(self.stop_signal)
            # A process that stands still would take note of no other signal.
            for process in self.processes():
                send_signal(process, signal.SIGCONT)
        self.is_stopping = True

    def processes(self) -> "list[psutil.Process]":
        """Return its process and all that it has started and that still run; without those whose parent has ended."""
        import psutil  # importing the lab needs the standard library only

        try:
            process = psutil.Process(self.pid)
            return [process, *process.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def stop(self) -> None:
        """Send its stop signal, wait up to ``stop_timeout_s``, then kill what is left of all that it has started."""
        import psutil

        started = set(self.processes())
        if self.exit_code() is None:
            self.request_stop()
            with suppress(subprocess.TimeoutExpired):
                self.popen.wait(self.stop_timeout_s)
        started |= set(self.processes())
        _signal_group(self.pid, signal.SIGKILL)
        for process in started:  # PostgreSQL's have process groups of their own
            send_signal(process, signal.SIGKILL)
        self.popen.wait()
        psutil.wait_procs(started, KILL_DEADLINE_S)
        deadline = time.monotonic() + KILL_DEADLINE_S
        while _signal_group(self.pid, NO_SIGNAL) and time.monotonic() < deadline:
            time.sleep(0.01)
        if self._output:
            self._output.close()
        _supervisor.programs.discard(self)


def _stop_with_parent(parent: int, signum: int) -> None:
    """Let Linux send this process its stop signal when the lab is killed and cannot do so itself."""
    if _LIBC is not None:
        _LIBC.prctl(PR_SET_PDEATHSIG, signum)
        if os.getppid() != parent:
            os._exit(1)


def _signal_group(pid: int, signum: int) -> bool:
    """Send a signal to a process group, and return whether there was a process in it."""
    try:
        os.killpg(pid, signum)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def send_signal(process: "psutil.Process", signum: int) -> None:
    """Send a signal to a process, unless it has ended or belongs to an account that the lab may not send signals to."""
    import psutil

    with suppress(psutil.Error):
        process.send_signal(signum)


def _stopping_on_exit(start: Callable[P, Program]) -> Callable[P, AbstractContextManager[Program]]:
    @contextmanager
    def started(*args: P.args, **kwargs: P.kwargs) -> Iterator[Program]:
        program = None
        try:
            with _supervisor.deferring_signals():
                program = start(*args, **kwargs)
            yield program
        finally:
            with _supervisor.deferring_signals():
                if program is not None:
                    program.stop()

    return started


running = _stopping_on_exit(Program)
"""Start a program for the length of a context, and stop it at the end; it takes the arguments of ``Program``."""


def running_programs() -> frozenset[Program]:
    """Return the programs that were started and not stopped since; those that ended by themselves are among them."""
    return frozenset(_supervisor.programs)


def wait_until(ready: Callable[[], bool], program: Program, deadline_s: float) -> bool:
    """Poll until ``ready`` returns True. Return False if the program ends, or ``deadline_s`` pass, before that."""
    deadline = time.monotonic() + deadline_s
    while not ready():
        if program.exit_code() is not None or time.monotonic() > deadline:
            return False
        time.sleep(POLL_INTERVAL_S)
    return True


def raise_open_file_limit() -> None:
    """Let programs open as many files as the system allows, up to MAX_OPEN_FILES, since each connection is a file.

    Some servers keep a table with an entry for each file that they might open. Without a limit it would be too large.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, MAX_OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(ValueError, OSError):  # macOS refuses limits below the one that it reports
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 on which nothing listens, and which the system reserves for a minute.

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
        # The side that closes first stays in TIME_WAIT, so this has to be the side of the port.
        accepted.close()
        client.recv(1)
        return port


def port_is_free(port: int) -> bool:
    """Return whether a server could listen on this port of 127.0.0.1."""
    with socket.socket() as listener:
        # Servers set this too: a port whose last connections are still closing is free for them.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def python(*arguments: str) -> list[str]:
    """Return a command line that runs this Python with -P, which does not import from the working directory."""
    return [sys.executable, "-P", *arguments]
