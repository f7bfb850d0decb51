"""One second of a run as it is recorded, sent and written: sums and histograms, which add up exactly.

Start reading at ``Row``. How each of its columns adds up and is written stands beside the field (see columns.py).
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import frexp, ldexp
from typing import Any, Self

from locust_asyncdjango.metrics.columns import (
    LARGEST_KNOWN,
    LARGEST_KNOWN_HUNDREDTHS,
    SUM,
    SUM_BY_KIND,
    SUM_BY_MS,
    SUM_BY_SECONDS,
    TIME,
    column,
    columns,
)
from locust_asyncdjango.metrics.histogram import STEPS, Histogram
from locust_asyncdjango.metrics.request_names.as_json import names_from_json, names_to_json
from locust_asyncdjango.metrics.request_names.sums import SUM_BY_NAME, RequestsByName, RequestSums
from locust_asyncdjango.metrics.strict_json import read_value

Sample = tuple[float, str, float | None, int, str]
"""One finished request: when it ended (epoch seconds), its failure kind ("" for a success), the milliseconds that it
took (None where they are not known), the bytes of the response's body, and its name: "GET /posts/".

It is a plain tuple because one is made for each request: an instance of a class takes three times as long to make.
"""


def _plain(value: object) -> object:
    return value


def _known(value: float | None) -> object:
    return "" if value is None else value


def _by_kind(failed: Counter[str]) -> str:
    return " ".join(f"{kind}={count}" for kind, count in failed.most_common())


@dataclass(slots=True)
class Totals:
    """The columns that a Row and an Interval have in common."""

    t: int = field(metadata=column(TIME, "whole seconds from the start of the run to this second", csv={"t": _plain}))
    users: int = field(default=0, metadata=column(SUM, "users that ran at its end", csv={"users": _plain}))
    ok: int = field(default=0, metadata=column(SUM, "successful requests that ended in it", csv={"ok": _plain}))
    failed: Counter[str] = field(
        default_factory=Counter,
        metadata=column(
            SUM_BY_KIND,
            "failed requests that ended in it, by failure kind",
            csv={"failed": Counter.total, "kinds": _by_kind},
        ),
    )
    bytes: int = field(
        default=0, metadata=column(SUM, "bytes in the bodies of all these responses", csv={"bytes": _plain})
    )
    cpu: float | None = field(
        default=None,
        kw_only=True,
        metadata=column(
            LARGEST_KNOWN_HUNDREDTHS,
            "per cent of one processor that the generator used; of several generator processes, the busiest",
            optional=True,
            csv={"cpu": _known},
        ),
    )
    lag_ms: float | None = field(
        default=None,
        kw_only=True,
        metadata=column(
            LARGEST_KNOWN_HUNDREDTHS,
            "milliseconds that a response waits on average until the generator reads it; of several generator"
            " processes, the slowest",
            optional=True,
            csv={"lag_ms": _known},
        ),
    )
    planned: int | None = field(
        default=None,
        kw_only=True,
        metadata=column(
            LARGEST_KNOWN,
            "users that the load shape wanted at its end; missing where there is no plan",
            optional=True,
            csv={"planned": _known},
        ),
    )
    late: int = field(
        default=0,
        kw_only=True,
        metadata=column(
            SUM, "requests of an open model that began later than they were due", optional=True, csv={"late": _plain}
        ),
    )
    missed: int = field(
        default=0,
        kw_only=True,
        metadata=column(
            SUM, "requests of an open model that were due and never began", optional=True, csv={"missed": _plain}
        ),
    )
    clock_s: float | None = field(
        default=None,
        kw_only=True,
        metadata=column(
            LARGEST_KNOWN_HUNDREDTHS,
            "seconds by which the clock of a worker differs from the master's; missing where no clock does",
            optional=True,
            csv={"clock_s": _known},
        ),
    )
    lost_workers: int | None = field(
        default=None,
        kw_only=True,
        metadata=column(
            LARGEST_KNOWN,
            "workers that the master has lost so far; missing while it has all of them",
            optional=True,
            csv={"lost_workers": _known},
        ),
    )
    in_flight: int = field(
        default=0,
        kw_only=True,
        metadata=column(
            SUM,
            "requests that had begun and were not answered when the run ended in it",
            optional=True,
            csv={"in_flight": _plain},
        ),
    )
    in_flight_s: float | None = field(
        default=None,
        kw_only=True,
        metadata=column(
            LARGEST_KNOWN_HUNDREDTHS,
            "seconds for which the oldest of them had waited",
            optional=True,
            csv={"in_flight_s": _known},
        ),
    )
    due_per_s: float | None = field(
        default=None,
        kw_only=True,
        metadata=column(
            LARGEST_KNOWN_HUNDREDTHS,
            "requests a second that an open model's plan made due at its end; missing in a closed model",
            optional=True,
            csv={"due_per_s": _known},
        ),
    )


@dataclass(slots=True)
class Row(Totals):
    """One second of a run, or the requests that arrived late for one: rows of the same second add up.

    The metadata of each field says what it means.
    """

    ok_ms: Histogram = field(
        default_factory=Counter, metadata=column(SUM_BY_MS, "successful requests by the milliseconds that they took")
    )
    failed_ms: Histogram = field(
        default_factory=Counter, metadata=column(SUM_BY_MS, "failed requests by the milliseconds that they took")
    )
    began: Counter[int] = field(
        default_factory=Counter,
        metadata=column(
            SUM_BY_SECONDS, "all these requests by how many seconds earlier they began; 0 is the same second"
        ),
    )
    cut_off_ms: Histogram = field(
        default_factory=Counter,
        kw_only=True,
        metadata=column(
            SUM_BY_MS,
            "requests that the end of the run cut off, because they had not begun or not ended, by the milliseconds"
            " that they had waited since they were due",
            optional=True,
        ),
    )
    names: RequestsByName = field(
        default_factory=dict,
        kw_only=True,
        metadata=column(
            SUM_BY_NAME,
            "by the name of the requests, such as `GET /posts/`, the same members `ok`, `failed`, `ok_ms` and"
            " `failed_ms`",
            optional=True,
        ),
    )

    def add(self, samples: Sequence[Sample], started: int) -> None:
        """Count requests that ended in this second; at least one.

        started: epoch second that is second 0 of the run.
        """
        # Lists of a whole batch are made and counted in C: one pass in Python takes a third longer.
        ended, kinds, latencies, sizes, names = zip(*samples, strict=True)
        ended_s = self.t + started
        self.bytes += sum(sizes)
        self.began.update(
            [0 if ms is None else ended_s - int(end - ms / 1000) for end, ms in zip(ended, latencies, strict=True)]
        )
        # As rounded_ms does, without a call.
        rounded = [
            None if ms is None else ldexp(int((parts := frexp(ms))[0] * STEPS + 0.5), parts[1] - 11) for ms in latencies
        ]
        groups: defaultdict[tuple[str, str], list[float | None]] = defaultdict(list)
        for group, ms in zip(zip(names, kinds, strict=True), rounded, strict=True):
            groups[group].append(ms)
        for (name, kind), values in groups.items():
            self._count(name, kind, values)

    def _count(self, name: str, kind: str, latencies: list[float | None]) -> None:
        sums = self.names.get(name)
        if sums is None:
            sums = self.names[name] = RequestSums()
        if kind:
            self.failed[kind] += len(latencies)
            sums.failed[kind] += len(latencies)
        else:
            self.ok += len(latencies)
            sums.ok += len(latencies)
        counted: tuple[Counter[Any], ...] = (self.failed_ms, sums.failed_ms) if kind else (self.ok_ms, sums.ok_ms)
        for histogram in counted:
            histogram.update(latencies)
            histogram.pop(None, None)  # those that are not known; to leave them out before takes longer

    def merge(self, other: Self) -> None:
        """Add a row of the same second, from another worker or with requests that arrived late."""
        for name, add in _ADDERS:
            setattr(self, name, add(getattr(self, name), getattr(other, name)))

    def to_json(self) -> dict[str, Any]:
        """Return the row as a JSON object of plain types, which ``from_json`` reads."""
        content = {
            each.name: each.type.to_json(value)
            for each in COLUMNS
            if (value := getattr(self, each.name)) != each.default or not each.optional
        }
        if self.names:
            content["names"] = names_to_json(self.names, self.ok_ms, self.failed_ms)
        return content

    @classmethod
    def from_json(cls, content: Any) -> Self:
        """Return the row that ``to_json`` wrote. Raise ValueError where the content is damaged."""
        content = read_value(dict[str, Any], content, "a row")
        if missing := [each.name for each in COLUMNS if each.name not in content and not each.optional]:
            raise ValueError(f"a row lacks {missing[0]}")
        row = cls(**{each.name: each.type.from_json(content[each.name]) for each in COLUMNS if each.name in content})
        row.names = names_from_json(row.names, row.ok_ms, row.failed_ms)
        row._check_counts()
        return row

    def _check_counts(self) -> None:
        """Raise ValueError where more requests took some time, or began at some time, than ended or were cut off."""
        failed = self.failed.total()
        for name, counts, most in (
            ("ok_ms", self.ok_ms, self.ok),
            ("failed_ms", self.failed_ms, failed),
            ("began", self.began, self.ok + failed),
        ):
            if counts.total() > most:
                raise ValueError(f"{name} has {counts.total()} requests, more than the {most} that ended")
        if self.cut_off_ms.total() > (most := self.missed + self.in_flight):
            raise ValueError(
                f"cut_off_ms has {self.cut_off_ms.total()} requests, more than the {most} that were cut off"
            )
        for name, sums in self.names.items():
            if sums.ok_ms.total() > sums.ok or sums.failed_ms.total() > sums.failures:
                raise ValueError(f"more requests of {name} took some time than ended")
        named_failed: Counter[str] = Counter()
        for sums in self.names.values():
            named_failed.update(sums.failed)
        if sum(sums.ok for sums in self.names.values()) > self.ok or not named_failed <= self.failed:
            raise ValueError("more requests have a name than ended")


COLUMNS = columns(Row)
"""The members of a JSON line, in their order."""

_ADDERS = tuple((each.name, each.type.add) for each in COLUMNS if each.type is not TIME)
