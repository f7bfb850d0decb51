"""The series file: what every analysis after a run reads.

As JSON lines (``json_line``, ``read``) it is complete: the first line is a header, and each later line is a row. Where
two lines have the same ``t``, the second adds to the first: it has what a worker sent late. As CSV (``csv_line``) it is
for spreadsheets: one line a second, with percentiles in place of histograms. No program of ours reads the CSV.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self

from locust_asyncdjango.metrics import interval
from locust_asyncdjango.metrics.history import History
from locust_asyncdjango.metrics.interval import Interval
from locust_asyncdjango.metrics.row import Row

FORMAT = "locust-asyncdjango series"
FORMAT_VERSION = 2

HEADER_TYPES: dict[str, type] = {"user_classes": list, "versions": dict, "machine": dict}
"""The members of a header that analyses read, with the type that each must have."""

LONGEST_GAP_S = 3600
"""A file that lacks more seconds than this in a row is taken for damaged."""

_CSV_CELLS = [(name, column.name, to_cell) for column in interval.COLUMNS for name, to_cell in column.csv.items()]

CSV_COLUMNS = tuple(name for name, _, _ in _CSV_CELLS)

_T = re.compile(rb'\{"t":(\d+),')


class SeriesError(ValueError):
    """Raised for a file that is not a series, or is damaged. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Series:
    """A whole run.

    header: what ran, and where. intervals: one for each second, from the first to the last. total: the sum of all rows.
    """

    header: dict[str, Any]
    intervals: tuple[Interval, ...]
    total: Row

    @classmethod
    def from_rows(cls, header: dict[str, Any], rows: Iterable[Row]) -> Self:
        """Return the series of rows, which may come in any order; rows of the same second add up."""
        history = History(limit=0)
        for row in rows:
            history.add(row)
        return cls(header, tuple(history.intervals()), history.total)


def header(**members: Any) -> dict[str, Any]:
    """Return the first line of a file: the format with its version, and the members, which say what ran."""
    return {"format": FORMAT, "version": FORMAT_VERSION, **members}


def json_line(content: dict[str, Any]) -> str:
    """Return a header or a row as one line of JSON."""
    return json.dumps(content, separators=(",", ":")) + "\n"


def csv_header() -> str:
    """Return the first line of a CSV file: the names of its columns."""
    return _csv_line(CSV_COLUMNS)


def csv_line(row: Row) -> str:
    """Return a row as one line of CSV."""
    second = Interval.from_row(row)
    return _csv_line(to_cell(getattr(second, name)) for _, name, to_cell in _CSV_CELLS)


def read(path: Path) -> Series:
    """Return the series in a file of JSON lines, without the incomplete last line of a killed run.

    Raise SeriesError where the file cannot be read, is no series or is damaged.
    """
    try:
        with path.open("rb") as file:
            first = json.loads(file.readline())
            if first.get("format") != FORMAT or first.get("version") != FORMAT_VERSION:
                raise SeriesError(f"{path} is not a series of format version {FORMAT_VERSION}; write it with --series")
            for name, type_ in HEADER_TYPES.items():
                if not isinstance(first.get(name, type_()), type_):
                    raise TypeError(f"its header has {first[name]!r} for {name}")
            return Series.from_rows(first, _rows(file))
    except OSError as error:
        raise SeriesError(f"cannot read the series {path}: {error.strerror}") from None
    except (AttributeError, KeyError, OverflowError, RecursionError, TypeError, ValueError) as error:
        if isinstance(error, SeriesError):
            raise
        raise SeriesError(f"{path} is not a series, or is damaged: {error}; write it with --series") from None


def _rows(file: IO[bytes]) -> Iterator[Row]:
    """Yield the rows that follow in a file, sorted by their seconds, without holding all of them in memory."""
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


def _csv_line(cells: Iterable[object]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(cells)  # in the format of RFC 4180
    return text.getvalue()


def _t(text: bytes) -> int:
    quick = _T.match(text)
    return int(quick[1] if quick else json.loads(text)["t"])
