"""What server, services and machine use during a trial, sampled once a second.

Connections to PostgreSQL are counted by the titles of its processes, which say what each does. MySQL has threads in
their place, which say nothing, so that its sockets are counted. A query would need a connection of its own, and the
trial limits these. Only services that the lab has started are sampled: they are children of this process.
Start reading at ``ResourceMeter``.
"""

import re
import socket
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from statistics import fmean, median

import psutil

from locust_asyncdjango.lab.environment import machine
from locust_asyncdjango.lab.environment.mysql.installation import SERVERS
from locust_asyncdjango.lab.environment.process_usage import (
    ProcessUsage,
    cpu_percent,
    describe_replaced_processes,
    read_usage,
)
from locust_asyncdjango.lab.experiment.result import PeakUsage, ResourceSample
from locust_asyncdjango.lab.measure.supervision import stopped_processes
from locust_asyncdjango.metrics.series_file import json_line

REDIS_TIMEOUT_S = 0.5
"""Seconds that a Redis may take to say how many clients it has. One that stands still must not delay the samples."""
STARTING = ("authentication", "startup")
CONNECTED = "connected"
"""The state of a connection to MySQL, of which no more is known."""
IDLE = ("idle", "idle in transaction", "idle in transaction (aborted)")
_BACKEND = re.compile(r"postgres: (?:.*?: )?\S+ \S+ (?:\S+\(\d+\)|\[local\]) (.+)")
_CLIENTS = re.compile(rb"connected_clients:(\d+)")


class ResourceMeter:
    """Samples what one trial uses."""

    def __init__(self, server_pid: int | None, speedometer: machine.Speedometer) -> None:
        """Begin the first interval. server_pid: of the server; None for a server that the lab has not started."""
        self._pid, self._speedometer = server_pid, speedometer
        self._first = self._previous = self._read()
        self._generator_cpu_s = 0.0

    def sample(self, generator_pid: int) -> ResourceSample:
        """Return what is used now, and what was used since the last sample (or, for the first, since the beginning).

        generator_pid: of Locust, which was started after this meter was made.
        """
        (before, machine_before), (now, machine_now) = self._previous, self._read()
        self._previous = now, machine_now
        lab = machine.lab_percent(machine_before, machine_now)
        steal = machine.steal_percent(machine_before, machine_now)
        return ResourceSample(
            t=round(now.at_s - self._first[0].at_s, 2),
            memory_mb=round(now.memory_mb, 1),
            cpu_percent=round(cpu_percent(before, now), 1),
            processes=len(now.pids),
            threads=sum(map(_threads, now.pids)),
            lost=describe_replaced_processes(before.pids, now.pids),
            connections=_connections(),
            redis_clients=_redis_clients(),
            other_percent=round(machine.other_percent(machine_before, machine_now), 1),
            own_percent=round(lab, 1),
            steal_percent=round(steal, 1),
            mhz=round(machine_now.mhz),
            speed=round(self._speedometer.mean() * granted_share(lab, steal), 2),
            at_s=round(time.time(), 2),
            stopped=stopped_processes(),
            generator_percent=self._generator_percent(generator_pid, now.at_s - before.at_s),
            busy_percents=[round(each, 1) for each in machine.busy_percents(machine_before, machine_now)],
        )

    def _generator_percent(self, pid: int, passed_s: float) -> float | None:
        """Return the percentage of one processor that the generator used; None where it has ended."""
        try:
            cpu_s = machine.programs_cpu_s(psutil.Process(pid))
        except psutil.NoSuchProcess:
            return None
        used_s, self._generator_cpu_s = cpu_s - self._generator_cpu_s, cpu_s
        return round(max(100 * used_s / passed_s, 0.0), 1)

    def _read(self) -> tuple[ProcessUsage, machine.MachineReading]:
        reading = machine.read_machine()
        nothing = ProcessUsage(reading.at_s, frozenset(), 0.0, 0.0)
        return read_usage(self._pid) if self._pid else nothing, reading


