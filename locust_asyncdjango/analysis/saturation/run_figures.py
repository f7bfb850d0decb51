"""All figures of a run, from its intervals. Start reading at ``find_saturation``."""

from collections.abc import Sequence

from locust_asyncdjango.analysis.conditions.objective import DEFAULT_OBJECTIVE, Objective
from locust_asyncdjango.analysis.saturation.capacity import find_capacity
from locust_asyncdjango.analysis.saturation.due_latency import find_due_latency
from locust_asyncdjango.analysis.saturation.figures import Saturation
from locust_asyncdjango.analysis.saturation.load_points import find_warm_up, load_points_since
from locust_asyncdjango.analysis.saturation.onsets.always_failing import find_always_failing
from locust_asyncdjango.analysis.saturation.onsets.failures import find_breaking, find_failures
from locust_asyncdjango.analysis.saturation.onsets.slowdown import find_rise
from locust_asyncdjango.analysis.saturation.peak import find_peak, successes_range
from locust_asyncdjango.analysis.saturation.plateau import find_goodput
from locust_asyncdjango.analysis.saturation.unloaded import find_unloaded_ms, is_saturated
from locust_asyncdjango.metrics.interval import Interval, with_due_rates
from locust_asyncdjango.metrics.load_curve import LoadLevel
from locust_asyncdjango.metrics.row import Row


def find_saturation(
    intervals: Sequence[Interval],
    load_levels: Sequence[LoadLevel] = (),
    objective: Objective = DEFAULT_OBJECTIVE,
    *,
    total: Row | None = None,
    unloaded_ms: float | None = None,
) -> Saturation:
    """Return the figures of a run.

    intervals: from its first second to its last; without any, all figures are 0 or None. load_levels: what each load of
    the same run brought, the lowest load first; without them, the run has no capacity. objective: what must hold at a
    load within the capacity. total: the whole run in one row, for ``due_latency``. unloaded_ms: if measured before it.
    """
    intervals = with_due_rates(intervals)
    peak_per_s, peak_range, peak_users, peak_users_range = find_peak(intervals)
    warm_up_s = find_warm_up(intervals)
    points = load_points_since(intervals, warm_up_s)
    always_failing = find_always_failing(load_levels)
    failures, breaking = find_failures(intervals), find_breaking(intervals, [each.name for each in always_failing])
    rise = find_rise(intervals, warm_up_s, unloaded_ms)
    unloaded_ms = find_unloaded_ms(points, load_levels) if unloaded_ms is None else unloaded_ms
    return Saturation(
        peak_per_s=peak_per_s,
        peak_range=peak_range,
        peak_users=peak_users,
        peak_users_range=peak_users_range,
        successes=sum(interval.ok for interval in intervals),
        successes_range=successes_range(intervals),
        warm_up_s=warm_up_s,
        slowdown=rise.onset if rise and not rise.is_with_time else None,
        drift=rise.onset if rise and rise.is_with_time else None,
        errors=breaking.onset,
        fails_always=breaking.fails_always,
        always_failing=always_failing,
        failures=failures,
        in_flight=sum(interval.in_flight for interval in intervals),
        length_s=sum(interval.length for interval in intervals),
        in_flight_s=max((interval.in_flight_s or 0.0 for interval in intervals), default=0.0),
        goodput=find_goodput(intervals, load_levels, warm_up_s),
        unloaded_ms=unloaded_ms,
        is_saturated=is_saturated(points, unloaded_ms),
        due_latency=find_due_latency(total) if total else None,
        capacity=find_capacity(load_levels, intervals, objective, always_failing),
    )
