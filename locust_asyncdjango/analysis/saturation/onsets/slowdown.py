"""Where the latency of a run rises, and whether it does so with the users or only with time.

Start reading at ``find_rise``. Three questions are answered in this order:

- Do requests queue at the lowest loads already? Then latency is proportional to the users from the start.
- Does latency rise above SLOW_FACTOR times the unloaded latency, and stay there?
- Do the users explain it? Not if throughput rises nearly as much as the users, nor if a corner or a step over time
  explains the latencies better than a corner over users.
"""

from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from locust_asyncdjango.analysis.saturation.figures import Onset
from locust_asyncdjango.analysis.saturation.load_points import SLOW_FACTOR
from locust_asyncdjango.analysis.saturation.onsets.curve_fits import elasticity
from locust_asyncdjango.analysis.saturation.onsets.latency_curve import LatencyCurve, mean
from locust_asyncdjango.analysis.saturation.onsets.latency_points import LatencyPoint, latency_points
from locust_asyncdjango.metrics.interval import Interval

FEWEST_POINTS = 4
"""Fewer seconds show nothing."""
FEWEST_REQUESTS = 30
"""The unloaded latency is the mean of at least so many requests."""
MOST_BASELINE_POINTS = 5
NEAR_FACTOR = 1.5
"""The unloaded latency is that of loads up to so many times the lowest one."""
SLOW_SECONDS = 3
FIT_LIMIT_FACTOR = 4.0
"""The corner is fitted to seconds whose latency is below this many times the unloaded latency."""
FEWEST_FIT_USERS = 4
"""Fewer different numbers of users show no corner."""
PROPORTIONAL = 0.7
"""Latency that is proportional to the users has an elasticity of 1. Noise and the first users leave this much of it."""
START_FACTOR = 3.0
"""Whether latency is proportional from the start is decided by loads up to so many times the lowest one."""
START_TOLERANCE = 1.25
"""By how much the corner may be above the lowest load and count as below it: its users are known no better."""
HALF = 0.5
"""Throughput rises less than half as much as the users if the elasticity of latency is above this."""
CLEAR_FACTOR = 1.5
"""One explanation is better than another if it leaves this many times fewer squares."""
FEWEST_F = 9.0
"""F statistic of a corner against a straight line."""
CERTAIN = 0.3
"""Latency rises with users that jump if its elasticity is certain to be above this."""
USERS_RANGE = 1.3
"""The slow seconds show an elasticity if their users differ by this factor."""
STEEPEST_QUEUE = 1.25
"""Behind full slots, the time from a user's request to the next one grows as the users do: by as many per cent. If it
grows by so many times more, throughput falls, and that may have another reason than the users."""
CLEAR_DRIFT = 2.0
"""Time explains a rise if this many times fewer squares are left than without any rise."""

BACKLOG_PER_S = 500
"""Latency that rises by so many milliseconds in each second is a backlog: users start faster than requests end."""
BACKLOG_FACTOR = 3.0

CONFIRM = "let the users leave again, as --shape RampDown does, to confirm it"
NOT_CONFIRMED = (
    f"throughput fell while users were only added; a server that becomes slower with time looks the same; {CONFIRM}"
)
NO_CORNER = f"latency rose gradually while users were only added; time may be the reason too; {CONFIRM}"


@dataclass(frozen=True, slots=True)
class Rise:
    """A rise of latency that lasts. is_with_time: time explains it, and not the users."""

    onset: Onset
    is_with_time: bool = False


def find_rise(intervals: Sequence[Interval], warm_up_s: int = 0, unloaded_ms: float | None = None) -> Rise | None:
    """Return the rise of latency in a run; None without one.

    warm_up_s: seconds to leave out at the beginning. unloaded_ms: as measured before the run; None if it was not.
    """
    points = latency_points(intervals, warm_up_s)
    if len(points) < FEWEST_POINTS:
        return None
    curve, after_first = LatencyCurve(points), LatencyCurve(points[1:])
    if onset := _queued_from_start(curve, after_first, unloaded_ms):
        return Rise(onset)
    pause_ms, step = _pause_ms(intervals), max(abs(point.after - point.before) for point in points)
    has_levels = len({round(point.users) for point in points[1:]}) >= FEWEST_FIT_USERS
    if has_levels and points[0].before == 0:
        points = points[_first_settled(points) :]
        curve = LatencyCurve(points)
    baseline_ms = _lowest_load_ms(curve, SLOW_SECONDS if has_levels else 1)
    if unloaded_ms is not None:
        baseline_ms = min(baseline_ms, unloaded_ms)
    start = _lasting_rise(points, SLOW_FACTOR * baseline_ms)
    if start is None:
        return _drift_since_start(curve)
    if not has_levels:
        return _rise_of_few_loads(curve, start)
    if _is_with_time(curve, start):
        return _drift(curve, start)
    end = _lasting_rise(points, FIT_LIMIT_FACTOR * baseline_ms)
    fitted = curve if end is None else curve.until(max(end, start + 2 * SLOW_SECONDS))
    onset = _corner_onset(fitted, points[start].t, step)
    return Rise(replace(onset, doubt=_doubt(curve, pause_ms)))