def append_sample(file: Path, sample: ResourceSample) -> None:
    """Append a sample to a file, as a line of JSON."""
    with file.open("a", encoding="utf-8") as lines:
        lines.write(json_line(asdict(sample)))


def peak_usage(samples: Sequence[ResourceSample]) -> PeakUsage:
    """Return the peaks of a trial's samples, which are sorted by time. There must be at least one."""
    begins_s = [0.0, *(sample.t for sample in samples)]
    cpu_s = (each.cpu_percent / 100 * (each.t - begin_s) for begin_s, each in zip(begins_s, samples, strict=False))
    return PeakUsage(
        memory_mb=max(sample.memory_mb for sample in samples),
        threads=max(sample.threads for sample in samples),
        connections=_highest(None if each.connections is None else sum(each.connections.values()) for each in samples),
        redis_clients=_highest(each.redis_clients for each in samples),
        cpu_s=round(sum(cpu_s), 1),
        mhz=median(sample.mhz for sample in samples),
        speed=round(fmean(sample.speed for sample in samples), 2),
        own_percent=round(fmean(sample.own_percent for sample in samples), 1),
    )


def _highest(values: Iterable[int | None]) -> int | None:
    """Return the highest of the known values; None where none is known."""
    return max((value for value in values if value is not None), default=None)


def granted_share(lab_percent: float, steal_percent: float) -> float:
    """Return the share, from 0 to 1, of the processor time that the lab got of what it wanted.

    lab_percent: processor time that the lab used. steal_percent: processor time that other virtual machines took.
    """
    return lab_percent / (lab_percent + steal_percent) if lab_percent else 1.0


def connection_states(titles: Iterable[str]) -> Counter[str]:
    """Count the connections to PostgreSQL by state: active, idle, idle in transaction, starting.

    titles: of all its processes; those that serve no client are left out.
    """
    states: Counter[str] = Counter()
    for title in titles:
        if match := _BACKEND.match(title):
            command = match[1].strip()
            states["starting" if command in STARTING else command if command in IDLE else "active"] += 1
    return states


def _connections() -> dict[str, int] | None:
    """Return the connections to the lab's own database server by state; None where it has not started one."""
    if servers := list(_child_programs("postgres")):
        return dict(connection_states(_titles(servers)))
    if servers := [server for name in SERVERS for server in _child_programs(name)]:
        return {CONNECTED: sum(map(_established_connections, servers))}
    return None


def _established_connections(server: psutil.Process) -> int:
    """Return how many connections to the ports of a server are open."""
    with suppress(psutil.Error):
        sockets = server.net_connections("tcp")
        ports = {each.laddr.port for each in sockets if each.status == psutil.CONN_LISTEN}
        return sum(each.laddr.port in ports for each in sockets if each.status == psutil.CONN_ESTABLISHED)
    return 0


def _titles(servers: Iterable[psutil.Process]) -> Iterator[str]:
    for server in servers:
        with suppress(psutil.Error):
            for process in server.children():
                with suppress(psutil.Error):
                    yield " ".join(process.cmdline())


def _redis_clients() -> int | None:
    for server in (*_child_programs("redis-server"), *_child_programs("valkey-server")):
        with suppress(psutil.Error, OSError, ValueError, IndexError):
            argv = server.cmdline()
            port = int(argv[argv.index("--port") + 1])
            with socket.create_connection(("127.0.0.1", port), timeout=REDIS_TIMEOUT_S) as connection:
                connection.sendall(b"INFO clients\r\n")
                response = connection.recv(4096)
            if clients := _CLIENTS.search(response):
                return int(clients[1]) - 1  # without this connection
    return None


def _child_programs(name: str) -> Iterator[psutil.Process]:
    """Yield the running programs of a name that this process has started."""
    for process in psutil.Process().children():
        with suppress(psutil.Error):
            if process.name() == name:
                yield process


def _threads(pid: int) -> int:
    with suppress(psutil.Error):
        return int(psutil.Process(pid).num_threads())
    return 0
