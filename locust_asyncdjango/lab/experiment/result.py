"""What a trial gave: its figures, what a request takes by itself, and what the trial cost."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from locust_asyncdjango.analysis.saturation import KindOnset, Onset, Saturation
from locust_asyncdjango.lab.experiment.spec import Trial

FORMAT_VERSION = 3


@dataclass(frozen=True, slots=True)
class Baseline:
    """Medians in milliseconds, seen by a client that connects for each request.

    request_ms: of the trial's route. nothing_ms: of /healthz, which touches neither database nor cache. requests: how
    many of the route it is the median of. cpu_ms: of a processor, that all the lab has started computed for a request,
    on average.
    """

    request_ms: float
    nothing_ms: float
    requests: int
    cpu_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class ResourceSample:
    """At a moment, in seconds since the first look.

    memory_mb, processes, threads: of the server, 0 for one that ran already. cpu_percent: of a processor, since the
    look before. lost: what has become of its processes since then, "" for nothing. connections: of the lab's own
    PostgreSQL, by what they do: active, idle, idle in transaction, starting. redis_clients: of its own Redis, None
    where there is none. other_percent, own_percent, steal_percent: of a processor, since the look before, for programs
    that are not the lab's, for all that are, and for other virtual machines. mhz: how fast the processors run, 0 where
    the system does not tell. speed: how fast a processor really was since the look before, for the lab
    (``machine.Speedometer``, ``got``).
    """

    t: float
    memory_mb: float
    cpu_percent: float
    processes: int
    threads: int
    lost: str = ""
    connections: dict[str, int] = field(default_factory=dict)
    redis_clients: int | None = None
    other_percent: float = 0.0
    own_percent: float = 0.0
    steal_percent: float = 0.0
    mhz: float = 0.0
    speed: float = 0.0


@dataclass(frozen=True, slots=True)
class PeakUsage:
    """The most of each in a trial, the server's processor time, the usual frequency, and the means of ``speed`` and
    ``own_percent``."""

    memory_mb: float
    threads: int
    connections: int
    redis_clients: int
    cpu_s: float
    mhz: float = 0.0
    speed: float = 0.0
    own_percent: float = 0.0


@dataclass(frozen=True, slots=True)
class Result:
    """What a trial gave: figures, or the error that kept it from being measured."""

    trial: Trial
    figures: Saturation | None
    error: str
    site: dict[str, Any]
    """What the preflight found; empty where the trial was refused."""
    alone: Baseline | None = None
    """Of a request by itself; None where the site does not answer one as it should."""
    cost: PeakUsage | None = None
    """Of the server and the lab's own services; None for a server that ran already."""
    marks: tuple[str, ...] = ()
    """What speaks against it."""

    def to_json(self) -> dict[str, Any]:
        """A JSON object of plain types."""
        return {"format_version": FORMAT_VERSION, **asdict(self)}

    @classmethod
    def from_json(cls, result: dict[str, Any]) -> Self:
        """Reads what ``to_json`` made."""
        figures = result["figures"]
        return cls(
            trial=Trial(**result["trial"]),
            figures=_figures(figures) if figures else None,
            error=result["error"],
            site=result["site"],
            alone=Baseline(**result["alone"]) if result["alone"] else None,
            cost=PeakUsage(**result["cost"]) if result["cost"] else None,
            marks=tuple(result["marks"]),
        )


def read_costs(file: Path) -> list[ResourceSample]:
    """All that were written."""
    return (
        [ResourceSample(**json.loads(text)) for text in file.read_text(encoding="utf-8").splitlines()]
        if file.exists()
        else []
    )


def _figures(figures: dict[str, Any]) -> Saturation:
    return Saturation(
        **{
            **figures,
            **{name: tuple(figures[name]) for name in ("peak_range", "peak_users_range", "successes_range")},
            "slowdown": _onset(figures["slowdown"]),
            "errors": _onset(figures["errors"]),
            "failures": tuple(
                KindOnset(failure["kind"], failure["count"], Onset(**failure["first"]))
                for failure in figures["failures"]
            ),
        }
    )


def _onset(onset: dict[str, int] | None) -> Onset | None:
    return Onset(**onset) if onset else None
