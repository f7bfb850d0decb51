"""Whether the load generator kept up: did it have the planned users, start requests in time, and measure them well?

Start reading at ``health_problems``. Where there is a problem, the figures of the run are those of the generator, not
of the server.
"""

from collections.abc import Sequence

from locust_asyncdjango.metrics.interval import Interval
from locust_asyncdjango.metrics.plural import counted

BUSY_CPU = 90.0
"""Per cent of a processor from which a generator measures itself. Locust warns at the same value."""
MAX_LAG_MS = 10.0
"""Milliseconds that a response may wait on average until the generator reads it.

The latency that the generator measures is as much too high. The event loop was blocked for 140 ms at least in a second,
or for 20 ms again and again.
"""
STARTING_S = 2
"""Seconds that may be spent on imports and on making the first users before we warn of a busy generator."""
CHECK_EVERY_S = 10
"""Seconds between two checks while a run goes on. Locust checks its processor as often."""
USERS_LAG_S = 2
"""Seconds that users may take to start or to stop."""
USERS_TOLERANCE = 0.05
"""The share of the planned users that may be missing, or too many."""
MIN_LATE_SHARE = 0.01
"""The share of the requests of an open model that must begin late before we warn."""
MIN_SECONDS_SHARE = 0.1
"""The share of seconds affected before we warn: a single second is not worth a warning."""
EXHAUSTED = "client_exhausted"
"""The failure kind of a generator that has no file descriptor or no memory left."""


def health_problems(intervals: Sequence[Interval]) -> dict[str, str]:
    """Return the problems of the generator in a run, by topic: a sentence that says what happened and what to do.

    The topics are users, arrivals, processor, event loop, clocks, workers and files. A generator that kept up has none.
    """
    problems = {
        "users": _users_problem(intervals),
        "arrivals": _arrivals_problem(intervals),
        "processor": _processor_problem(intervals),
        "event loop": _event_loop_problem(intervals),
        "clocks": _clocks_problem(intervals),
        "workers": _workers_problem(intervals),
        "files": _files_problem(intervals),
    }
    return {topic: text for topic, text in problems.items() if text}


class HealthMonitor:
    """Reports each problem of a run once, while the run goes on."""

    def __init__(self) -> None:
        self._reported: set[str] = set()

    def new_problems(self, intervals: Sequence[Interval]) -> list[str]:
        """Return the problems of the run so far on topics that no earlier call has returned."""
        problems = {topic: text for topic, text in health_problems(intervals).items() if topic not in self._reported}
        self._reported.update(problems)
        return list(problems.values())


def _users_problem(intervals: Sequence[Interval]) -> str:
    plans = [(interval, interval.planned) for interval in intervals if interval.planned is not None]
    off = [
        (interval, planned)
        for n, (interval, planned) in enumerate(plans)
        if _is_off(interval.users, [near for _, near in plans[max(n - USERS_LAG_S, 0) : n + 2]])
    ]
    planned_s, off_s = (sum(interval.length for interval, _ in part) for part in (plans, off))
    if off_s <= max(MIN_SECONDS_SHARE * planned_s, USERS_LAG_S):
        return ""
    worst, planned = max(off, key=lambda each: abs(each[0].users - each[1]) / max(each[1], 1))
    return (
        f"the number of users was not as planned in {off_s} of {planned_s} seconds, for example {worst.users} instead"
        f" of {planned} at {worst.t} s: start and stop users more slowly, or in more processes (--processes)"
    )


def _is_off(users: int, plans: Sequence[int]) -> bool:
    """Return whether the number of users differs from the plans of the last seconds and of the next one."""
    return not min(plans) * (1 - USERS_TOLERANCE) - 1 <= users <= max(plans) * (1 + USERS_TOLERANCE) + 1


def _arrivals_problem(intervals: Sequence[Interval]) -> str:
    late, missed = sum(interval.late for interval in intervals), sum(interval.missed for interval in intervals)
    due = missed + sum(interval.ok + interval.failures for interval in intervals)
    if late + missed <= MIN_LATE_SHARE * due:
        return ""
    return (
        f"of {due} requests that were due, {late} began late and {missed} never began (latencies count from when a"
        " request was due): give the run more users (-u), or more processes (--processes) if some users were idle"
    )


def _processor_problem(intervals: Sequence[Interval]) -> str:
    known = [(interval.length, interval.cpu) for interval in intervals if interval.cpu is not None]
    busy_s, all_s = _affected_s([(length, cpu >= BUSY_CPU) for length, cpu in known])
    if not busy_s:
        return ""
    return (
        f"the generator's processor was busy to {BUSY_CPU:.0f} % or more in {busy_s} of {all_s} seconds: spread the"
        " users over more processes (--processes) or machines"
    )


def _event_loop_problem(intervals: Sequence[Interval]) -> str:
    known = [(interval.length, interval.lag_ms) for interval in intervals if interval.lag_ms is not None]
    late_s, all_s = _affected_s([(length, lag_ms > MAX_LAG_MS) for length, lag_ms in known])
    if not late_s:
        return ""
    return (
        f"the generator read responses late in {late_s} of {all_s} seconds, by {max(lag for _, lag in known):.0f} ms on"
        " average in the worst of them: do nothing in tasks that blocks the process, and spread the users over more"
        " processes (--processes) or machines"
    )


def _affected_s(seconds: Sequence[tuple[int, bool]]) -> tuple[int, int]:
    """Return how many seconds are affected, 0 if they are too few for a warning, and how many there are.

    seconds: pairs of a length in seconds and whether this time is affected.
    """
    affected_s = sum(length for length, is_affected in seconds if is_affected)
    all_s = sum(length for length, _ in seconds)
    return affected_s if affected_s > max(MIN_SECONDS_SHARE * all_s, STARTING_S) else 0, all_s


def _clocks_problem(intervals: Sequence[Interval]) -> str:
    most_s = max((interval.clock_s or 0.0 for interval in intervals), default=0.0)
    if not most_s:
        return ""
    return (
        f"clocks of workers differ from the master's by up to {most_s:.1f} s (their times were moved by that, to whole"
        " seconds): synchronize the clocks (NTP)"
    )


def _workers_problem(intervals: Sequence[Interval]) -> str:
    known = [(interval.t, interval.lost_workers) for interval in intervals if interval.lost_workers]
    if not known:
        return ""
    lost, first_t = max(lost for _, lost in known), known[0][0]
    return (
        f"{counted(lost, 'worker')} ended or could not be reached, noticed after {first_t} s: what it had not sent is"
        " missing, and its users may be too; see why in its log, and run it again"
    )


def _files_problem(intervals: Sequence[Interval]) -> str:
    failed = sum(interval.failed[EXHAUSTED] for interval in intervals)
    if not failed:
        return ""
    return (
        f"{failed} requests failed in the generator itself ({EXHAUSTED}): see what the failures say, or raise its limit"
        " of open files (ulimit -n)"
    )
