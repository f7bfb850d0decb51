"""Memory and processor time of servers that run side by side."""

import time
from contextlib import suppress
from dataclasses import dataclass

import psutil

from locust_asyncdjango.lab.environment.process import Program


@dataclass(frozen=True, slots=True)
class ProcessUsage:
    """What a process and its descendants use.

    at_s: the moment, of time.monotonic().
    pids: their process ids.
    memory_mb: their proportional set size, which counts pages that processes share once; the resident set size where
        the system does not report that.
    cpu_s: processor time until then, in seconds.
    """

    at_s: float
    pids: frozenset[int]
    memory_mb: float
    cpu_s: float


@dataclass(slots=True)
class MonitoredServer:
    """One of several servers that run side by side.

    slots: of each process; None for unbounded.
    program: None for a server that could not be started.
    ended: why it does not run; "" while it does.
    latest, previous: the last two readings of what it uses.
    """

    name: str
    url: str
    interface: str
    slots: int | None
    program: Program | None = None
    ended: str = ""
    latest: ProcessUsage | None = None
    previous: ProcessUsage | None = None

    def update(self) -> str:
        """Read what it uses now. Return which processes have ended since the last reading, in words; "" for none."""
        if self.program is None or self.ended:
            return ""
        code = self.program.exit_code()
        if code is not None:
            self.ended = f"ended ({code}): {self.program.last_log_line()}"
            return self.ended
        self.previous, self.latest = self.latest, read_usage(self.program.pid)
        return describe_replaced_processes(self.previous.pids, self.latest.pids) if self.previous else ""

    @property
    def cpu_percent(self) -> float | None:
        """The percentage of one processor that it used between the last two readings."""
        return cpu_percent(self.previous, self.latest) if self.previous and self.latest else None


def cpu_percent(before: ProcessUsage, now: ProcessUsage) -> float:
    """Return the percentage of one processor that was used between two readings."""
    # If a process has ended in between, the sum may be smaller than before.
    return max(0.0, 100 * (now.cpu_s - before.cpu_s) / (now.at_s - before.at_s))


def describe_replaced_processes(before: frozenset[int], now: frozenset[int]) -> str:
    """Return which processes of a server have ended, and which it has started since, in words; "" if none has ended.

    before, now: process ids at two moments.
    """
    ended, new = (", ".join(map(str, sorted(pids))) for pids in (before - now, now - before))
    return f"has lost the process {ended} and started {new or 'no other'}" if ended else ""


def read_usage(pid: int) -> ProcessUsage:
    """Return what a process and its descendants use now; zeros if it has ended."""
    pids, memory, cpu_s = set(), 0, 0.0
    with suppress(psutil.NoSuchProcess):
        for process in [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]:
            with suppress(psutil.NoSuchProcess):
                memory += _memory(process)
                cpu_s += sum(process.cpu_times()[:2])
                pids.add(process.pid)
    return ProcessUsage(time.monotonic(), frozenset(pids), memory / 1e6, cpu_s)


def _memory(process: psutil.Process) -> int:
    try:
        full = process.memory_full_info()
    except psutil.AccessDenied:
        return int(process.memory_info().rss)
    return int(getattr(full, "pss", full.rss))
