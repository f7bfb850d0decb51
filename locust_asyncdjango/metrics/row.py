"""One second of a run as it is recorded, sent and written: sums and histograms, which add up exactly."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Self

from locust_asyncdjango.metrics import histogram
from locust_asyncdjango.metrics.histogram import Histogram, rounded_ms
from locust_asyncdjango.metrics.sample import Sample

SELDOM = {"planned": None, "late": 0, "missed": 0}
"""What is written only where it is another value than this."""
LONGEST_S = 10_000_000
"""That a run is read of: more than a hundred days."""


@dataclass(slots=True)
class Row:
    """One second of a run, or what came late of one: rows of the same second add up.

    t: whole seconds since the start. users: running at its end. ok: successes that ended in it. failed: failures that
    did, by kind. bytes: of the bodies of both. ok_ms, failed_ms: how long they took. began: how many of both began so
    many seconds before (0: in this one). cpu: per cent of a processor that the generator used, the busiest of several.
    planned: users that the shape wanted at its end; None where it does not say. late: requests of an open model that
    began later than they were due. missed: those that were due and never begun.
    """

    t: int
    users: int = 0
    ok: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    bytes: int = 0
    ok_ms: Histogram = field(default_factory=Counter)
    failed_ms: Histogram = field(default_factory=Counter)
    began: Counter[int] = field(default_factory=Counter)
    cpu: float = 0.0
    planned: int | None = None
    late: int = 0
    missed: int = 0

    def add(self, samples: Iterable[Sample], started: int) -> None:
        """Folds in requests that ended in this second of a run, whose second 0 is the epoch's ``started``."""
        ended_s, ok_ms, began = self.t + started, self.ok_ms, self.began
        for ended, kind, ms, size in samples:
            if kind:
                self.failed[kind] += 1
                counts = self.failed_ms
            else:
                self.ok += 1
                counts = ok_ms
            self.bytes += size
            if ms is None:
                began[0] += 1
                continue
            # Not "+= 1", which calls a function for each new key of a Counter.
            value, ago = rounded_ms(ms), ended_s - int(ended - ms / 1000)
            counts[value] = counts.get(value, 0) + 1
            began[ago] = began.get(ago, 0) + 1

    def merge(self, other: Self) -> None:
        """Adds the same second of another worker, or what came late of it."""
        self.users += other.users
        self.ok += other.ok
        # Not +=, which looks at each entry of a sum.
        self.failed.update(other.failed)
        self.bytes += other.bytes
        self.ok_ms.update(other.ok_ms)
        self.failed_ms.update(other.failed_ms)
        self.began.update(other.began)
        self.cpu = max(self.cpu, other.cpu)
        self.planned = largest_known(self.planned, other.planned)
        self.late += other.late
        self.missed += other.missed

    def to_json(self) -> dict[str, Any]:
        """A JSON object of plain types."""
        return {
            "t": self.t,
            "users": self.users,
            "ok": self.ok,
            "failed": dict(self.failed),
            "bytes": self.bytes,
            "ok_ms": histogram.to_json(self.ok_ms),
            "failed_ms": histogram.to_json(self.failed_ms),
            "began": {str(seconds): n for seconds, n in sorted(self.began.items())},
            "cpu": self.cpu,
            **{name: value for name, usual in SELDOM.items() if (value := getattr(self, name)) != usual},
        }

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Self:
        """Reads what ``to_json`` made. Raises AttributeError, KeyError, OverflowError, TypeError or ValueError."""
        t = _whole(row["t"])
        if t > LONGEST_S:
            raise ValueError(f"there is no second {t} of a run")
        return cls(
            t=t,
            users=_whole(row["users"]),
            ok=_whole(row["ok"]),
            failed=_counts(row["failed"]),
            bytes=_whole(row["bytes"]),
            ok_ms=histogram.from_json(_counts(row["ok_ms"])),
            failed_ms=histogram.from_json(_counts(row["failed_ms"])),
            began=Counter({_whole(int(seconds)): n for seconds, n in _counts(row["began"]).items()}),
            cpu=float(_whole(int(row["cpu"] * 100)) / 100),
            **{name: _whole(row[name]) for name in SELDOM if name in row},
        )


def largest_known(one: int | None, other: int | None) -> int | None:
    """The larger of what is known."""
    return max((value for value in (one, other) if value is not None), default=None)


def _whole(value: Any) -> int:
    if not isinstance(value, int) or not 0 <= value < 10**15:
        raise ValueError(f"{value!r} is not a whole number of something")
    return value


def _counts(values: dict[str, Any]) -> Counter[str]:
    return Counter({name: _whole(count) for name, count in values.items()})
