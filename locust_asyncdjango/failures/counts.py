"""Failures counted by kind and message, with samples of each kind: bounded, and exact over many workers.

A worker hands out what was added since the last time; its master adds that up. However many different messages there
are, a tally has at most MESSAGES_LIMIT rows, and one more per kind for all others: a day of failures takes no more
memory than its first minutes.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from locust_asyncdjango.failures.classify import MESSAGES_LIMIT, OTHER
from locust_asyncdjango.failures.model import Failure
from locust_asyncdjango.failures.normalize import redact

SAMPLES_LIMIT = 3
"""Per kind: the first ones."""

TEXT_LIMIT = 2000
"""Characters of a sample's body and of its exception."""

FAILURES_FORMAT = "locust-asyncdjango failures"
FAILURES_VERSION = 1
"""Of the file that --failures names."""

_Key = tuple[str, str, str]


@dataclass(slots=True)
class FailureRow:
    """Failures of a kind with the same message. t: whole seconds since the start, of the first and the last of them."""

    kind: str
    where: str
    message: str
    count: int
    first_t: int
    last_t: int
    origin: str
    advice: str

    def merge(self, other: Self) -> None:
        """Adds others of the same kind and message."""
        self.count += other.count
        self.first_t = min(self.first_t, other.first_t)
        self.last_t = max(self.last_t, other.last_t)


@dataclass(frozen=True, slots=True)
class FailureSample:
    """One failed request as it was, without secrets. message: of its row. status: 0 where no answer came."""

    kind: str
    message: str
    t: int
    name: str
    url: str
    status: int
    exception: str
    body: str

    @classmethod
    def of(cls, kind: str, message: str, t: int, name: str, url: str, status: int, exception: str, body: bytes) -> Self:
        """A sample of what was seen: secrets taken out, texts cut."""
        text = body[: 4 * TEXT_LIMIT].decode("utf-8", "replace")
        return cls(
            kind,
            message,
            t,
            redact(name[:TEXT_LIMIT]),
            redact(url[:TEXT_LIMIT]),
            status,
            redact(exception[: 2 * TEXT_LIMIT])[:TEXT_LIMIT],
            redact(text)[:TEXT_LIMIT],
        )


class FailureCounts:
    """The failures of a run."""

    def __init__(self, started: float) -> None:
        self.started = int(started)
        self._keys: set[_Key] = set()
        """That have a row of their own."""
        self._rows: dict[_Key, FailureRow] = {}
        self._fresh: dict[int, dict[_Key, FailureRow]] = {}
        """What was not yet taken, by second."""
        self._samples: dict[str, list[FailureSample]] = {}
        self._fresh_samples: list[FailureSample] = []

    def add(self, failure: Failure, when: float) -> None:
        """Counts a failure. when: epoch seconds."""
        t = int(when) - self.started
        known = self._fresh.setdefault(t, {}).get((failure.kind, failure.where, failure.message))
        if known is None:
            row = FailureRow(failure.kind, failure.where, failure.message, 1, t, t, failure.origin, failure.advice)
            self._count(self._fresh[t], row)
        else:
            known.count += 1

    def wants_sample(self, kind: str) -> bool:
        """Whether few of the kind are kept yet."""
        return len(self._samples.get(kind, ())) < SAMPLES_LIMIT

    def keep(self, sample: FailureSample) -> None:
        """Keeps a sample, if few of its kind are kept yet."""
        if self.wants_sample(sample.kind):
            self._samples.setdefault(sample.kind, []).append(sample)
            self._fresh_samples.append(sample)

    def take(self, before: float | None = None) -> dict[str, Any]:
        """What was added in the seconds before one (epoch) and not yet taken, as plain types; {} for nothing.

        Without ``before`` all of it. As a Recorder's: what a lost worker has sent of both is of the same seconds.
        """
        limit = None if before is None else int(before) - self.started
        rows: dict[_Key, FailureRow] = {}
        for t in sorted(t for t in self._fresh if limit is None or t < limit):
            for row in self._fresh.pop(t).values():
                self._count(rows, row)
        samples, self._fresh_samples = self._fresh_samples, []
        if not (rows or samples):
            return {}
        handed = {"rows": [asdict(row) for row in rows.values()], "samples": [asdict(sample) for sample in samples]}
        for row in rows.values():
            self._count(self._rows, row)
        return handed

    def merge(self, handed: dict[str, Any], started: int) -> None:
        """Adds what another tally, which began at epoch second ``started``, has handed out."""
        later = started - self.started
        for row in (FailureRow(**row) for row in handed.get("rows", ())):
            self._count(self._rows, replace(row, first_t=row.first_t + later, last_t=row.last_t + later))
        for sample in handed.get("samples", ()):
            self.keep(FailureSample(**{**sample, "t": sample["t"] + later}))

    def rows(self) -> list[FailureRow]:
        """All that was counted, most frequent first."""
        self.take()
        return sorted(self._rows.values(), key=lambda row: (-row.count, row.first_t))

    def samples(self, kind: str) -> list[FailureSample]:
        """The first ones of a kind."""
        return list(self._samples.get(kind, ()))

    def _count(self, rows: dict[_Key, FailureRow], row: FailureRow) -> None:
        key = (row.kind, row.where, row.message)
        if key not in self._keys:
            if row.message == OTHER or len(self._keys) >= MESSAGES_LIMIT:
                key = (row.kind, "", OTHER)
                row = replace(row, where="", message=OTHER)
            else:
                self._keys.add(key)
        if key in rows:
            rows[key].merge(row)
        else:
            rows[key] = row


def failures_document(
    header: dict[str, Any],
    failure_counts: FailureCounts,
    users_at: Callable[[int], int],
    unrecorded: int,
    found: tuple[str, ...] = (),
) -> dict[str, Any]:
    """What failed, as plain types: rows by kind and message, with users at the first and samples of each kind; and what
    the shape has found."""
    rows = failure_counts.rows()
    kinds = dict.fromkeys(row.kind for row in rows)
    return {
        "run": header,
        "unrecorded": unrecorded,
        "found": list(found),
        "failures": [{**asdict(row), "first_users": users_at(row.first_t)} for row in rows],
        "samples": [asdict(sample) for kind in kinds for sample in failure_counts.samples(kind)],
    }
