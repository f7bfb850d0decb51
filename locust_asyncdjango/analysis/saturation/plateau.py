"""The plateau of a run, and the goodput on it.

The plateau are the whole seconds after the warm-up in which the offered load is constant: of a ramp its hold, of
several steps the highest. Start reading at ``find_goodput``; ``find_plateau`` finds the seconds.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import median

from locust_asyncdjango.analysis.saturation.figures import Goodput
from locust_asyncdjango.metrics.histogram import Histogram
from locust_asyncdjango.metrics.interval import PERCENTILES, Interval, combine, full_intervals
from locust_asyncdjango.metrics.load_curve import LoadLevel, merge_levels
from locust_asyncdjango.metrics.statistics import correlated_mean, percentiles

SHORTEST_S = 10
"""A constant load that lasts less is no plateau. Without one, the figures are those of so many seconds at the end."""
LEAST_LOAD_SHARE = 0.5
"""The rest between two rushes is no plateau: a plateau has at least this share of the highest load of the run."""
USERS_TOLERANCE = 0.05
"""The share of the planned users that may be missing, or too many, on a plateau; that of ``generator_health``."""
FLICKER = 0.02
"""The share by which users may differ for a while where no plan says what is constant: some of them start anew."""
FEWEST_EQUAL_S = 3
"""A constant load has so many seconds in a row with the same users."""
LONGEST_SETTLING_SHARE = 1 / 3
"""No more than this share of a hold is left out: the queue of a server that is far too slow never settles."""

NOT_CONSTANT = f"no load of at least half of the highest stayed constant for {SHORTEST_S} s"
NO_WHOLE_SECOND = "the run has no whole second after its warm-up"


@dataclass(frozen=True, slots=True)
class Plateau:
    """The intervals whose figures are those of a run's constant load.

    load: users, or in an open model requests due a second. why: why they are no plateau; "" for a plateau.
    """

    intervals: Sequence[Interval]
    load: float
    why: str = ""


def find_goodput(intervals: Sequence[Interval], load_levels: Sequence[LoadLevel], warm_up_s: int) -> Goodput | None:
    """Return the goodput of a run; None where nothing was answered.

    intervals: all of the run. load_levels: of the same run, for the percentiles; without them, the percentiles are
    means of those of the seconds. warm_up_s: seconds at the beginning that are left out.
    """
    plateau = find_plateau(intervals, warm_up_s)
    if plateau is None:
        return None
    ok = sum(interval.ok for interval in plateau.intervals)
    failures = sum(interval.failures for interval in plateau.intervals)
    per_s = ok / _length_s(plateau.intervals)
    low, high = _interval(plateau, per_s)
    p50_ms, p95_ms, p99_ms = _percentiles_ms(plateau, load_levels)
    return Goodput(
        per_s=per_s,
        low=low,
        high=high,
        begin_s=plateau.intervals[0].t,
        end_s=plateau.intervals[-1].t + plateau.intervals[-1].length,
        users=round(median(interval.users for interval in plateau.intervals)),
        failed_share=failures / (ok + failures) if ok + failures else 0.0,
        p50_ms=p50_ms,
        p95_ms=p95_ms,
        p99_ms=p99_ms,
        why=plateau.why,
        due_per_s=None if plateau.intervals[0].due_per_s is None else plateau.load,
    )


def find_plateau(intervals: Sequence[Interval], warm_up_s: int) -> Plateau | None:
    """Return the plateau of a run, or its last seconds where it has none; None where nothing was answered.

    Of several constant loads it is the highest that lasts for SHORTEST_S; of equal ones the longest.
    """
    if not any(interval.ok or interval.failures for interval in intervals):
        return None
    full = full_intervals(intervals)
    whole = [interval for interval in full if interval.t >= warm_up_s]
    if not whole:
        running = [interval for interval in intervals if interval.users] or list(intervals)
        return Plateau(running, _load(running[-1]), NO_WHOLE_SECOND)
    least_load = LEAST_LOAD_SHARE * max(map(_load, whole))
    before = intervals[len(full) - len(whole)]  # the first of the full intervals is the second of all
    holds = [_settled(hold) for hold in _holds([before, *whole])]
    plateaus = [Plateau(hold, _load(hold[-1])) for hold in holds if _length_s(hold) >= SHORTEST_S]
    high = [plateau for plateau in plateaus if plateau.load >= least_load]
    if high:
        return max(high, key=lambda plateau: (plateau.load, _length_s(plateau.intervals)))
    end_s = whole[-1].t + whole[-1].length
    last = [interval for interval in whole if interval.t >= end_s - SHORTEST_S] or whole[-1:]
    return Plateau(last, _load(last[-1]), NOT_CONSTANT)


def _load(interval: Interval) -> float:
    return interval.users if interval.due_per_s is None else interval.due_per_s


def _plan(interval: Interval) -> float:
    """Return the load that was planned; the users where there is no plan."""
    return _load(interval) if interval.planned is None or interval.due_per_s is not None else interval.planned


def _length_s(intervals: Sequence[Interval]) -> int:
    return sum(interval.length for interval in intervals)


def _holds(intervals: Sequence[Interval]) -> list[Sequence[Interval]]:
    """Return the parts in which the load is constant from their first end of a second to their last, in order."""
    holds: list[Sequence[Interval]] = []
    end = 0
    for _, group in groupby(enumerate(intervals), key=lambda each: _plan(each[1])):
        numbers = [n for n, _ in group]
        if len(numbers) >= FEWEST_EQUAL_S and numbers[0] >= end:
            end = _end_of_flicker(intervals, numbers[0], numbers[-1] + 1)
            holds.append(_with_planned_users(intervals[numbers[0] : end]))
    return holds


def _end_of_flicker(intervals: Sequence[Interval], begin: int, end: int) -> int:
    """Return the end of a part, with what follows it as long as its users only flicker."""
    if intervals[begin].planned is not None or intervals[begin].due_per_s is not None:
        return end
    level = intervals[begin].users
    for n in range(end, len(intervals)):
        if abs(intervals[n].users - level) > max(FLICKER * level, 1):
            break
        if intervals[n].users == level:
            end = n + 1
    return end


def _with_planned_users(hold: Sequence[Interval]) -> Sequence[Interval]:
    """Return the longest part of a hold in which its users run: some may still have to start, or may be lost."""
    if hold[0].due_per_s is not None:
        return hold
    level = median(interval.users for interval in hold)
    parts = groupby(hold, key=lambda interval: abs(interval.users - level) <= max(USERS_TOLERANCE * level, 1))
    return max((list(part) for is_whole, part in parts if is_whole), key=len, default=[])


def _settled(hold: Sequence[Interval]) -> Sequence[Interval]:
    """Return the seconds of a hold whose load was constant from their beginning, once the queue has filled.

    A closed loop needs one latency for that: until then, requests end that began at a lower load.
    """
    seconds = hold[1:]
    for n, interval in enumerate(seconds):
        since_s = interval.t - seconds[0].t
        if since_s + 0.5 >= (interval.p95_ms or 0.0) / 1000 or since_s >= LONGEST_SETTLING_SHARE * _length_s(seconds):
            return seconds[n:]
    return []


def _interval(plateau: Plateau, per_s: float) -> tuple[float | None, float | None]:
    """Return the 95 % interval of the goodput; None where the plateau is too short to have one."""
    estimate = correlated_mean([interval.ok / interval.length for interval in plateau.intervals])
    if plateau.why or estimate is None:
        return None, None
    # No count of requests is more exact than one request.
    margin = max(estimate.margin, 1 / _length_s(plateau.intervals))
    return max(per_s - margin, 0.0), per_s + margin


def _percentiles_ms(plateau: Plateau, load_levels: Sequence[LoadLevel]) -> Sequence[float | None]:
    """Return p50, p95 and p99 of the successful requests that began at the plateau's load."""
    latencies = _latencies(plateau, load_levels)
    if latencies.total():
        return percentiles(latencies, PERCENTILES)
    whole = combine(plateau.intervals)
    return whole.p50_ms, whole.p95_ms, whole.p99_ms


def _latencies(plateau: Plateau, load_levels: Sequence[LoadLevel]) -> Histogram:
    loads = [_load(interval) for interval in plateau.intervals]
    fewest, most = min(loads) - 0.5, max(loads) + 0.5
    levels = [level for level in load_levels if fewest <= level.load <= most]
    if not levels and load_levels:  # in a long run, neighbouring loads are one level
        levels = [min(load_levels, key=lambda level: abs(level.load - plateau.load))]
    return merge_levels(levels).ok_ms if levels else Counter()
