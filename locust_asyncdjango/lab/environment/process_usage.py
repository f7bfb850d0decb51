"""Programs that run side by side: where each answers, and what memory and processor time it takes."""

import time
from contextlib import suppress
from dataclasses import dataclass

import psutil
from rich import box
from rich.table import Table

from locust_asyncdjango.lab.environment.process import Program


@dataclass(frozen=True, slots=True)
class ProcessUsage:
    """By a process and its descendants until a moment of time.monotonic().

    Memory is the proportional set size, where the system tells it: pages that processes share are counted once.
    """

    at_s: float
    pids: frozenset[int]
    memory_mb: float
    cpu_s: float


@dataclass(slots=True)
class MonitoredServer:
    """One of them. slots: of each process, None for unbounded. ended: why it does not run; empty while it does."""

    name: str
    url: str
    interface: str
    slots: int | None
    program: Program | None = None
    ended: str = ""
    now: ProcessUsage | None = None
    before: ProcessUsage | None = None

    def update(self) -> str:
        """Notes what it takes; tells what has happened since the last look, "" for nothing."""
        if self.program is None or self.ended:
            return ""
        code = self.program.exit_code()
        if code is not None:
            self.ended = f"ended ({code}): {self.program.last_log_line()}"
            return self.ended
        self.before, self.now = self.now, read_usage(self.program.pid)
        return describe_replaced_processes(self.before.pids, self.now.pids) if self.before else ""

    @property
    def cpu_percent(self) -> float | None:
        """Of one processor, between the last two looks."""
        return cpu_percent(self.before, self.now) if self.before and self.now else None


def cpu_percent(before: ProcessUsage, now: ProcessUsage) -> float:
    """Of one processor, between two looks."""
    # A process that has ended since takes its share of the sum with it.
    return max(0.0, 100 * (now.cpu_s - before.cpu_s) / (now.at_s - before.at_s))


def describe_replaced_processes(before: frozenset[int], now: frozenset[int]) -> str:
    """What a server has done about processes of its own that have ended; "" where none has."""
    ended, new = (", ".join(map(str, sorted(pids))) for pids in (before - now, now - before))
    return f"has lost the process {ended} and started {new or 'no other'}" if ended else ""


def read_usage(pid: int) -> ProcessUsage:
    """What a process and its descendants take now."""
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


def usage_table(members: list[MonitoredServer]) -> Table:
    """What runs where and what it takes, in 80 columns; for one that has ended, why."""
    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=0)
    for heading in ("server", "address", "side"):
        shown.add_column(heading, no_wrap=True)
    for heading in ("slots", "procs", "MB", "CPU %"):
        shown.add_column(heading, no_wrap=True, justify="right")
    for member in members:
        shown.add_row(member.name, member.url, member.interface, *_figures(member))
    for member in (member for member in members if member.ended):
        shown.caption = f"{shown.caption or ''}{member.name} {member.ended}\n"
    return shown


def _figures(member: MonitoredServer) -> tuple[str, ...]:
    slots = "unbounded" if member.slots is None else str(member.slots)
    if member.ended or member.now is None:
        return (slots, "ended" if member.ended else "-", "-", "-")
    cpu = "-" if member.cpu_percent is None else f"{member.cpu_percent:.0f}"
    return (slots, str(len(member.now.pids)), f"{member.now.memory_mb:.0f}", cpu)
