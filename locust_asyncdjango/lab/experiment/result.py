"""The result of one trial, and the JSON in which it is kept.

Start reading at ``Result``. A ``Result`` holds the figures of the load (``Saturation``), the unloaded latency
(``Baseline``), the most that server and services took (``PeakUsage``), and the caveats that a report shows with them.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from locust_asyncdjango.analysis.saturation import Saturation
from locust_asyncdjango.lab.experiment.probe_figures import ProbeFigures
from locust_asyncdjango.lab.experiment.trial import Trial
from locust_asyncdjango.metrics.strict_json import loads, read_dataclass
from locust_asyncdjango.probe.protocol import PREFLIGHT_PATH, TOKEN_VARIABLE

FORMAT_VERSION = 7
"""Version of result.json and experiment.json. 5: figures have goodput, capacity and the unloaded latency. 6: trials
have the name, workers and threads of their arm, an experiment may be about a user's own project, and results have what
the probe has measured and which failures the database's refusals explain. 7: an experiment may have other users for
each subject."""
READABLE_VERSIONS = (3, 4, 5, 6, FORMAT_VERSION)

NO_PREFLIGHT = (
    f"the server has no {PREFLIGHT_PATH} for this lab: nothing could be checked; if it serves the probe's application,"
    f" start server and lab with the same {TOKEN_VARIABLE}"
)
"""The record of a preflight that a server of the user's does not answer, as its member ``preflight``."""

_NAMES_OF_VERSION_3 = {"alone": "baseline", "cost": "peak_usage", "marks": "caveats", "nothing_ms": "healthz_ms"}
"""Members of a version 3 result that have other names since version 4."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """The unloaded latency: medians in milliseconds of a client that opens a connection for each request.

    request_ms: of requests to the trial's route.
    healthz_ms: of requests to /healthz, which touches neither database nor cache.
    requests: how many requests to the route were measured.
    cpu_ms: processor time per request, on average, of everything that the lab started.
    """

    request_ms: float
    healthz_ms: float
    requests: int
    cpu_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class ResourceSample:
    """What server, services and machine use at one moment. Percentages are of one processor.

    t: seconds since the first sample.
    memory_mb, processes, threads: of the server; 0 for one that the lab did not start.
    cpu_percent: of the server, since the sample before.
    lost: which of the server's processes have ended since the sample before, in words; "" for none.
    connections: of the lab's own database server, by state: active, idle, idle in transaction, starting; of MySQL
        connected alone. None where the database is not the lab's. Earlier versions wrote none by state for that.
    redis_clients: of the lab's own Redis; None where there is none.
    other_percent, own_percent, steal_percent: since the sample before, of programs that are not the lab's, of those
        that are, and of other virtual machines.
    mhz: frequency of the processors; 0 where the system does not report it.
    speed: how fast the lab's programs really ran since the sample before (``machine.Speedometer``).
    at_s: the moment, in epoch seconds; 0 in what earlier versions wrote.
    stopped: which of the lab's programs, or processes of them, a signal or a debugger had stopped at that moment.
    generator_percent: of Locust and its workers, since the sample before; None where it is not known, as in what
        earlier versions wrote.
    busy_percents: for each processor that the lab may use, how much of the time since the sample before it was busy;
        empty in what earlier versions wrote.
    """

    t: float
    memory_mb: float
    cpu_percent: float
    processes: int
    threads: int
    lost: str = ""
    connections: dict[str, int] | None = field(default_factory=dict)
    redis_clients: int | None = None
    other_percent: float = 0.0
    own_percent: float = 0.0
    steal_percent: float = 0.0
    mhz: float = 0.0
    speed: float = 0.0
    at_s: float = 0.0
    stopped: list[str] = field(default_factory=list)
    generator_percent: float | None = None
    busy_percents: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class PeakUsage:
    """The resources that a trial used.

    memory_mb, threads, connections, redis_clients: the highest of all samples; of connections and Redis clients None
        where the service is not the lab's, or there is none. Earlier versions wrote 0 for that.
    cpu_s: processor time of the server in seconds.
    mhz: the median of all samples.
    speed, own_percent: the means of all samples.
    """

    memory_mb: float
    threads: int
    connections: int | None
    redis_clients: int | None
    cpu_s: float
    mhz: float = 0.0
    speed: float = 0.0
    own_percent: float = 0.0


@dataclass(frozen=True, slots=True)
class RefusedConnections:
    """Failures whose responses hide that the database refused connections in the same seconds.

    failures: how many, by kind. refused: the connections that the database refused in these seconds, without those of
    failures that name it. connections: the most that were in use at once in these seconds; None where it is unknown.
    """

    failures: dict[str, int]
    refused: int
    connections: int | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """The figures of a trial, or the error that prevented the measurement.

    figures: None for a trial that could not be measured; ``error`` then says why.
    site: what the preflight read from the server; empty where it refused the trial.
    baseline: None where a single request to the site fails.
    peak_usage: of the server and the lab's own services; None for a server that the lab did not start.
    caveats: reasons to doubt the figures, such as busy neighbours.
    took_s: seconds that the trial took with all its starts and stops; 0 in results of earlier versions.
    probe: what the probe has measured inside the server; None where the server does not run it.
    refused: what made failures fail whose responses hide it; None where the database's log does not show it.
    """

    trial: Trial
    figures: Saturation | None
    error: str
    site: dict[str, Any]
    baseline: Baseline | None = None
    peak_usage: PeakUsage | None = None
    caveats: tuple[str, ...] = ()
    took_s: float = 0.0
    probe: ProbeFigures | None = None
    refused: RefusedConnections | None = None

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object of plain types, which ``from_json`` reads."""
        return {"format_version": FORMAT_VERSION, **asdict(self)}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Self:
        """Return the result that ``to_json`` wrote, of this version or of an earlier one, from 3 on.

        Raise ValueError where the content is damaged.
        """
        members = {name: value for name, value in content.items() if name != "format_version"}
        return read_dataclass(cls, _from_version_3(members) if content["format_version"] == 3 else members)


def read_resource_samples(file: Path) -> list[ResourceSample]:
    """Return the samples in a trial's costs.jsonl, in their order; an empty list if there is no such file.

    Raise ValueError where it is damaged.
    """
    if not file.exists():
        return []
    lines = file.read_text(encoding="utf-8").splitlines()
    return [read_dataclass(ResourceSample, loads(line), f"line {n}") for n, line in enumerate(lines, 1)]


def _from_version_3(content: Mapping[str, Any]) -> dict[str, Any]:
    renamed = _renamed(content)
    if isinstance(renamed.get("baseline"), dict):
        renamed["baseline"] = _renamed(renamed["baseline"])
    return renamed


def _renamed(members: Mapping[str, Any]) -> dict[str, Any]:
    return {_NAMES_OF_VERSION_3.get(name, name): value for name, value in members.items()}
