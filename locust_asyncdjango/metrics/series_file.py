"""The series file: what every analysis after a run reads.

As JSON lines (``json_line``, ``read``) it is complete: the first line is a header, and each later line is a row. Where
two lines have the same ``t``, the second adds to the first: it has what a worker sent late. As CSV (``csv_line``) it is
for spreadsheets: one line a second, with percentiles in place of histograms. No program of ours reads the CSV.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Self

from locust_asyncdjango.metrics import interval
from locust_asyncdjango.metrics.columns import second
from locust_asyncdjango.metrics.history import History
from locust_asyncdjango.metrics.interval import Interval
from locust_asyncdjango.metrics.load_curve import LoadLevel
from locust_asyncdjango.metrics.row import Row
from locust_asyncdjango.metrics.strict_json import dumps, loads, read_value

FORMAT = "locust-asyncdjango series"
FORMAT_VERSION = 2

HEADER_TYPES: dict[str, Any] = {
    **dict.fromkeys(("started", "host", "variant", "path", "shape", "objective"), str),
    "user_classes": list[str],
    **dict.fromkeys(("users", "spawn_rate", "run_time"), float | None),
    "workers": int,
    **dict.fromkeys(("versions", "machine"), dict[str, Any]),
}
"""The members of a header that are read, with the type that each must have. A header may lack some, and have others."""

LONGEST_GAP_S = 3600
"""A file that lacks more seconds than this in a row is taken for damaged."""

_CSV_CELLS = [(name, column.name, to_cell) for column in interval.COLUMNS for name, to_cell in column.csv.items()]

CSV_COLUMNS = tuple(name for name, _, _ in _CSV_CELLS)

_T = re.compile(rb'\{"t":(\d+),')


class SeriesError(ValueError):
    """Raised for a file that is not a series, or is damaged. The message says what to do."""


class _OtherFormatError(ValueError):
    """Raised for JSON that is not a header of this format and version."""


@dataclass(frozen=True, slots=True)
class Series:
    """A whole run.

    header: what ran, and where. intervals: one for each second, from the first to the last. total: the sum of all rows.
    load_levels: what each load brought, the lowest load first.
    """

    header: dict[str, Any]
    intervals: tuple[Interval, ...]
    total: Row
    load_levels: tuple[LoadLevel, ...] = ()

    @property
    def started_s(self) -> float:
        """Return the epoch second that is second 0 of the run; 0 where the header does not say when it started."""
        try:
            return datetime.fromisoformat(self.header["started"]).timestamp()
        except (KeyError, TypeError, ValueError):
            return 0.0

    @classmethod
    def from_rows(cls, header: dict[str, Any], rows: Iterable[Row]) -> Self:
        """Return the series of rows, which may come in any order; rows of the same second add up."""
        history = History(limit=0)
        for row in rows:
            history.add(row)
        return cls(header, tuple(history.intervals()), history.total, history.load_levels())


def header(**members: Any) -> dict[str, Any]:
    """Return the first line of a file: the format with its version, and the members, which say what ran."""
    return {"format": FORMAT, "version": FORMAT_VERSION, **members}


def is_csv(name: str) -> bool:
    """Return whether a series with this file name is CSV and not JSON lines."""
    return name.lower().endswith(".csv")


def json_line(content: dict[str, Any]) -> str:
    """Return a header or a row as one line of JSON."""
    return dumps(content) + "\n"


def csv_header() -> str:
    """Return the first line of a CSV file: the names of its columns."""
    return _csv_line(CSV_COLUMNS)


def csv_line(row: Row) -> str:
    """Return a row as one line of CSV."""
    each = Interval.from_row(row)
    return _csv_line(to_cell(getattr(each, name)) for _, name, to_cell in _CSV_CELLS)


def read(path: Path) -> Series:
    """Return the series in a file of JSON lines, without the incomplete last line of a killed run.

    Raise SeriesError where the file cannot be read, is no series or is damaged.
    """
    try:
        with path.open("rb") as file:
            return Series.from_rows(_read_header(file.readline()), _rows(file))
    except OSError as error:
        raise SeriesError(f"cannot read the series {path}: {error.strerror}") from None
    except ValueError as error:
        raise SeriesError(f"{path} {_reason(path, error)}") from None


def has_header(path: Path) -> bool:
    """Return whether a file exists and has a whole first line: whether its run has begun."""
    try:
        with path.open("rb") as file:
            return file.readline().endswith(b"\n")
    except OSError:
        return False


def check_header(content: Any) -> None:
    """Raise ValueError where a member of a header has another type than HEADER_TYPES says."""
    for name, type_ in HEADER_TYPES.items():
        if name in content:
            read_value(type_, content[name], f"the header's {name}")


def _read_header(line: bytes) -> dict[str, Any]:
    content = loads(line)
    if not isinstance(content, dict) or (content.get("format"), content.get("version")) != (FORMAT, FORMAT_VERSION):
        raise _OtherFormatError
    check_header(content)
    return content


def _reason(path: Path, error: ValueError) -> str:
    if is_csv(path.name):
        return "is CSV, which is for spreadsheets only: name the JSON lines of the run (locust --series run.jsonl)"
    if isinstance(error, _OtherFormatError):
        return f"is not a series of format version {FORMAT_VERSION}; write it with --series"
    return f"is not a series, or is damaged: {error}; write it with --series"


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
        row = loads(file.readline())
        if isinstance(row, dict) and row.get("cpu") == 0:  # earlier releases wrote 0 for what they did not know
            del row["cpu"]
        yield Row.from_json(row)


def _csv_line(cells: Iterable[object]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(cells)  # in the format of RFC 4180
    return text.getvalue()


def _t(text: bytes) -> int:
    quick = _T.match(text)
    if quick:
        return int(quick[1])
    content = loads(text)
    return second(content.get("t")) if isinstance(content, dict) else second(content)
