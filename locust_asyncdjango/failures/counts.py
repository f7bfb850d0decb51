"""Count failures by kind and message, keep examples of each kind, and make the failures file.

The counts are exact over any number of workers: a worker hands out what was added since the last time, and its master
adds that up. They are also bounded: however many different messages there are, FailureCounts has at most MESSAGES_LIMIT
rows, and one more per kind for all others. A day of failures takes no more memory than its first minutes.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from locust_asyncdjango.failures.model import Failure
from locust_asyncdjango.failures.normalize import safe_line, safe_text

MESSAGES_LIMIT = 200
"""How many different messages get a row of their own in a table."""

OTHER = "other"
"""The message that stands for all beyond the limit."""

SAMPLES_LIMIT = 3
"""How many examples of each kind are kept: the first ones."""

TEXT_LIMIT = 2000
"""How many characters of an example's body and of its exception are kept."""

FAILURES_FORMAT = "locust-asyncdjango failures"
FAILURES_VERSION = 2
"""The version of the file that --failures writes. In version 1 "shape_findings" was called "found".

Files of both versions may be without "in_flight", "in_flight_s" and "refused_updates", which came later.
"""

_Key = tuple[str, str, str]


class DistinctLimit:
    """Admit a limited number of different values: the first ones. admitted: those that were admitted so far."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.admitted: set[Hashable] = set()

    def admits(self, value: Hashable) -> bool:
        """Return whether the value is one of the first different ones."""
        if value in self.admitted:
            return True
        if len(self.admitted) >= self._limit:
            return False
        self.admitted.add(value)
        return True


@dataclass(slots=True)
class FailureRow:
    """Hold the failures of one kind and place that have the same message.

    count: how many there were. first_t, last_t: when the first and the last happened, in whole seconds since the start
    of the run. The other fields are a Failure's.
    """

    kind: str
    where: str
    message: str
    count: int
    first_t: int
    last_t: int
    origin: str
    advice: str

    def merge(self, other: Self) -> None:
        """Add failures of the same kind and message."""
        self.count += other.count
        self.first_t = min(self.first_t, other.first_t)
        self.last_t = max(self.last_t, other.last_t)


@dataclass(slots=True)
class ReportedFailure(FailureRow):
    """A row of the failures file. first_users: how many users ran when the first failure happened."""

    first_users: int


@dataclass(frozen=True, slots=True)
class FailureSample:
    """Hold one failed request as it was, without secrets: an example of its kind.

    kind, message: its failure's. t: when it ended, in whole seconds since the start of the run. name: as in Locust's
    tables. status: of the response, 0 where none came. exception: its repr. body: the beginning of the response's body.
    """

    kind: str
    message: str
    t: int
    name: str
    url: str
    status: int
    exception: str
    body: str

    @classmethod
    def redacted(
        cls, kind: str, message: str, t: int, name: str, url: str, status: int, exception: str, body: bytes
    ) -> Self:
        """Return an example of safe texts, cut to TEXT_LIMIT. body: in bytes; the rest as in the fields."""
        # A little more than is kept, because what is cut in the middle may not be recognized as a secret.
        name, url, exception = (safe_line(text[: 2 * TEXT_LIMIT])[:TEXT_LIMIT] for text in (name, url, exception))
        text = body[: 4 * TEXT_LIMIT].decode("utf-8", "replace")[: 2 * TEXT_LIMIT]
        return cls(
            kind,
            message,
            t,
            name,
            url,
            status,
            exception,
            safe_text(text)[:TEXT_LIMIT],
        )


@dataclass(frozen=True, slots=True)
class FailureUpdate:
    """Hold the failures that one process has counted since its last update, and its new examples."""

    rows: tuple[FailureRow, ...] = ()
    samples: tuple[FailureSample, ...] = ()


class FailureCounts:
    """Count the failures of a run in one process, and on a master those of its workers."""

    def __init__(self, started: float) -> None:
        """Begin to count. started: when the run began, in epoch seconds."""
        self.started = int(started)
        self._limit = DistinctLimit(MESSAGES_LIMIT)
        self._rows: dict[_Key, FailureRow] = {}
        self._pending: dict[int, dict[_Key, FailureRow]] = {}
        """The failures that ``take`` has not returned yet, by second."""
        self._samples: dict[str, list[FailureSample]] = {}
        self._pending_samples: list[FailureSample] = []

    def add(self, failure: Failure, when: float) -> None:
        """Count a failure. when: the end of its request, in epoch seconds."""
        t = max(int(when) - self.started, 0)
        known = self._pending.setdefault(t, {}).get((failure.kind, failure.where, failure.message))
        if known is None:
            row = FailureRow(failure.kind, failure.where, failure.message, 1, t, t, failure.origin, failure.advice)
            self._count(self._pending[t], row)
        else:
            known.count += 1

    def wants_sample(self, kind: str) -> bool:
        """Return whether fewer than SAMPLES_LIMIT examples of a kind are kept."""
        return len(self._samples.get(kind, ())) < SAMPLES_LIMIT

    def keep(self, sample: FailureSample) -> None:
        """Keep an example, unless there are enough of its kind."""
        if self.wants_sample(sample.kind):
            self._samples.setdefault(sample.kind, []).append(sample)
            self._pending_samples.append(sample)

    def take(self, before: float | None = None) -> FailureUpdate:
        """Return what was added and not yet taken, for ``merge``.

        before: an epoch second; only what was added in the seconds before it is taken. Without it all is taken.
        A Recorder takes its rows in the same way, so that what a lost worker has sent of both is of the same seconds.
        """
        limit = None if before is None else int(before) - self.started
        rows: dict[_Key, FailureRow] = {}
        for t in sorted(t for t in self._pending if limit is None or t < limit):
            for row in self._pending.pop(t).values():
                self._count(rows, row)
        samples, self._pending_samples = self._pending_samples, []
        update = FailureUpdate(tuple(map(replace, rows.values())), tuple(samples))
        for row in rows.values():
            self._count(self._rows, row)
        return update

    def merge(self, update: FailureUpdate, started: int) -> None:
        """Add what the counts of another process have handed out by ``take``.

        started: theirs, in epoch seconds. What happened before this process started counts as of its first second.
        """
        later = started - self.started
        for row in update.rows:
            first_t, last_t = (max(t + later, 0) for t in (row.first_t, row.last_t))
            self._count(self._rows, replace(row, first_t=first_t, last_t=last_t))
        for sample in update.samples:
            self.keep(replace(sample, t=max(sample.t + later, 0)))

    def rows(self) -> list[FailureRow]:
        """Return all that was counted, the most frequent first."""
        self.take()
        return sorted(self._rows.values(), key=lambda row: (-row.count, row.first_t))

    def samples(self, kind: str) -> list[FailureSample]:
        """Return the examples of a kind, in the order in which they came."""
        return list(self._samples.get(kind, ()))

    def _count(self, rows: dict[_Key, FailureRow], row: FailureRow) -> None:
        key = (row.kind, row.where, row.message)
        if row.message == OTHER or not self._limit.admits(key):
            key = (row.kind, "", OTHER)
            row = replace(row, where="", message=OTHER)
        if key in rows:
            rows[key].merge(row)
        else:
            rows[key] = row


def failures_document(
    header: dict[str, Any],
    counts: FailureCounts,
    users_at: Callable[[int], int],
    unrecorded: int,
    shape_findings: tuple[str, ...] = (),
    *,
    in_flight: int = 0,
    in_flight_s: float = 0.0,
    refused_updates: int = 0,
    interrupted_by: str = "",
    locust_ms: Sequence[float] = (),
) -> dict[str, Any]:
    """Return the content of the failures file as plain types, without its format and version.

    header: what the series has of the run. users_at: returns how many users ran at a second of the run. unrecorded: how
    many requests could not be recorded. shape_findings: sentences about what the load shape has found out. in_flight:
    requests that were not answered when the run ended. in_flight_s: for how long the oldest of them had waited.
    refused_updates: how many messages of workers were no updates.
    interrupted_by: the name of the signal that stopped the run before its shape was over; "" for none.
    locust_ms: p50, p95 and p99 of Locust's own table, in milliseconds; empty if they are not known.
    """
    rows = counts.rows()
    kinds = dict.fromkeys(row.kind for row in rows)
    return {
        "run": header,
        "unrecorded": unrecorded,
        "in_flight": in_flight,
        "in_flight_s": in_flight_s,
        "refused_updates": refused_updates,
        "shape_findings": list(shape_findings),
        "interrupted_by": interrupted_by,
        "locust_ms": list(locust_ms),
        "failures": [{**asdict(row), "first_users": users_at(row.first_t)} for row in rows],
        "samples": [asdict(sample) for kind in kinds for sample in counts.samples(kind)],
    }


def read_failures_document(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content of a failures file in the form of FAILURES_VERSION, whatever version wrote it.

    Raise ValueError for another format or a later version, and KeyError where a file names neither.
    """
    if content["format"] != FAILURES_FORMAT or content["version"] not in range(1, FAILURES_VERSION + 1):
        raise ValueError(f"not {FAILURES_FORMAT} of version {FAILURES_VERSION} or before")
    names = {"found": "shape_findings"} if content["version"] == 1 else {}
    renamed = {names.get(name, name): value for name, value in content.items()}
    return {**renamed, "version": FAILURES_VERSION}
