"""The series file: a header and one row a second, as JSON lines; what every analysis after a run reads.

The first line is a header. Each later line is a row; where two lines have the same ``t`` (what came late of a worker),
the second adds to the first.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self

from locust_asyncdjango.metrics.history import History
from locust_asyncdjango.metrics.interval import Interval
from locust_asyncdjango.metrics.row import Row

FORMAT = "locust-asyncdjango series"
FORMAT_VERSION = 2

HEADER_TYPES: dict[str, type] = {"user_classes": list, "versions": dict, "machine": dict}
"""Of what is looked into."""
LONGEST_GAP_S = 3600

_T = re.compile(rb'\{"t":(\d+),')


class SeriesError(ValueError):
    """A file is not a series; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Series:
    """A run: its header, its seconds from the first to the last, and all of them together in one row."""

    header: dict[str, Any]
    intervals: tuple[Interval, ...]
    total: Row

    @classmethod
    def from_rows(cls, header: dict[str, Any], rows: Iterable[Row]) -> Self:
        """Of rows in any order; those of the same second add up."""
        history = History(limit=0)
        for row in rows:
            history.add(row)
        return cls(header, tuple(history.intervals()), history.total)


def header(**about: Any) -> dict[str, Any]:
    """The first line of a file: the format, and what ran."""
    return {"format": FORMAT, "version": FORMAT_VERSION, **about}


def line(content: dict[str, Any]) -> str:
    """A header or a row as it is written."""
    return json.dumps(content, separators=(",", ":")) + "\n"


def read(path: Path) -> Series:
    """Reads a file. A last line cut short by a killed run is left out. Raises SeriesError."""
    try:
        with path.open("rb") as file:
            first = json.loads(file.readline())
            if first.get("format") != FORMAT or first.get("version") != FORMAT_VERSION:
                raise SeriesError(f"{path} is not a series of format version {FORMAT_VERSION}; write it with --series")
            for name, kind in HEADER_TYPES.items():
                if not isinstance(first.get(name, kind()), kind):
                    raise TypeError(f"its header has {first[name]!r} for {name}")
            return Series.from_rows(first, _rows(file))
    except OSError as error:
        raise SeriesError(f"cannot read the series {path}: {error.strerror}") from None
    except (AttributeError, KeyError, OverflowError, RecursionError, TypeError, ValueError) as error:
        if isinstance(error, SeriesError):
            raise
        raise SeriesError(f"{path} is not a series, or is damaged: {error}; write it with --series") from None


def _rows(file: IO[bytes]) -> Iterator[Row]:
    """The rows from here on by their seconds, without having all of them in memory."""
    places = []
    place = file.tell()
    for text in file:
        if text.endswith(b"\n"):
            places.append((_t(text), place))
        place += len(text)
    before = 0
    for t, place in sorted(places):
        if t > before + LONGEST_GAP_S:
            raise ValueError(f"nothing is known between second {before} and {t}")
        before = t
        file.seek(place)
        yield Row.from_json(json.loads(file.readline()))


def _t(text: bytes) -> int:
    quick = _T.match(text)
    return int(quick[1] if quick else json.loads(text)["t"])
