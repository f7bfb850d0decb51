"""Whether the generator held the load: what kept it from having the users it was to have, or from measuring them well.

Users are lacking where fewer ran than had been planned for LAG_S seconds, and too many where more did.
"""

from collections.abc import Sequence

from locust_asyncdjango.metrics.interval import Interval

BUSY_CPU = 90.0
"""Per cent of a processor from which on a generator measures itself; Locust warns there too."""
CHECK_EVERY_S = 10
"""Seconds between two looks at a run that goes on, as Locust looks at its processor."""
LAG_S = 2
"""That users may take to start or to stop."""
TOLERANCE = 0.05
"""Of the users planned, that may be lacking."""
NOTABLE_LATE = 0.01
"""Of the requests of an open model, that must have begun late."""
NOTABLE = 0.1
"""Of the seconds, that it must have been so in: a single one is nothing to mention."""
EXHAUSTED = "client_exhausted"
"""The kind of failures of a generator that has no file descriptor left."""


def health_problems(seconds: Sequence[Interval]) -> dict[str, str]:
    """What was so for longer, by what it is about, a sentence that says what to do; nothing where the load was held."""
    found = {
        "users": _users(seconds),
        "arrivals": _arrivals(seconds),
        "processor": _busy(seconds),
        "files": _files(seconds),
    }
    return {about: told for about, told in found.items() if told}


class HealthMonitor:
    """On a run that goes on: tells once what it is about."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def new_problems(self, seconds: Sequence[Interval]) -> list[str]:
        """What was not told before."""
        found = {about: told for about, told in health_problems(seconds).items() if about not in self._told}
        self._told.update(found)
        return list(found.values())


def _users(seconds: Sequence[Interval]) -> str:
    plans = [(second, second.planned) for second in seconds if second.planned is not None]
    off = [
        (second, planned)
        for n, (second, planned) in enumerate(plans)
        if _is_off(second.users, [near for _, near in plans[max(n - LAG_S, 0) : n + 2]])
    ]
    planned_s, off_s = (sum(second.length for second, _ in part) for part in (plans, off))
    if off_s <= max(NOTABLE * planned_s, LAG_S):
        return ""
    worst, planned = max(off, key=lambda each: abs(each[0].users - each[1]) / max(each[1], 1))
    advice = "start and stop users more slowly, or in more processes (--processes)"
    found = f"the users were not as planned in {off_s} of {planned_s} seconds"
    return f"{found}, as {worst.users} of {planned} at {worst.t} s: {advice}"


def _is_off(users: int, near: Sequence[int]) -> bool:
    return not min(near) * (1 - TOLERANCE) - 1 <= users <= max(near) * (1 + TOLERANCE) + 1


def _arrivals(seconds: Sequence[Interval]) -> str:
    late, missed = sum(second.late for second in seconds), sum(second.missed for second in seconds)
    due = missed + sum(second.ok + second.failures for second in seconds)
    if late + missed <= NOTABLE_LATE * due:
        return ""
    found = f"of {due} requests that were due {late} began late, and {missed} never"
    advice = "give it more users (-u), or more processes (--processes) where users were idle"
    return f"{found}; latencies count from when a request was due: {advice}"


def _busy(seconds: Sequence[Interval]) -> str:
    busy, all_ = sum(s.length for s in seconds if s.cpu >= BUSY_CPU), sum(s.length for s in seconds)
    if busy <= NOTABLE * all_:
        return ""
    found = f"the generator's processor was busy to {BUSY_CPU:.0f} % or more in {busy} of {all_} seconds"
    return f"{found}: spread the users over more processes (--processes) or machines"


def _files(seconds: Sequence[Interval]) -> str:
    failed = sum(second.failed[EXHAUSTED] for second in seconds)
    return f"{failed} requests failed in the generator itself ({EXHAUSTED}): raise ulimit -n" if failed else ""
