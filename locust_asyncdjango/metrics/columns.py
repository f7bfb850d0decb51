"""The columns of a run: what each one means, how it adds up, and how it is written.

A ``Row`` and an ``Interval`` are dataclasses, and each of their fields is declared once, with a ``Column`` as its
metadata. Merging, the members of a JSON line, the columns of a CSV file and the table in docs/saturation.md follow from
these declarations. To add a column, add a field to ``row.Totals``, ``row.Row`` or ``interval.Interval``.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, fields, replace
from operator import add
from typing import Any, TypeVar

from locust_asyncdjango.metrics import histogram
from locust_asyncdjango.metrics.strict_json import number, read_value, whole_number

Number = TypeVar("Number", int, float)

LONGEST_RUN_S = 10_000_000
"""No row may lie beyond this second: more than a hundred days."""

KINDS_LIMIT = 1000
"""The most failure kinds in a second. There are about fifty, and those that a locustfile adds."""

_KIND = re.compile(r"[a-zA-Z]\w{0,99}", re.ASCII)

CsvCells = Mapping[str, Callable[[Any], object]]
"""The CSV columns of one field: the name of each, and the function that turns the field's value into a cell."""


@dataclass(frozen=True, slots=True)
class ColumnType:
    """How values of a column add up, and how one value is written.

    add: takes two values and returns both together. It may change the first value, never the second.
    to_json, from_json: convert a value to a JSON member and back. from_json raises ValueError for a value that is not
        possible.
    """

    add: Callable[[Any, Any], Any]
    to_json: Callable[[Any], Any] = lambda value: value
    from_json: Callable[[Any], Any] = lambda value: value


@dataclass(frozen=True, slots=True)
class Column:
    """One field of a Row or an Interval.

    meaning: for people, without a full stop.
    optional: whether the JSON member is left out while the field has its default.
    csv: the CSV columns that the field has; empty where it has none.
    name, default: the field's own; ``columns`` fills them in.
    """

    type: ColumnType
    meaning: str
    optional: bool
    csv: CsvCells
    name: str = ""
    default: Any = None


def column(
    type_: ColumnType, meaning: str, *, optional: bool = False, csv: CsvCells | None = None
) -> dict[str, Column]:
    """Return the metadata that makes a dataclass field a column. The parameters are the members of ``Column``."""
    return {"column": Column(type_, meaning, optional, csv or {})}


def columns(table: type) -> tuple[Column, ...]:
    """Return the columns of a dataclass in the order in which they are written: keyword-only fields come last."""
    ordered = sorted(fields(table), key=lambda each: each.kw_only is True)
    return tuple(replace(each.metadata["column"], name=each.name, default=_default(each)) for each in ordered)


def _default(each: Field[Any]) -> Any:
    return each.default if each.default_factory is MISSING else each.default_factory()


def largest_known(one: Number | None, other: Number | None) -> Number | None:
    """Return the larger number; None stands for a number that is not known."""
    return max((value for value in (one, other) if value is not None), default=None)


def hundredths(value: float | None) -> float | None:
    """Return a number with two decimals, as columns of such numbers have it; None for None."""
    return None if value is None else round(value, 2)


def _keep_first(first: Any, _second: Any) -> Any:
    return first


def _add_counts(counts: Counter[Any], more: Counter[Any]) -> Counter[Any]:
    if more:  # an update takes time even where there is nothing to add
        counts.update(more)  # not +=, which visits each entry of the sum
    return counts


def kind(value: Any) -> str:
    """Return the name of a failure kind. Raise ValueError for anything else."""
    if not isinstance(value, str) or not _KIND.fullmatch(value):
        raise ValueError(f"{value!r:.60} is not the name of a failure kind")
    return value


def second(value: Any) -> int:
    """Return a second of a run. Raise ValueError for anything else."""
    t = whole_number(value)
    if t > LONGEST_RUN_S:
        raise ValueError(f"there is no second {t} of a run")
    return t


def _counts(values: Any) -> Counter[str]:
    counts = read_value(dict[str, int], values, "a member")
    return Counter({name: count for name, count in counts.items() if count})


def _counts_by_kind(values: Any) -> Counter[str]:
    counts = _counts(values)
    if len(counts) > KINDS_LIMIT:
        raise ValueError(f"there are {len(counts)} failure kinds, more than {KINDS_LIMIT}")
    for name in counts:
        kind(name)
    return counts


def _counts_by_seconds(values: Any) -> Counter[int]:
    return Counter({second(int(seconds)): count for seconds, count in _counts(values).items()})


def _hundredths(value: Any) -> float:
    return round(number(value) * 100) / 100


TIME = ColumnType(_keep_first, from_json=second)
"""Seconds since the start of the run: which second a row is about."""

SUM = ColumnType(add, from_json=whole_number)
"""A whole number of something."""

SUM_BY_KIND = ColumnType(_add_counts, dict, _counts_by_kind)
"""Counts by failure kind."""

SUM_BY_MS = ColumnType(_add_counts, histogram.to_json, lambda counts: histogram.from_json(_counts(counts)))
"""A histogram of latencies."""

SUM_BY_SECONDS = ColumnType(
    _add_counts,
    lambda counts: {str(seconds): n for seconds, n in sorted(counts.items())},
    _counts_by_seconds,
)
"""Counts by a whole number of seconds."""

LARGEST_KNOWN = ColumnType(largest_known, from_json=whole_number)
"""The largest of several whole numbers, of which each may be unknown (None)."""

LARGEST_KNOWN_HUNDREDTHS = ColumnType(largest_known, from_json=_hundredths)
"""The largest of several numbers with two decimals, of which each may be unknown (None)."""
