"""What a worker sends to its master each second, and the checks that it passes before the master takes it.

A master reads whatever connects to its port: a worker of another version, or a program that is no worker. So each
member has to be of its type, and there may be no more of anything than a worker can have recorded.
"""

from collections.abc import Sized
from dataclasses import asdict, dataclass
from typing import Any, Self

from locust_asyncdjango.analysis.request_names import clean_name
from locust_asyncdjango.failures.counts import TEXT_LIMIT, FailureRow, FailureSample, FailureUpdate
from locust_asyncdjango.failures.normalize import OnceLogger, safe_logger, safe_value
from locust_asyncdjango.metrics.columns import kind
from locust_asyncdjango.metrics.request_names.sums import sums_by_name
from locust_asyncdjango.metrics.row import Row
from locust_asyncdjango.metrics.strict_json import read_dataclass

log = safe_logger(__name__)

ROWS_LIMIT = 100_000
"""The most seconds in one update: more than a day, as of a machine that was suspended."""
LATENCIES_LIMIT = 50_000
"""The most different latencies in one second. From a microsecond to an hour there are fewer."""
COUNT_LIMIT = 10_000_000
"""The most users of a worker, and the most requests in one of its seconds. A process makes some ten thousand."""
BYTES_LIMIT = 10**13
"""The most bytes of the responses in one second."""
LATEST_S = 10**11
"""No time is later, in epoch seconds: that of year 5138."""
KINDS_LIMIT = 200
"""The most failure kinds of one worker: ours, and those of its locustfile."""
FAILURES_LIMIT = 1000
"""The most failures with different messages, and the most examples, in one update."""
LONGEST_TEXT = 4 * TEXT_LIMIT
"""The most characters of a message or a part of an example. Redacting may have made it longer than TEXT_LIMIT."""


@dataclass(frozen=True, slots=True)
class Update:
    """What a worker has recorded since its last update.

    unrecorded: requests that could not be recorded. started: epoch second in which the worker's second 0 lies. until:
    the rows and failures are complete up to this moment (epoch seconds); None when the run ended. sent: when it was
    sent (epoch seconds). All times are by the worker's clock.
    """

    rows: tuple[Row, ...]
    failures: FailureUpdate
    unrecorded: int
    started: int
    until: float | None
    sent: float

    def to_message(self) -> dict[str, Any]:
        """Return the update as plain types, which ``from_message`` reads."""
        return {
            "rows": [row.to_json() for row in self.rows],
            "failures": asdict(self.failures),
            "unrecorded": self.unrecorded,
            "started": self.started,
            "until": self.until,
            "sent": self.sent,
        }

    @classmethod
    def from_message(cls, content: Any) -> Self:
        """Return the update that ``to_message`` wrote. Raise ValueError for anything else."""
        message = read_dataclass(_Message, content)
        _require_at_most(ROWS_LIMIT, "seconds", message.rows)
        _require_at_most(FAILURES_LIMIT, "failures", message.failures.rows)
        _require_at_most(FAILURES_LIMIT, "examples", message.failures.samples)
        rows = tuple(map(Row.from_json, message.rows))
        for row in rows:
            _require_plausible(row)
            row.names = sums_by_name((clean_name(name), sums) for name, sums in row.names.items())
        times = (message.started, message.until or 0, message.sent)
        _require_below(LATEST_S, "a time", *times)
        _require_below(COUNT_LIMIT, "failures", message.unrecorded, *(each.count for each in message.failures.rows))
        for each in _all_of(message.failures):
            kind(each.kind)
            _require_short_texts(each)
        failures = read_dataclass(FailureUpdate, safe_value(asdict(message.failures)))
        return cls(rows, failures, message.unrecorded, message.started, message.until, message.sent)

    @property
    def ended(self) -> float:
        """Return the moment up to which it goes, in epoch seconds by the worker's clock."""
        return self.until or self.started + max((row.t + 1 for row in self.rows), default=0)

    @property
    def kinds(self) -> set[str]:
        """Return the failure kinds that the update names."""
        return {each.kind for each in _all_of(self.failures)}.union(*(row.failed for row in self.rows))


@dataclass(frozen=True, slots=True)
class _Message:
    """An update as it is sent; the rows are not read yet."""

    rows: tuple[dict[str, Any], ...]
    failures: FailureUpdate
    unrecorded: int
    started: int
    until: float | None
    sent: float


class UpdateReader:
    """Reads the updates of all workers of a master. It refuses what is none, and warns of it once for each worker."""

    def __init__(self) -> None:
        self._kinds: dict[str, set[str]] = {}
        """The failure kinds that each worker has named so far."""
        self._refusals = OnceLogger(log)

    def read(self, worker: str, content: Any) -> Update | None:
        """Return the update that a worker has sent; None for a message that is none."""
        try:
            update = Update.from_message(content)
            kinds = self._kinds.get(worker, set()) | update.kinds
            _require_at_most(KINDS_LIMIT, "failure kinds", kinds)
        except ValueError as error:
            self._report(worker, error)
            return None
        self._kinds[worker] = kinds
        return update

    def _report(self, worker: str, error: ValueError) -> None:
        self._refusals.warning(
            worker,
            "A message of worker %.80r is no update, and is left out of the results: %s. Later ones are only counted;"
            " see that master and workers have the same version",
            worker,
            error,
        )


def _all_of(failures: FailureUpdate) -> tuple[FailureRow | FailureSample, ...]:
    return (*failures.rows, *failures.samples)


def _require_plausible(row: Row) -> None:
    """Raise ValueError for a second that no worker can have."""
    requests = (row.ok, row.failed.total(), row.late, row.missed, row.in_flight)
    _require_below(COUNT_LIMIT, "users or requests", row.users, row.planned or 0, row.due_per_s or 0, *requests)
    _require_below(BYTES_LIMIT, "bytes", row.bytes)
    for counts in (row.ok_ms, row.failed_ms, row.began, row.cut_off_ms):
        _require_at_most(LATENCIES_LIMIT, "latencies in a second", counts)
    by_name = sum(len(sums.ok_ms) + len(sums.failed_ms) for sums in row.names.values())
    _require_at_most(LATENCIES_LIMIT, "latencies by name in a second", range(by_name))


def _require_below(limit: int, what: str, *values: float) -> None:
    if max(values) >= limit:
        raise ValueError(f"it has {max(values):g} as {what}")


def _require_at_most(limit: int, what: str, values: Sized) -> None:
    if len(values) > limit:
        raise ValueError(f"it has {len(values)} {what}, more than {limit}")


def _require_short_texts(counted: FailureRow | FailureSample) -> None:
    for name, value in asdict(counted).items():
        if isinstance(value, str) and len(value) > LONGEST_TEXT:
            raise ValueError(f"{name} has {len(value)} characters, more than {LONGEST_TEXT}")
