"""The series: one row a second, folded from samples; written as JSON lines, and what every analysis reads.

The first line is a header. Each later line is a row; where two lines have the same ``t`` (a worker's row that came
late), the second adds to the first.
"""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import IO, Any, Self

from locust_asyncdjango.sample import Sample

FORMAT = "locust-asyncdjango series"
FORMAT_VERSION = 1


class SeriesError(ValueError):
    """A file is not a series; the message says what to do."""


@dataclass(slots=True)
class Row:
    """One second of a run.

    t: whole seconds since the start. users: running then. ok: successes that ended in it. failed: failures by kind.
    bytes: of their bodies. ok_ms, failed_ms: how many took how many milliseconds (three significant digits).
    """

    t: int
    users: int = 0
    ok: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    bytes: int = 0
    ok_ms: Counter[float] = field(default_factory=Counter)
    failed_ms: Counter[float] = field(default_factory=Counter)

    def add(self, sample: Sample) -> None:
        """Folds one sample in."""
        _, _, kind, ms, size, users = sample
        bucket = three_digits(ms)
        if kind:
            self.failed[kind] += 1
            self.failed_ms[bucket] += 1
        else:
            self.ok += 1
            self.ok_ms[bucket] += 1
        self.bytes += size
        if users > self.users:
            self.users = users

    def merge(self, other: Self) -> None:
        """Adds the same second of another worker."""
        self.users += other.users
        self.ok += other.ok
        self.failed += other.failed
        self.bytes += other.bytes
        self.ok_ms += other.ok_ms
        self.failed_ms += other.failed_ms

    def to_json(self) -> dict[str, Any]:
        """A JSON object of plain types."""
        return {
            "t": self.t,
            "users": self.users,
            "ok": self.ok,
            "failed": dict(self.failed),
            "bytes": self.bytes,
            "ok_ms": {f"{ms:g}": n for ms, n in sorted(self.ok_ms.items())},
            "failed_ms": {f"{ms:g}": n for ms, n in sorted(self.failed_ms.items())},
        }

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Self:
        """Reads what ``to_json`` made."""
        return cls(
            t=row["t"],
            users=row["users"],
            ok=row["ok"],
            failed=Counter(row["failed"]),
            bytes=row["bytes"],
            ok_ms=Counter({float(ms): n for ms, n in row["ok_ms"].items()}),
            failed_ms=Counter({float(ms): n for ms, n in row["failed_ms"].items()}),
        )


@dataclass(frozen=True, slots=True)
class Series:
    """A header and rows of consecutive seconds, without gaps."""

    header: dict[str, Any]
    rows: tuple[Row, ...]

    @classmethod
    def of(cls, header: dict[str, Any], rows: Iterable[Row]) -> Self:
        """Merges rows of the same second and fills seconds without any, in which as many users ran as before."""
        merged: dict[int, Row] = {}
        for row in rows:
            if row.t in merged:
                merged[row.t].merge(row)
            else:
                merged[row.t] = Row(row.t)
                merged[row.t].merge(row)
        filled: list[Row] = []
        for t in range(min(merged, default=0), max(merged, default=-1) + 1):
            filled.append(merged.get(t) or Row(t, users=filled[-1].users))
        return cls(header, tuple(filled))


def three_digits(ms: float) -> float:
    """Rounds to three significant digits: within 0.5 % of the truth, and few enough values to count."""
    # Nearly all are here, where arithmetic is quicker than a format.
    if 1 <= ms < 10:
        return int(ms * 100 + 0.5) / 100
    if 10 <= ms < 100:
        return int(ms * 10 + 0.5) / 10
    return float(f"{ms:.3g}")


def percentile_ms(counts: Counter[float], percent: Fraction) -> float:
    """The lowest latency such that at least so many per cent took no longer (nearest rank), of a histogram with any."""
    # A fraction, as a rank that is off by a rounding is another rank.
    left = ceil(percent * counts.total() / 100)
    return next(ms for ms in sorted(counts) if (left := left - counts[ms]) <= 0)


def header(**about: Any) -> dict[str, Any]:
    """The first line of a file: the format, and what ran."""
    return {"format": FORMAT, "version": FORMAT_VERSION, **about}


def write_line(file: IO[str], line: dict[str, Any]) -> None:
    """Appends a header or a row, whole and at once."""
    file.write(json.dumps(line, separators=(",", ":")) + "\n")
    file.flush()


def read(path: Path) -> Series:
    """Reads a file. A last line cut short by a killed run is left out. Raises SeriesError."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise SeriesError(f"cannot read the series {path}: {error}") from None
    try:
        first = json.loads(lines[0])
        if first.get("format") != FORMAT or first.get("version") != FORMAT_VERSION:
            raise SeriesError(f"{path} is not a series of format version {FORMAT_VERSION}; write it with --series")
        # What follows the last newline is "" in a whole file.
        return Series.of(first, [Row.from_json(json.loads(line)) for line in lines[1:-1]])
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        if isinstance(error, SeriesError):
            raise
        raise SeriesError(f"{path} is not a series, or is damaged: {error}; write it with --series") from None
