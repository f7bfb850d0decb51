"""Find how many users the server carries, in one run: climb until a level breaks, then narrow the interval.

Locust counts the requests of each second by the clock of the worker that sent them. So the clocks of workers have to be
within ``settle`` of the master's; the run's own summary says where they are not.
"""

import logging
import time
from collections.abc import Mapping
from math import ceil, floor

from locust.runners import WORKER_REPORT_INTERVAL, MasterRunner
from locust.stats import StatsEntry
from locust_asyncdjango.shapes.parameters import Milliseconds, Parametrised, Seconds, Share
from locust_asyncdjango.shapes.search import NOT_RISING, LevelResult, Search, conclude, summarize_level

from locust_asyncdjango.metrics.plural import counted

SPAWN_PATIENCE_S = 30
"""Seconds, beyond the time of the climb, that the search waits for users that do not start, before it gives up."""

PREVIEW_PEAK, PREVIEW_CAPACITY = 100, 40
"""The picture of this shape shows a search for this capacity among so many users."""

log = logging.getLogger(__name__)


class Breakpoint(Parametrised):
    """Search for the most users that the server carries: climb by ``factor`` until a level breaks, then narrow it down.

    A level breaks if more than ``failed`` of its requests fail, if its 95 % quantile is above ``p95``, or, without
    ``p95``, if throughput stops rising. A level that breaks is looked at again. If throughput is the limit, a level
    without queueing and one with it are then measured four or eight times each. Otherwise the interval between the
    levels that are carried and that break is halved. The run ends when the result is known; the log and the summary
    show it.

    Parameters:
        peak: most users to try (1000). ``-u`` overrides it.
        rate: users that start or stop in a second (50). ``-r`` overrides it.
        factor: by how much each level is higher than the one before, until one breaks (2).
        settle: seconds that a level runs before it is measured (3).
        hold: seconds for which a level is measured (10).
        failed: share of failures, from 0 to 1 or in per cent, above which a level breaks (0.01).
        p95: latency in milliseconds above which a level breaks; 0 for no limit (0). With a limit, throughput need not
            rise.
        share: the least that a user may get on a level, as a share of what it gets without queueing (0.8).
        resolution: width of the interval, as a share of its upper end, at which the search ends (0.05).

    ``-t`` ends the search early; its result is then marked as unfinished.

    Example: ``locust -f examples/io_read.py --shape Breakpoint:peak=500,p95=500ms``
    """

    abstract = bool(__package__)

    peak = 1000
    rate = 50.0
    factor: float = 2.0
    settle: Seconds = Seconds(3)
    hold: Seconds = Seconds(10)
    failed: Share = Share(0.01)
    p95: Milliseconds = Milliseconds(0)
    share: Share = Share(0.8)
    resolution: Share = Share(0.05)

    _times_before: Mapping[int, int] | None

    run_time = None
    """The length of the search is not known beforehand; ``-t`` limits it."""

    def __init__(self, **parameters: str) -> None:
        """Set parameters from texts, such as ``p95="500ms"``. Raise ParameterError for a wrong one."""
        super().__init__(**parameters)
        self._begin_search()

    def reset_time(self) -> None:
        """Begin a new search. Locust calls it when a run begins."""
        super().reset_time()  # type: ignore[no-untyped-call]
        self._begin_search()

    def users_at(self, elapsed: float) -> int:
        """Return the level that is tried now, or a number on the way to it. elapsed: seconds since the start.

        Locust starts and stops the users of a second at its beginning.
        """
        since, before = self._last_level
        moved = ceil((floor(max(elapsed - since, 0)) + 1) * self.effective_rate())
        level = self._search.level
        return min(level, before + moved) if level > before else max(level, before - moved)

    def tick(self) -> tuple[int, float] | None:
        """Return the level that is tried now and the rate; None when the result is known or the time is over."""
        if self._is_over():
            return None
        now = time.time()
        if self._settled is None:
            self._wait_for_users(now)
        elif self._times_before is None and now >= self._settled + self.settle + self._report_delay_s():
            self._times_before = dict(self._stats().response_times)
        elif now >= max(self._settled + self.settle + self.hold, self._measured_s().stop) + self._report_delay_s():
            self._judge()
        return None if self._is_over() else (self._search.level, self.effective_rate())

    def conclusions(self) -> tuple[str, ...]:
        """Return the result as far as it is known."""
        return (conclude(self._search, self._abort_reason),)

    def preview(self, columns: int) -> list[float]:
        """Return the levels of an example search, as shares of the highest."""
        search, levels = Search(PREVIEW_PEAK, self.factor, self.resolution, self.share), []
        while not search.is_over:
            levels.append(search.level)
            result = LevelResult(search.level, min(search.level, PREVIEW_CAPACITY))
            search.record(result, "" if search.is_repeating or search.is_rising(result) else NOT_RISING)
        return [levels[column * len(levels) // columns] / max(levels) for column in range(columns)]

    def _begin_search(self) -> None:
        self._search = Search(self.effective_peak(), self.factor, self.resolution, self.share)
        self._abort_reason = ""
        self._last_level = (0.0, 0)
        """When the previous level ended, in seconds since the start, and its users."""
        self._begin_level()

    def _begin_level(self) -> None:
        """Begin a level: first its users start, then it settles, then it is measured."""
        self._waiting_since: float | None = None
        self._settled: float | None = None
        self._times_before = None

    def _is_over(self) -> bool:
        limit_s, elapsed = self.locust_option("run_time"), self.get_run_time()  # type: ignore[no-untyped-call]
        return bool(self._abort_reason or self._search.is_over or (limit_s and elapsed >= limit_s))

    def _wait_for_users(self, now: float) -> None:
        running = self.get_current_user_count()  # type: ignore[no-untyped-call]
        self._waiting_since = self._waiting_since or now
        patience_s = self._search.level / self.effective_rate() + SPAWN_PATIENCE_S
        if running == self._search.level:
            self._settled = now
        elif now > self._waiting_since + patience_s:
            self._abort_reason = f"of {counted(self._search.level, 'user')} {running} could be started"

    def _judge(self) -> None:
        if self.get_current_user_count() != self._search.level:  # type: ignore[no-untyped-call]
            self._begin_level()  # a worker was lost: measure this level again
            return
        stats, seconds = self._stats(), self._measured_s()
        requests, failures = stats.num_reqs_per_sec, stats.num_fail_per_sec
        level = summarize_level(
            self._search.level,
            [(requests.get(second, 0), failures.get(second, 0)) for second in seconds],
            {ms: count - (self._times_before or {}).get(ms, 0) for ms, count in stats.response_times.items()},
        )
        is_repeat = self._search.is_repeating
        reason = "" if is_repeat else self._reason_broken(level)
        log.info("%d users: %.1f req/s, %s", level.users, level.per_s, "repeated" if is_repeat else reason or "carried")
        self._last_level = (self.get_run_time(), level.users)  # type: ignore[no-untyped-call]
        self._search.record(level, reason)
        self._begin_level()

    def _measured_s(self) -> range:
        """Return the epoch seconds that lie wholly in the measured time. There is at least one, which may end later."""
        begin = ceil((self._settled or 0) + self.settle)
        return range(begin, begin + max(int(self.hold) - 1, 1))

    def _reason_broken(self, level: LevelResult) -> str:
        """Return why a level broke; "" if it was carried."""
        if not level.per_s and not level.failed:
            return "no request was answered"
        if level.failed > self.failed:
            return f"{level.failed:.1%} of requests failed"
        if self.p95:
            return f"p95 was {level.p95_ms:.0f} ms" if level.p95_ms > self.p95 else ""
        return "" if self._search.is_rising(level) else NOT_RISING

    def _stats(self) -> StatsEntry:
        assert self.runner is not None, "Locust sets it before it ticks"  # noqa: S101
        return self.runner.stats.total

    def _report_delay_s(self) -> float:
        """Return the seconds after which the numbers of a second are complete: workers report every 3 s."""
        return WORKER_REPORT_INTERVAL + 1 if isinstance(self.runner, MasterRunner) else 0.0
