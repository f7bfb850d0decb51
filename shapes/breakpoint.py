"""How many users does it carry? Levels that climb until one breaks, and then halve the interval, in one run."""

import logging
import time
from collections.abc import Mapping
from math import ceil

from locust.runners import WORKER_REPORT_INTERVAL, MasterRunner
from locust.stats import StatsEntry
from locust_asyncdjango.shapes.parameters import Milliseconds, Parametrised, Seconds, Share
from locust_asyncdjango.shapes.search import NOT_RISING, Measured, Search, answer, measured, per_user

SPAWN_PATIENCE_S = 30
"""For which users may be lacking before a level is given up."""

log = logging.getLogger(__name__)


class Breakpoint(Parametrised):
    """Climbs by ``factor`` until more than ``failed`` fail, ``p95`` is passed or throughput stops rising; then bisects.
    Each level settles for ``settle`` and is measured for ``hold``. ``share``: of what a user gets alone, the least.
    """

    abstract = bool(__package__)

    peak = 1000
    rate = 50.0
    factor: float = 2.0
    settle: Seconds = Seconds(3)
    hold: Seconds = Seconds(10)
    failed: Share = Share(0.01)
    p95: Milliseconds = Milliseconds(0)
    """0 for no bound. With one, throughput need not rise."""
    share: Share = Share(0.8)
    resolution: Share = Share(0.05)

    _times_before: Mapping[int, int] | None

    def __init__(self, **parameters: str) -> None:
        """As of all shapes. Raises ParameterError."""
        super().__init__(**parameters)
        self._begin_anew()

    def reset_time(self) -> None:
        """A run begins."""
        super().reset_time()  # type: ignore[no-untyped-call]
        self._begin_anew()

    run_time = None
    """Nobody knows: ``-t`` is the longest."""

    def users_at(self, elapsed: float) -> int:
        """The level that is tried now, or what is on the way to it."""
        since, before = self._left
        moved = ceil(max(elapsed - since, 0) * self.effective_rate())
        level = self._search.level
        return min(level, before + moved) if level > before else max(level, before - moved)

    def tick(self) -> tuple[int, float] | None:
        """The level that is tried now, or None when the answer is known or the time is over."""
        if self._is_over():
            return None
        now = time.time()
        if self._settled is None:
            self._wait_for_users(now)
        elif self._times_before is None and now >= self._settled + self.settle + self._lag_s():
            self._times_before = dict(self._stats().response_times)
        elif now >= max(self._settled + self.settle + self.hold, self._seconds().stop) + self._lag_s():
            self._judge()
        return None if self._is_over() else (self._search.level, self.effective_rate())

    def conclusions(self) -> tuple[str, ...]:
        """The answer, as far as it is known."""
        return (answer(self._search, self._measured, self._broken, self._given_up),)

    def preview(self, columns: int) -> list[float]:
        """The levels of a search for 58 among 100."""
        search, levels = Search(100, self.factor, self.resolution), []
        while not search.is_over:
            levels.append(search.level)
            search.tell(broken=search.level > 58)
        return [levels[column * len(levels) // columns] / max(levels) for column in range(columns)]

    def _begin_anew(self) -> None:
        self._search = Search(self.effective_peak(), self.factor, self.resolution)
        self._measured: dict[int, Measured] = {}
        self._broken: dict[int, str] = {}
        self._given_up = ""
        self._left = (0.0, 0)
        """When the level before was left, since the start, and what it was."""
        self._begin_level()

    def _begin_level(self) -> None:
        """Its users are waited for, then it settles, and then it is measured."""
        self._waiting_since: float | None = None
        self._settled: float | None = None
        self._times_before = None

    def _is_over(self) -> bool:
        longest, elapsed = self.locust_option("run_time"), self.get_run_time()  # type: ignore[no-untyped-call]
        return bool(self._given_up or self._search.is_over or (longest and elapsed >= longest))

    def _wait_for_users(self, now: float) -> None:
        running = self.get_current_user_count()  # type: ignore[no-untyped-call]
        self._waiting_since = self._waiting_since or now
        needed_s = self._search.level / self.effective_rate() + SPAWN_PATIENCE_S
        if running == self._search.level:
            self._settled = now
        elif now > self._waiting_since + needed_s:
            self._given_up = f"of {self._search.level} users {running} could be started"

    def _judge(self) -> None:
        if self.get_current_user_count() != self._search.level:  # type: ignore[no-untyped-call]
            self._begin_level()  # a worker was lost: once more
            return
        stats, seconds = self._stats(), self._seconds()
        asked, failed = stats.num_reqs_per_sec, stats.num_fail_per_sec
        level = measured(
            self._search.level,
            [(asked.get(second, 0), failed.get(second, 0)) for second in seconds],
            {ms: count - (self._times_before or {}).get(ms, 0) for ms, count in stats.response_times.items()},
        )
        why = self._why_broken(level)
        log.info("%d users: %.1f req/s, %s", level.users, level.per_s, why or "carried")
        self._measured[level.users] = level
        if why:
            self._broken[level.users] = why
        self._left = (self.get_run_time(), level.users)  # type: ignore[no-untyped-call]
        self._search.tell(broken=bool(why))
        self._begin_level()

    def _seconds(self) -> range:
        """Those of the epoch that lie wholly in what is measured; one at least, which may end later."""
        begin = ceil((self._settled or 0) + self.settle)
        return range(begin, begin + max(int(self.hold) - 1, 1))

    def _why_broken(self, level: Measured) -> str:
        if not level.per_s and not level.failed:
            return "nothing was answered"
        if level.failed > self.failed:
            return f"{level.failed:.1%} of requests failed"
        if self.p95:
            return f"p95 was {level.p95_ms:.0f} ms" if level.p95_ms > self.p95 else ""
        each = per_user([*self._measured.values(), level])
        return NOT_RISING if level.per_s < self.share * each * level.users else ""

    def _stats(self) -> StatsEntry:
        assert self.runner is not None, "Locust sets it before it ticks"  # noqa: S101
        return self.runner.stats.total

    def _lag_s(self) -> float:
        """After which what was measured is known."""
        return WORKER_REPORT_INTERVAL + 1 if isinstance(self.runner, MasterRunner) else 0.0
