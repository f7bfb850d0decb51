"""What a trial costs, looked at once a second: the server's memory, processor time and threads, services' connections;
and what else the machine does meanwhile.

PostgreSQL's connections are counted by the titles of its processes, which say what each does: a connection of our own
would be one of those that are limited. Only the lab's own services are looked at; they are children of this process.
"""

import re
import socket
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from statistics import fmean, median

import psutil

from locust_asyncdjango.lab.environment import machine
from locust_asyncdjango.lab.environment.process_usage import (
    ProcessUsage,
    cpu_percent,
    describe_replaced_processes,
    read_usage,
)
from locust_asyncdjango.lab.experiment.result import PeakUsage, ResourceSample
from locust_asyncdjango.metrics.series_file import json_line

STARTING = ("authentication", "startup")
IDLE = ("idle", "idle in transaction", "idle in transaction (aborted)")
_BACKEND = re.compile(r"postgres: (?:.*?: )?\S+ \S+ (?:\S+\(\d+\)|\[local\]) (.+)")
_CLIENTS = re.compile(rb"connected_clients:(\d+)")


class ResourceMeter:
    """Of one trial."""

    def __init__(self, server_pid: int | None, speedometer: machine.Speedometer) -> None:
        """server_pid: None for a server that the lab has not started."""
        self._pid, self._speedometer = server_pid, speedometer
        self._begin = self._before = self._look()

    def sample(self) -> ResourceSample:
        """What it costs now, and since the look before or the beginning."""
        (before, machine_before), (now, machine_now) = self._before, self._look()
        self._before = now, machine_now
        own = machine.lab_percent(machine_before, machine_now)
        steal = machine.steal_percent(machine_before, machine_now)
        return ResourceSample(
            t=round(now.at_s - self._begin[0].at_s, 2),
            memory_mb=round(now.memory_mb, 1),
            cpu_percent=round(cpu_percent(before, now), 1),
            processes=len(now.pids),
            threads=sum(map(_threads, now.pids)),
            lost=describe_replaced_processes(before.pids, now.pids),
            connections=dict(connection_states(_titles())),
            redis_clients=_redis_clients(),
            other_percent=round(machine.other_percent(machine_before, machine_now), 1),
            own_percent=round(own, 1),
            steal_percent=round(steal, 1),
            mhz=round(machine_now.mhz),
            speed=round(self._speedometer.mean() * granted_share(own, steal), 2),
        )

    def _look(self) -> tuple[ProcessUsage, machine.MachineReading]:
        seen = machine.read_machine()
        return read_usage(self._pid) if self._pid else ProcessUsage(seen.at_s, frozenset(), 0.0, 0.0), seen


def append_sample(file: Path, cost: ResourceSample) -> None:
    """Writes one as a line of JSON."""
    with file.open("a", encoding="utf-8") as lines:
        lines.write(json_line(asdict(cost)))


def peak_usage(costs: Sequence[ResourceSample]) -> PeakUsage:
    """Of some looks, in their order, of which there is one at least."""
    moments = [0.0, *(cost.t for cost in costs)]
    spent = (cost.cpu_percent / 100 * (cost.t - before) for before, cost in zip(moments, costs, strict=False))
    return PeakUsage(
        memory_mb=max(cost.memory_mb for cost in costs),
        threads=max(cost.threads for cost in costs),
        connections=max(sum(cost.connections.values()) for cost in costs),
        redis_clients=max(cost.redis_clients or 0 for cost in costs),
        cpu_s=round(sum(spent), 1),
        mhz=median(cost.mhz for cost in costs),
        speed=round(fmean(cost.speed for cost in costs), 2),
        own_percent=round(fmean(cost.own_percent for cost in costs), 1),
    )


def granted_share(own: float, steal: float) -> float:
    """The share of the processor time that the lab wanted and got, where other virtual machines took some of it."""
    return own / (own + steal) if own else 1.0


def connection_states(titles: Iterable[str]) -> Counter[str]:
    """What the clients' processes of a PostgreSQL do, by their titles; its own processes are left out."""
    found: Counter[str] = Counter()
    for title in titles:
        if match := _BACKEND.match(title):
            does = match[1].strip()
            found["starting" if does in STARTING else does if does in IDLE else "active"] += 1
    return found


def _titles() -> Iterator[str]:
    for server in _child_programs("postgres"):
        with suppress(psutil.Error):
            for process in server.children():
                with suppress(psutil.Error):
                    yield " ".join(process.cmdline())


def _redis_clients() -> int | None:
    for server in (*_child_programs("redis-server"), *_child_programs("valkey-server")):
        with suppress(psutil.Error, OSError, ValueError, IndexError):
            argv = server.cmdline()
            port = int(argv[argv.index("--port") + 1])
            with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
                connection.sendall(b"INFO clients\r\n")
                answer = connection.recv(4096)
            if clients := _CLIENTS.search(answer):
                return int(clients[1]) - 1  # without this one
    return None


def _child_programs(name: str) -> Iterator[psutil.Process]:
    """Programs of that name that this process has started."""
    for process in psutil.Process().children():
        with suppress(psutil.Error):
            if process.name() == name:
                yield process


def _threads(pid: int) -> int:
    with suppress(psutil.Error):
        return int(psutil.Process(pid).num_threads())
    return 0
