"""The machine under a trial: what its processors do, for whom, and on which of them a program runs."""

import os
import platform
import re
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any, Self

import psutil

from locust_asyncdjango.lab.errors import UsageError

TURNS = 20_000
"""That take about half a millisecond."""
LOOK_AT_SPEED_S = 0.1
FEWEST_TO_PIN = 4
"""Processors from which on generator, server and services each have their own."""


@dataclass(frozen=True, slots=True)
class MachineReading:
    """At a moment of time.monotonic(), seconds of all processors since the machine started.

    busy_s: for programs and the system. own_s: of these, for this process and all it has started. steal_s: taken by
    other virtual machines. mhz: how fast the processors run now; 0 where the system does not tell.
    """

    at_s: float
    busy_s: float
    own_s: float
    steal_s: float
    mhz: float


def seen() -> MachineReading:
    """The machine now."""
    times = psutil.cpu_times()
    idle = times.idle + getattr(times, "iowait", 0.0)
    # A guest's time is counted in user and nice as well.
    twice = getattr(times, "guest", 0.0) + getattr(times, "guest_nice", 0.0)
    steal_s = getattr(times, "steal", 0.0)
    return MachineReading(time.monotonic(), sum(times) - idle - twice - steal_s, own_s(), steal_s, mhz())


def other_percent(before: MachineReading, now: MachineReading) -> float:
    """Of one processor, used by programs that are not the lab's, between two looks."""
    busy_s, own_s = now.busy_s - before.busy_s, now.own_s - before.own_s
    return max(0.0, 100 * (busy_s - own_s) / (now.at_s - before.at_s))


def own_percent(before: MachineReading, now: MachineReading) -> float:
    """Of one processor, used by the lab and all that it has started, between two looks."""
    return max(0.0, 100 * (now.own_s - before.own_s) / (now.at_s - before.at_s))


def steal_percent(before: MachineReading, now: MachineReading) -> float:
    """Of one processor, taken by other virtual machines between two looks."""
    return max(0.0, 100 * (now.steal_s - before.steal_s) / (now.at_s - before.at_s))


def about() -> dict[str, Any]:
    """What it is, so that another one can be told from it."""
    gigabytes = psutil.virtual_memory().total / 1e9
    return {
        "system": platform.platform(),
        "processors": os.cpu_count(),
        "processor": _model(),
        "memory": f"{gigabytes:.0f} GB",
    }


def _model() -> str:
    """As Linux has it, since Python knows no more than its architecture there."""
    with suppress(OSError):
        found = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE)
        if found:
            return found[1]
    return platform.processor() or platform.machine()


class Speedometer:
    """Looks many times a second, while it is open, how fast a processor really is.

    What a virtual machine is told of its frequency is always the same; what its neighbours leave it is not, and may
    change within a second.
    """

    def __init__(self) -> None:
        self._found: list[float] = []
        self._over = threading.Event()
        self._looking = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if self._looking.is_alive():
            self._looking.join()

    def mean(self) -> float:
        """Since it was last asked, in turns of an empty loop in a microsecond of a processor's time.

        It looks from the first time on that it is asked: by then all programs run that are started, for which there
        should be no thread beside.
        """
        if self._looking.ident is None:
            self._looking.start()
        found, self._found = self._found, []
        return fmean(found or [speed()])

    def _look(self) -> None:
        while not self._over.wait(LOOK_AT_SPEED_S):
            self._found.append(speed())


def speed() -> float:
    """How fast a processor is now: turns of an empty loop in a microsecond of its time."""
    before = time.thread_time()
    for _ in range(TURNS):
        pass
    return TURNS / max(time.thread_time() - before, 1e-9) / 1e6


def mhz() -> float:
    """How fast the processors run now, on average; 0 where the system does not tell."""
    with suppress(AttributeError, NotImplementedError, OSError):
        frequency = psutil.cpu_freq()
        return float(frequency.current) if frequency else 0.0
    return 0.0


def own_s() -> float:
    """Of all processes that this one has started, and of those that have ended since."""
    lab = psutil.Process()
    total = 0.0
    for process in [lab, *lab.children(recursive=True)]:
        with suppress(psutil.Error):
            total += sum(process.cpu_times()[:4])  # user, system, and both of children that were waited for
    return total


@dataclass(frozen=True, slots=True)
class Pins:
    """The processors of the generator, the server, and the services with their proxies; None for all there are."""

    generator: frozenset[int] | None = None
    server: frozenset[int] | None = None
    services: frozenset[int] | None = None

    def __str__(self) -> str:
        if self.server is None:
            return "not pinned"
        each = (("generator", self.generator), ("server", self.server), ("services", self.services))
        return ", ".join(f"{name} on {','.join(map(str, sorted(cores or ())))}" for name, cores in each)


def named_pins(asked: str) -> Pins | None:
    """Of off, or GENERATOR:SERVER:SERVICES, such as 0:1-2:3; None for auto, by what there is. Raises UsageError."""
    if asked == "auto":
        return None
    parts = [_cores(part) for part in asked.split(":")]
    if asked == "off":
        return Pins()
    if len(parts) != 3 or not all(parts):
        raise UsageError(f"--pin {asked} is not auto, off or GENERATOR:SERVER:SERVICES, such as 0:1-2:3")
    return Pins(*parts)


def pins(asked: str) -> Pins:
    """Which processors each has here. Raises UsageError."""
    here = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
    found = named_pins(asked)
    if found is None:
        return shared_out(here)
    named = frozenset().union(*(cores or () for cores in (found.generator, found.server, found.services)))
    if missing := sorted(named - here):
        there = f"there are {','.join(map(str, sorted(here)))}" if here else "none can be chosen on this system"
        raise UsageError(f"--pin {asked}: there is no processor {missing[0]} here; {there}")
    return found


def shared_out(here: Collection[int]) -> Pins:
    """A quarter for the generator, a quarter for the services, the rest for the server; nothing of too few."""
    if len(here) < FEWEST_TO_PIN:
        return Pins()
    cores, quarter = sorted(here), len(here) // 4
    generator, server, services = cores[:quarter], cores[quarter:-quarter], cores[-quarter:]
    return Pins(frozenset(generator), frozenset(server), frozenset(services))


def _cores(text: str) -> frozenset[int]:
    """Of 0,2-3; empty where that is none."""
    found: set[int] = set()
    for part in text.split(","):
        if not (match := re.fullmatch(r"(\d{1,4})(?:-(\d{1,4}))?", part)):
            return frozenset()
        first, last = int(match[1]), int(match[2] or match[1])
        found.update(range(first, last + 1))
    return frozenset(found)


@contextmanager
def on_cores(cores: frozenset[int] | None) -> Iterator[None]:
    """What is started within it, and what that starts, runs on these processors; on all there are for None."""
    if cores is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
