"""The machine under a trial: what its processors do, for whom, and on which of them a program runs."""

import os
import platform
import re
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any, Self

import psutil

LOOP_TURNS = 20_000
"""That take about half a millisecond."""
SPEED_INTERVAL_S = 0.1


@dataclass(frozen=True, slots=True)
class MachineReading:
    """At a moment of time.monotonic(), seconds of all processors since the machine started.

    busy_s: for programs and the system. lab_cpu_s: of these, for this process and all it has started. steal_s: taken by
    other virtual machines. mhz: how fast the processors run now; 0 where the system does not tell.
    """

    at_s: float
    busy_s: float
    lab_cpu_s: float
    steal_s: float
    mhz: float


def read_machine() -> MachineReading:
    """The machine now."""
    times = psutil.cpu_times()
    idle = times.idle + getattr(times, "iowait", 0.0)
    # A guest's time is counted in user and nice as well.
    twice = getattr(times, "guest", 0.0) + getattr(times, "guest_nice", 0.0)
    steal_s = getattr(times, "steal", 0.0)
    return MachineReading(time.monotonic(), sum(times) - idle - twice - steal_s, lab_cpu_s(), steal_s, processor_mhz())


def other_percent(before: MachineReading, now: MachineReading) -> float:
    """Of one processor, used by programs that are not the lab's, between two looks."""
    busy_s, lab_s = now.busy_s - before.busy_s, now.lab_cpu_s - before.lab_cpu_s
    return max(0.0, 100 * (busy_s - lab_s) / (now.at_s - before.at_s))


def lab_percent(before: MachineReading, now: MachineReading) -> float:
    """Of one processor, used by the lab and all that it has started, between two looks."""
    return max(0.0, 100 * (now.lab_cpu_s - before.lab_cpu_s) / (now.at_s - before.at_s))


def steal_percent(before: MachineReading, now: MachineReading) -> float:
    """Of one processor, taken by other virtual machines between two looks."""
    return max(0.0, 100 * (now.steal_s - before.steal_s) / (now.at_s - before.at_s))


def describe_machine() -> dict[str, Any]:
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
        return fmean(found or [processor_speed()])

    def _look(self) -> None:
        while not self._over.wait(SPEED_INTERVAL_S):
            self._found.append(processor_speed())


def processor_speed() -> float:
    """How fast a processor is now: turns of an empty loop in a microsecond of its time."""
    before = time.thread_time()
    for _ in range(LOOP_TURNS):
        pass
    return LOOP_TURNS / max(time.thread_time() - before, 1e-9) / 1e6


def processor_mhz() -> float:
    """How fast the processors run now, on average; 0 where the system does not tell."""
    with suppress(AttributeError, NotImplementedError, OSError):
        frequency = psutil.cpu_freq()
        return float(frequency.current) if frequency else 0.0
    return 0.0


def lab_cpu_s() -> float:
    """Of all processes that this one has started, and of those that have ended since."""
    lab = psutil.Process()
    total = 0.0
    for process in [lab, *lab.children(recursive=True)]:
        with suppress(psutil.Error):
            total += sum(process.cpu_times()[:4])  # user, system, and both of children that were waited for
    return total
