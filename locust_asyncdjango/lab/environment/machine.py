"""The machine under a trial: what its processors do, for whom, and how fast they are.

Start reading at ``read_machine``: two readings, compared, show who used the processors in between.
"""

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
"""Iterations of an empty loop that time one sample of the speed; they take about half a millisecond."""
SPEED_INTERVAL_S = 0.1


@dataclass(frozen=True, slots=True)
class MachineReading:
    """The processor time that was used until a moment, in seconds of all processors since the machine started.

    at_s: the moment, of time.monotonic().
    busy_s: used by programs and the system.
    lab_cpu_s: the part of busy_s that this process and all that it has started used.
    steal_s: taken by other virtual machines.
    mhz: frequency of the processors at that moment; 0 where the system does not report it.
    idle_s: how long each processor that this process may use has had nothing to do.
    """

    at_s: float
    busy_s: float
    lab_cpu_s: float
    steal_s: float
    mhz: float
    idle_s: tuple[float, ...] = ()


def read_machine() -> MachineReading:
    """Read what the processors have done until now."""
    times = psutil.cpu_times()
    idle = times.idle + getattr(times, "iowait", 0.0)
    # Linux counts the time of guests in user and nice as well.
    counted_twice = getattr(times, "guest", 0.0) + getattr(times, "guest_nice", 0.0)
    steal_s = getattr(times, "steal", 0.0)
    return MachineReading(
        at_s=time.monotonic(),
        busy_s=sum(times) - idle - counted_twice - steal_s,
        lab_cpu_s=lab_cpu_s(),
        steal_s=steal_s,
        mhz=processor_mhz(),
        idle_s=_idle_s(),
    )


def other_percent(before: MachineReading, now: MachineReading) -> float:
    """Return the percentage of one processor that programs other than the lab's used between two readings."""
    busy_s, lab_s = now.busy_s - before.busy_s, now.lab_cpu_s - before.lab_cpu_s
    return max(0.0, 100 * (busy_s - lab_s) / (now.at_s - before.at_s))


def lab_percent(before: MachineReading, now: MachineReading) -> float:
    """Return the percentage of one processor that the lab and all it started used between two readings."""
    return max(0.0, 100 * (now.lab_cpu_s - before.lab_cpu_s) / (now.at_s - before.at_s))


def steal_percent(before: MachineReading, now: MachineReading) -> float:
    """Return the percentage of one processor that other virtual machines took between two readings."""
    return max(0.0, 100 * (now.steal_s - before.steal_s) / (now.at_s - before.at_s))


def busy_percents(before: MachineReading, now: MachineReading) -> list[float]:
    """Return for each processor the percentage of the time between two readings in which it was not idle."""
    passed_s = now.at_s - before.at_s
    idle = (after - earlier for earlier, after in zip(before.idle_s, now.idle_s, strict=False))
    return [min(max(100 * (1 - each / passed_s), 0.0), 100.0) for each in idle]


def describe_machine() -> dict[str, Any]:
    """Return the properties that identify the machine, so that results of another one can be recognized."""
    gigabytes = psutil.virtual_memory().total / 1e9
    return {
        "system": platform.platform(),
        "processors": os.cpu_count(),
        "processor": _model(),
        "memory": f"{gigabytes:.0f} GB",
    }


def _model() -> str:
    # On Linux, the platform module only knows the architecture.
    with suppress(OSError):
        match = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE)
        if match:
            return match[1]
    return platform.processor() or platform.machine()


class Speedometer:
    """Samples how fast a processor really is, ten times a second, in a thread of its own, until the context ends.

    A virtual machine always reports the same frequency. What its neighbours leave it varies, even within a second.
    """

    def __init__(self) -> None:
        self._speeds: list[float] = []
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    def mean(self) -> float:
        """Return the mean speed since the last call, in iterations of an empty loop per microsecond of processor time.

        Sampling starts with the first call, so call it after all programs have been started: ``preexec_fn`` of Popen is
        not safe in a process with a second thread.
        """
        if self._thread.ident is None:
            self._thread.start()
        speeds, self._speeds = self._speeds, []
        return fmean(speeds or [processor_speed()])

    def _sample(self) -> None:
        while not self._stopped.wait(SPEED_INTERVAL_S):
            self._speeds.append(processor_speed())


def processor_speed() -> float:
    """Return how fast a processor is now, in iterations of an empty loop per microsecond of processor time."""
    begin_s = time.thread_time()
    for _ in range(LOOP_TURNS):
        pass
    return LOOP_TURNS / max(time.thread_time() - begin_s, 1e-9) / 1e6


def processor_mhz() -> float:
    """Return the mean frequency of the processors now, in MHz; 0 where the system does not report it."""
    with suppress(AttributeError, NotImplementedError, OSError):
        frequency = psutil.cpu_freq()
        return float(frequency.current) if frequency else 0.0
    return 0.0


def lab_cpu_s() -> float:
    """Return the processor time, in seconds, of this process and of all that it has started, ended ones included."""
    return programs_cpu_s(psutil.Process())


def programs_cpu_s(program: psutil.Process) -> float:
    """Return the processor time, in seconds, of a process and of all that it has started, ended ones included.

    Raise NoSuchProcess where it has ended.
    """
    total = 0.0
    for process in [program, *program.children(recursive=True)]:
        with suppress(psutil.Error):
            total += sum(process.cpu_times()[:4])  # user and system, and the same of its ended children
    return total


def _idle_s() -> tuple[float, ...]:
    all_times = psutil.cpu_times(percpu=True)
    usable = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set(range(len(all_times)))
    # Where a processor is switched off, the places are not the numbers of the processors.
    chosen = [times for number, times in enumerate(all_times) if number in usable or max(usable) >= len(all_times)]
    return tuple(times.idle + getattr(times, "iowait", 0.0) for times in chosen)