def _first_settled(points: Sequence[LatencyPoint]) -> int:
    """Return the index of the first second in which slow requests of a run could end too, not only fast ones.

    The first second is none: it is not a whole one.
    """
    slow_s = max(point.p95_ms for point in points[:MOST_BASELINE_POINTS]) / 1000
    settled = (n for n, point in enumerate(points) if n and point.t - points[0].t + 0.5 >= slow_s)
    return min(next(settled, 1), len(points) - FEWEST_POINTS)


def _queued_from_start(curve: LatencyCurve, after_first: LatencyCurve, unloaded_ms: float | None) -> Onset | None:
    """Return the onset at the lowest load if requests queue there already. after_first: without the first second."""
    return (
        _proportional_onset(curve)
        or _proportional_onset(after_first)  # the first second may be a cold one
        or _backlog_onset(curve.points)
        or (None if unloaded_ms is None else _measured_onset(curve, after_first, unloaded_ms))
    )


def _proportional_onset(curve: LatencyCurve) -> Onset | None:
    ordered = curve.over_users
    lowest_users = ordered[0][0]
    several = ordered[min(MOST_BASELINE_POINTS, len(ordered)) - 1][0]
    limit = max(START_FACTOR * lowest_users, 1.05 * several)
    near = [point for point in ordered if point[0] <= limit]
    variances = [point.relative_variance for point in curve.points if point.users <= limit]
    of_all, of_near = curve.elasticity, elasticity(near, fmean(variances))
    if of_all is None or of_near is None or of_all.value < HALF:
        return None
    if of_near.value < PROPORTIONAL or not of_near.is_above(HALF):
        return None
    more = [point for point in near if point[0] >= NEAR_FACTOR * lowest_users]
    if not more:
        return None
    users, ms = mean([point for point in near if point[0] <= 1.1 * lowest_users])
    more_users, more_ms = mean(more)
    # Where the line of proportional latency meets the latency at the lowest load.
    corner = ms * more_users / more_ms
    beyond = elasticity([point for point in ordered if START_FACTOR * limit >= point[0] > limit])
    if corner > max(START_TOLERANCE * users, NEAR_FACTOR) or (beyond and beyond.value + beyond.error < HALF):
        return None
    return _start_onset(curve.points, users, corner)


def _backlog_onset(points: Sequence[LatencyPoint]) -> Onset | None:
    """Return the onset where users start faster than requests end: then nearly all that ended began at the start."""
    top = max(range(len(points)), key=lambda n: points[n].ms)
    first, last = points[0], points[top]
    is_rising = all(
        point.ms - first.ms >= BACKLOG_PER_S * (point.t - first.t) for point in points[FEWEST_POINTS - 1 : top + 1]
    )
    if top + 1 < FEWEST_POINTS or last.ms < BACKLOG_FACTOR * first.ms or not is_rising:
        return None
    return _start_onset(points, first.users, points[1].after)


def _measured_onset(curve: LatencyCurve, after_first: LatencyCurve, unloaded_ms: float) -> Onset | None:
    """Return the onset where even the lowest loads are slower than a latency that was measured without load."""
    if _lowest_load_ms(curve, 1) <= SLOW_FACTOR * unloaded_ms:
        return None
    rising = after_first.elasticity
    lowest_users = after_first.over_users[0][0]
    return _start_onset(curve.points, lowest_users, lowest_users) if rising is None or rising.value > HALF else None


def _start_onset(points: Sequence[LatencyPoint], users: float, corner: float) -> Onset:
    at_least = round(users)
    most = min((point.after for point in points if point.after >= users), default=at_least)  # they may have left by now
    return Onset(points[0].t, max(at_least, 1), 1, max(round(corner), most, 1), is_queued_from_start=True)


def _lowest_load_ms(curve: LatencyCurve, fewest_points: int) -> float:
    """Return the mean latency at the lowest loads: the more their requests differ, the more of them it takes."""
    ordered = sorted(curve.points, key=lambda point: (point.users, point.ms))
    lowest: list[LatencyPoint] = []
    requests = variance = 0.0
    for point in ordered:
        is_enough = len(lowest) >= fewest_points and requests >= FEWEST_REQUESTS * max(variance / len(lowest), 1.0)
        if is_enough and (point.users > NEAR_FACTOR * ordered[0].users or len(lowest) >= MOST_BASELINE_POINTS):
            break
        lowest.append(point)
        requests += point.weight
        variance += point.relative_variance
    return LatencyCurve(lowest).mean_ms


