"""The sums of all requests with the same name: how they add up, and how many names there may be.

A name is a method and the name that Locust has for the request: "GET /posts/". Start reading at ``RequestSums``.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self

from locust_asyncdjango.metrics.columns import ColumnType
from locust_asyncdjango.metrics.histogram import Histogram

NAMES_LIMIT = 200
"""How many different names of a run are counted by themselves: the first ones."""

OTHER = "other"
"""The name under which all later names count. No request has it, because each name begins with a method."""

LONGEST_NAME = 300
"""The most characters of a name."""


@dataclass(slots=True)
class RequestSums:
    """The finished requests with one name, or with several together.

    ok: successful requests. failed: failed ones by kind. ok_ms, failed_ms: both by the milliseconds that they took.
    """

    ok: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    ok_ms: Histogram = field(default_factory=Counter)
    failed_ms: Histogram = field(default_factory=Counter)

    @property
    def requests(self) -> int:
        """Return the number of all requests, successful or not."""
        return self.ok + self.failed.total()

    @property
    def failures(self) -> int:
        """Return the number of failed requests of all kinds."""
        return self.failed.total()

    def add(self, other: Self) -> None:
        """Add other requests, of the same name or of another one."""
        self.ok += other.ok
        self.ok_ms.update(other.ok_ms)
        if other.failed:
            self.failed.update(other.failed)
            self.failed_ms.update(other.failed_ms)


RequestsByName = dict[str, RequestSums]


class NameLimit:
    """Admits a limited number of different names of a run: the first ones. All others are OTHER."""

    def __init__(self, limit: int = NAMES_LIMIT) -> None:
        self._limit = limit
        self._admitted = {OTHER}

    def admit(self, name: str) -> str:
        """Return the name if it is one of the first different ones, and OTHER if it is not."""
        if name in self._admitted:
            return name
        if len(self._admitted) > self._limit:
            return OTHER
        self._admitted.add(name)
        return name

    def fold(self, names: RequestsByName) -> RequestsByName:
        """Return the sums by the names that are admitted. The result may share sums with the parameter."""
        if names.keys() <= self._admitted:
            return names
        return sums_by_name((self.admit(name), sums) for name, sums in names.items())


def sums_by_name(named: Iterable[tuple[str, RequestSums]]) -> RequestsByName:
    """Return the sums by name, of names that may occur several times. None of the sums is changed."""
    names: RequestsByName = {}
    for name, sums in named:
        names.setdefault(name, RequestSums()).add(sums)
    return names


def sum_of_all(sums: Iterable[RequestSums]) -> RequestSums:
    """Return the sum of several."""
    total = RequestSums()
    for each in sums:
        total.add(each)
    return total


def _add_names(names: RequestsByName, more: RequestsByName) -> RequestsByName:
    for name, sums in more.items():
        names.setdefault(name, RequestSums()).add(sums)
    return names


SUM_BY_NAME = ColumnType(_add_names)
"""Sums by the name of the request. ``Row`` writes and reads them with ``request_names.as_json``."""
