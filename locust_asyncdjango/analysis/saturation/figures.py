"""The figures of one run, and the types that they are made of. Start reading at ``Saturation``."""

from dataclasses import dataclass, field

PEAK_WINDOW_S = 10
"""As long as the window of Locust's own current rate (locust/stats.py, ``current_rps``), so the two can be compared."""

Range = tuple[float, float]
"""Lower and upper end of a 95 % interval."""


@dataclass(frozen=True, slots=True)
class Onset:
    """The moment at which something began.

    t: seconds since the start of the run. users: those at that moment. low, high: the fewest and the most users that it
    may have been, by a 95 % interval.
    is_queued_from_start: requests queued at the lowest load of the run already, which is ``users``.
    doubt: what else may explain it, and how to confirm it; "" if nothing may.
    """

    t: int
    users: int
    low: int
    high: int
    is_queued_from_start: bool = False
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class KindOnset:
    """How often a failure kind occurred, and when it first did."""

    kind: str
    count: int
    first: Onset


@dataclass(frozen=True, slots=True)
class FailingName:
    """A name of requests that fail at every load of a run, and the share of them that failed, from 0 to 1."""

    name: str
    share: float


@dataclass(frozen=True, slots=True)
class Goodput:
    """Successful responses a second over the plateau.

    The plateau are the seconds after the warm-up whose offered load is constant and whole.

    per_s: the mean. low, high: its 95 % interval; None where the plateau is too short for an interval of its own.
    begin_s, end_s: the first second of the plateau, and the first one after it.
    users: those of the plateau. failed_share: of the requests that ended in it, from 0 to 1.
    p50_ms, p95_ms, p99_ms: latency of the successful requests; None without any.
    why: "" for a plateau; otherwise why the run has none, so that these are the figures of its last level.
    due_per_s: requests a second that an open model made due; None in a closed one.
    """

    per_s: float
    low: float | None
    high: float | None
    begin_s: int
    end_s: int
    users: int
    failed_share: float
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    why: str = ""
    due_per_s: float | None = None

    @property
    def is_plateau(self) -> bool:
        """Return whether the offered load was constant."""
        return not self.why


@dataclass(frozen=True, slots=True)
class Capacity:
    """The highest load at which the objective holds.

    objective: as the user wrote it, such as "failures <= 1% and p95 <= 1s".
    users: the highest load; 0 if the objective held at no load of the run, so that it is below ``high``. low, high: its
        95 % interval.
    unit: of all loads here: "users", or "req/s" for an open model, whose load is the requests that it makes due.
    per_s: successful responses a second at this load.
    broken_by: what broke the objective beyond it, such as "p95 1.4 s"; "" if no load of the run broke it. Then the
        capacity is at least ``users``.
    users_without_failing: the highest load at which the objective would hold without the failures of the names that
        fail at every load, where these are what broke it; None where they are not.
    """

    objective: str
    users: int
    low: int
    high: int
    per_s: float
    broken_by: str = ""
    unit: str = "users"
    users_without_failing: int | None = None

    @property
    def is_reached(self) -> bool:
        """Return whether a load of the run broke the objective: otherwise the capacity is a minimum."""
        return bool(self.broken_by)


PercentileBounds = tuple[float, float | None]
"""Milliseconds between which a percentile lies; None where it has no upper end."""


@dataclass(frozen=True, slots=True)
class DueLatency:
    """The latency of all requests that were due and have not failed, from when each was due.

    requests: how many there were. cut_off: those of them that had not begun or not ended when the run ended.
    """

    requests: int
    cut_off: int
    p50_ms: PercentileBounds
    p95_ms: PercentileBounds
    p99_ms: PercentileBounds


@dataclass(frozen=True, slots=True)
class Saturation:
    """The figures of one run.

    slowdown: None where latency did not rise with the users. drift: where it rose with time instead; None if it did
        not, and in results of earlier versions.
    always_failing: the names of requests that fail at every load, those with most failures first.
    errors: where a larger share of the requests with other names began to fail; None if none failed, or as many at the
        lowest loads. fails_always: whether so many of them failed at every load that it was no chance.
    failures: of all names, by kind, most frequent first.
    in_flight: the requests that were not answered when the run ended. in_flight_s: for how many seconds the oldest of
        them had waited.
    length_s: the seconds of the run; 0 if unknown, as in results of earlier versions.
    goodput: of the plateau; None where nothing was answered, and in results of earlier versions.
    capacity: None where the run shows none, and in results of earlier versions.
    unloaded_ms: the latency at the lowest loads of the run, or as measured by the lab before it; None if unknown.
    is_saturated: whether at the highest loads latency left the unloaded latency, or requests failed that did not fail
        before; None if unknown. If not, the load was the limit, and not the server.
    due_latency: None in a closed model, and in results of earlier versions.
    """

    peak_per_s: float
    peak_range: Range
    peak_users: int
    peak_users_range: Range
    successes: int
    successes_range: Range
    warm_up_s: int
    slowdown: Onset | None
    errors: Onset | None
    failures: tuple[KindOnset, ...]
    in_flight: int = 0
    in_flight_s: float = 0.0
    length_s: int = field(default=0, compare=False)
    goodput: Goodput | None = None
    capacity: Capacity | None = None
    unloaded_ms: float | None = None
    is_saturated: bool | None = None
    due_latency: DueLatency | None = None
    drift: Onset | None = None
    fails_always: bool = False
    always_failing: tuple[FailingName, ...] = ()

    @property
    def failed(self) -> int:
        """Return how many requests failed."""
        return sum(failure.count for failure in self.failures)

    @property
    def has_peak(self) -> bool:
        """Return whether the run was as long as the seconds that a peak is the mean of; True for an unknown length."""
        return not 0 < self.length_s < PEAK_WINDOW_S

    @property
    def is_measured(self) -> bool:
        """Return whether a request ended: without one, nothing is known about the server."""
        return bool(self.successes or self.failures)