def _rise_of_few_loads(curve: LatencyCurve, start: int) -> Rise | None:
    """Return the rise in a run whose users jump: it is due to them if latency differs with them for certain."""
    rising = curve.elasticity
    if rising is None or not rising.is_above(CERTAIN):
        return _drift(curve, start)
    onset = _onset_at(curve.points, start)
    return Rise(replace(onset, low=1) if start < SLOW_SECONDS else onset)  # there was hardly a fast second


def _drift_since_start(curve: LatencyCurve) -> Rise | None:
    """Return a rise with time in a run whose lowest loads are as slow as the others, because they came late."""
    start = _lasting_rise(curve.points, SLOW_FACTOR * curve.until(MOST_BASELINE_POINTS).mean_ms)
    return None if start is None else _drift(curve, start)


def _drift(curve: LatencyCurve, start: int) -> Rise | None:
    """Return a rise with time; None if it may be noise."""
    of_level, by_time = curve.rests_of_level
    return Rise(_onset_at(curve.points, start), is_with_time=True) if of_level > CLEAR_DRIFT * by_time else None


def _onset_at(points: Sequence[LatencyPoint], start: int) -> Onset:
    before, first = points[max(start - 1, 0)], points[start]
    users = max(round(first.users), 1)
    near = (users, before.after, first.before, first.after)
    return Onset(first.t, users, max(min(near), 1), max(near))


def _corner_onset(curve: LatencyCurve, slow_t: int, step: int) -> Onset:
    """Return the onset at the corner of latency over users. step: by how much the users differ in a second."""
    fit = curve.corner
    users = max(round(fit.corner), 1)
    t = next((point.t for point in curve.points if point.after >= users), slow_t)
    lowest, highest = fit.low, fit.high
    if fit.f < FEWEST_F:  # the points show no corner, so that a queue may have another one
        lowest, highest = min(lowest, curve.queue.low), max(highest, curve.queue.high)
    low = 1 if lowest <= curve.over_users[0][0] else max(round(lowest - step), 1)
    return Onset(t, users, low, max(round(highest + step), users))


def _is_with_time(curve: LatencyCurve, start: int) -> bool:
    """Return whether time explains latency better than the users do. start: the index of the first slow second."""
    slow = LatencyCurve(curve.points[start:])
    has_range = slow.over_users[-1][0] >= USERS_RANGE * slow.over_users[0][0]
    if has_range and slow.elasticity and slow.elasticity.is_below(HALF):
        return True
    by_users, by_time = curve.rests
    if by_users > CLEAR_FACTOR * by_time:
        return True
    return _is_straight(curve) and not curve.may_be_queue


def _is_straight(curve: LatencyCurve) -> bool:
    """Return whether latency rises gradually, and not from a corner on, and too little for a queue from the start."""
    rising = curve.elasticity
    return curve.corner.f < FEWEST_F and (rising is None or rising.is_below(PROPORTIONAL))


def _doubt(curve: LatencyCurve, pause_ms: float) -> str:
    """Return why a server that got slower with time would look the same; "" if it would not."""
    if _is_straight(curve):
        return NO_CORNER
    fit = curve.corner
    by_users, by_time = curve.rests
    has_fallen_throughput = fit.slope * fit.corner > STEEPEST_QUEUE * (fit.level + pause_ms)
    return NOT_CONFIRMED if has_fallen_throughput and by_time < CLEAR_FACTOR * by_users else ""


def _pause_ms(intervals: Sequence[Interval]) -> float:
    """Return how long a user pauses between a response and the next request, by Little's law."""
    user_s = sum(interval.users * interval.length for interval in intervals)
    busy_s = sum(interval.busy_s for interval in intervals)
    requests = sum(interval.ok + interval.failures for interval in intervals)
    return max(user_s - busy_s, 0.0) * 1000 / requests if requests else 0.0


def _lasting_rise(points: Sequence[LatencyPoint], limit_ms: float) -> int | None:
    """Return the index of the first point from which latency stays above a limit; None without one.

    It stays there if SLOW_SECONDS in a row are above it, and most later points with as many users or more are so too.
    """
    slow = [point.ms > limit_ms for point in points]
    start = None
    # The users of all points from n on, and of the slow ones among them, sorted.
    later_users: list[float] = []
    later_slow_users: list[float] = []
    for n in range(len(slow) - 1, -1, -1):
        users = points[n].users
        insort(later_users, users)
        if slow[n]:
            insort(later_slow_users, users)
            later_count, slow_count = (len(all_) - bisect_left(all_, users) for all_ in (later_users, later_slow_users))
            if n + SLOW_SECONDS <= len(slow) and all(slow[n : n + SLOW_SECONDS]) and 2 * slow_count > later_count:
                start = n
    return start
