"""What each load brought: throughput, failures and latencies by the number of users, in bounded memory.

Start reading at ``LoadCurve``. Latency is due to the load at the moment when a request began, so requests are counted
at the users of that second. Throughput is counted at the users of the second in which the requests ended.

The users of a second are the mean of those at its begin and at its end. The load of an open model is the requests a
second that it makes due, whatever its users do. Seconds soon after a higher load do not count: their requests wait
behind those of that load.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import fsum

from locust_asyncdjango.metrics.histogram import Histogram
from locust_asyncdjango.metrics.row import Row

LIMIT = 500
"""The most levels that are kept; when there are more, each two neighbours are merged."""

_SAME_SECOND_MS = 500.0
"""A request that took no longer began in the second in which it ended, as it is taken to have ended in its middle."""

SETTLE_S = 10
"""Seconds that do not count after the load has become lower."""
LOWER = 0.9
"""The load has become lower if it is less than this share of the highest of these seconds."""


@dataclass(slots=True)
class LoadLevel:
    """What one number of users brought; of a long run, some neighbouring numbers together.

    users: the mean number of users over its seconds. seconds: those in which so many users ran.
    done: successful requests that ended in these seconds.
    due_per_s: the mean requests a second that an open model made due; None in a closed one.
    ok_ms, failed: latencies of the successful requests, and the number of failed ones, that began in these seconds.
    ok_by_name, failed_by_name: the successful and the failed requests that began in these seconds, by their name.
    kinds: the failed ones by kind. Where failures of several kinds ended in the same second, each kind is spread over
        their levels alike, so that these are fractions.
    """

    users: float
    seconds: int = 0
    done: int = 0
    failed: int = 0
    ok_ms: Histogram = field(default_factory=Counter)
    due_per_s: float | None = None
    ok_by_name: Counter[str] = field(default_factory=Counter)
    failed_by_name: Counter[str] = field(default_factory=Counter)
    kinds: dict[str, float] = field(default_factory=dict)

    @property
    def load(self) -> float:
        """Return the users, or in an open model the requests a second that were due."""
        return self.users if self.due_per_s is None else self.due_per_s

    @property
    def per_s(self) -> float:
        """Return the successful requests a second; 0 without a second."""
        return self.done / self.seconds if self.seconds else 0.0

    @property
    def failed_share(self) -> float:
        """Return the share of the requests that failed, from 0 to 1; 0 without a request."""
        requests = self.failed + self.ok_ms.total()
        return self.failed / requests if requests else 0.0


class LoadCurve:
    """Follows a run from second 0, row by row, in the order of the seconds."""

    def __init__(self, limit: int = LIMIT) -> None:
        """Begin an empty curve. limit: the most levels."""
        self._limit, self._width = limit, 1
        self._levels: dict[int, LoadLevel] = {}
        self._loads: list[int] = []
        """By which load each second so far is counted: users, or in an open model the requests that were due."""
        self._is_settled: list[bool] = []
        """Whether each second so far counts."""
        self._ignored = LoadLevel(0)
        self._users = self._users_before = 0
        self._due_per_s: float | None = None

    def add(self, row: Row) -> None:
        """Add the next row, with all requests of its second. In seconds without a row, as many users ran as before."""
        while len(self._loads) < row.t:
            self._add_second()
        self._users = row.users
        self._due_per_s = self._due_per_s if row.due_per_s is None else row.due_per_s
        self._add_second()
        self._count(row, self._level(row.t))

    def add_late(self, row: Row) -> None:
        """Add requests that arrived late for a second that was added before."""
        self._count(row, self._level(row.t))

    def copy(self) -> "LoadCurve":
        """Return a curve that can be added to without a change of this one."""
        other = LoadCurve(self._limit)
        other._width, other._loads = self._width, list(self._loads)
        other._is_settled = list(self._is_settled)
        other._users, other._users_before, other._due_per_s = self._users, self._users_before, self._due_per_s
        other._levels = {key: _copy(level) for key, level in self._levels.items()}
        return other

    def levels(self) -> tuple[LoadLevel, ...]:
        """Return the levels at which users ran, the lowest load first."""
        return tuple(level for _, level in sorted(self._levels.items()) if level.users)

    def _add_second(self) -> None:
        """Add a second with the load of the last one that is known."""
        users = (self._users_before + self._users) / 2 if self._loads else self._users
        self._users_before, due_per_s = self._users, self._due_per_s
        load = int(users if due_per_s is None else due_per_s)
        self._loads.append(load)
        lowest = load if due_per_s is not None else min(load, self._users)
        self._is_settled.append(lowest >= LOWER * max(self._loads[-SETTLE_S:]))
        if not self._is_settled[-1]:
            return
        level = self._levels.setdefault(load // self._width, LoadLevel(users, due_per_s=due_per_s))
        level.users = (level.users * level.seconds + users) / (level.seconds + 1)
        if due_per_s is not None:
            level.due_per_s = ((level.due_per_s or 0.0) * level.seconds + due_per_s) / (level.seconds + 1)
        level.seconds += 1
        if len(self._levels) > self._limit:
            self._halve()

    def _count(self, row: Row, level: LoadLevel) -> None:
        level.done += row.ok
        # Most requests took less than half a second: they began in the second in which they ended.
        ok_ms = level.ok_ms
        for ms, count in row.ok_ms.items():
            latencies = ok_ms if ms <= _SAME_SECOND_MS else self._level_at_begin(row.t, ms).ok_ms
            latencies[ms] = latencies.get(ms, 0) + count
        _add_failures(level, row, row.failed.total() - row.failed_ms.total())  # those whose latency is not known
        for ms, count in row.failed_ms.items():
            _add_failures(self._level_at_begin(row.t, ms), row, count)
        for name, sums in row.names.items():
            level.ok_by_name[name] += sums.ok
            for ms, count in sums.ok_ms.items():
                if ms > _SAME_SECOND_MS:
                    level.ok_by_name[name] -= count
                    self._level_at_begin(row.t, ms).ok_by_name[name] += count
            if sums.failed:
                for ms, count in sums.failed_ms.items():
                    self._level_at_begin(row.t, ms).failed_by_name[name] += count
                level.failed_by_name[name] += sums.failures - sums.failed_ms.total()

    def _level_at_begin(self, t: int, ms: float) -> LoadLevel:
        """Return the level of a request that ended in the middle of second t, at the moment when it began."""
        return self._level(max(int(t + 0.5 - ms / 1000), 0))

    def _level(self, t: int) -> LoadLevel:
        return self._levels[self._loads[t] // self._width] if self._is_settled[t] else self._ignored

    def _halve(self) -> None:
        self._width *= 2
        levels: dict[int, LoadLevel] = {}
        for key, level in self._levels.items():
            levels[key // 2] = merge_levels((levels[key // 2], level)) if key // 2 in levels else level
        self._levels = levels


def merge_levels(levels: Sequence[LoadLevel]) -> LoadLevel:
    """Return one level that sums up all of these. There must be at least one."""
    seconds, weights = sum(level.seconds for level in levels), [max(level.seconds, 1) for level in levels]
    users = fsum(level.users * weight for level, weight in zip(levels, weights, strict=True)) / sum(weights)
    merged = LoadLevel(users, seconds, sum(level.done for level in levels), sum(level.failed for level in levels))
    for level in levels:
        merged.ok_ms.update(level.ok_ms)
        merged.ok_by_name.update(level.ok_by_name)
        merged.failed_by_name.update(level.failed_by_name)
        _add_kinds(merged.kinds, level.kinds)
    due = [(level.due_per_s, each) for level, each in zip(levels, weights, strict=True) if level.due_per_s is not None]
    if due:
        merged.due_per_s = fsum(per_s * each for per_s, each in due) / sum(each for _, each in due)
    return merged


def _copy(level: LoadLevel) -> LoadLevel:
    counters = {name: getattr(level, name).copy() for name in ("ok_ms", "ok_by_name", "failed_by_name")}
    return replace(level, **counters, kinds=dict(level.kinds))


def _add_failures(level: LoadLevel, row: Row, count: int) -> None:
    """Add some of a row's failures to a level, of each kind alike."""
    level.failed += count
    total = row.failed.total()
    if count and total:
        _add_kinds(level.kinds, {kind: n * count / total for kind, n in row.failed.items()})


def _add_kinds(counts: dict[str, float], more: dict[str, float]) -> None:
    for kind, count in more.items():
        counts[kind] = counts.get(kind, 0) + count
