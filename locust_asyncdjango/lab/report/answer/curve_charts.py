"""The charts of a subject with all its arms on common axes: goodput and p95 over the load.

The load is the number of users, or in an open model the arrivals a second. Where it hardly changes, there are no
charts: such arms differ in latency at that load, which the distribution shows.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from locust_asyncdjango.analysis.charts import Chart, chart, curve, dot, horizontal_mark
from locust_asyncdjango.analysis.conditions.objective import parse_objective
from locust_asyncdjango.lab.report.answer.arm_summaries import COLOURS, ArmSummary
from locust_asyncdjango.lab.report.answer.load_levels import curve_points
from locust_asyncdjango.lab.report.answer.texts import duration_text, load_text
from locust_asyncdjango.metrics.interval import PERCENTILES
from locust_asyncdjango.metrics.load_curve import LoadLevel
from locust_asyncdjango.metrics.statistics import percentile

USERS = "users"
ARRIVALS = "offered load, arrivals a second"
MIN_POINTS = 3
"""The fewest points of a curve that show how something depends on the load."""
P95 = PERCENTILES[1]

Value = Callable[[LoadLevel], float | None]


@dataclass(frozen=True, slots=True)
class _Curve:
    """The curve of an arm: loads and values, with a point where the arm leaves the objective.

    end: the load of that point, the last one where the arm does not leave it; None without a capacity.
    """

    arm: ArmSummary
    points: dict[float, float]
    end: float | None

    @property
    def role(self) -> str:
        return arm_role(self.arm.colour)


def arm_role(colour: int) -> str:
    """Return the role of an arm's colour in charts; the arms beyond the number of colours share one."""
    return f"arm-{colour}" if colour < COLOURS else "muted"


def curve_charts(arms: Sequence[ArmSummary], objective: str, place: str) -> list[Chart]:
    """Return the charts of a subject's arms; none where the load hardly changes.

    objective: its limit of p95 is a line across the latencies. place: begins the ids of the charts.
    """
    measured = [(arm, curve_points(arm.levels)) for arm in arms if arm.levels]
    if not any(len(points) >= MIN_POINTS for _, points in measured):
        return []
    goodput = [_curve(arm, points, lambda level: level.per_s) for arm, points in measured]
    latency = [_curve(arm, points, _p95_ms) for arm, points in measured]
    limit_ms = _p95_limit_ms(objective)
    level = [horizontal_mark(limit_ms, f"objective: p95 \u2264 {duration_text(limit_ms)}", "fit")] if limit_ms else []
    beyond = "; dotted beyond the objective" if any(each.end is not None for each in goodput) else ""
    return [
        _chart(f"{place}-goodput", "Goodput", f"Successful requests a second{beyond}.", "req/s", goodput),
        _chart(f"{place}-p95", "Latency, p95", "Of successful requests, on a log scale.", "", latency)
        | {"scale": "log ms", "levels": level},
    ]


def _chart(chart_id: str, title: str, note: str, unit: str, curves: Sequence[_Curve]) -> Chart:
    loads = sorted({load for each in curves for load in each.points})
    lines = [curve(each.arm.name, each.role, [each.points.get(x) for x in loads], each.end) for each in curves]
    dots = [label for each in curves if (label := _dot(each))]
    is_open = any(level.due_per_s is not None for each in curves for level in each.arm.levels)
    x_label = ARRIVALS if is_open else USERS
    return chart(chart_id, title, note, (x_label, loads), unit, lines, []) | {"dots": dots}


def _dot(each: _Curve) -> dict[str, object] | None:
    """Return the point where an arm leaves the objective, or else the end of its curve, with the name of the arm."""
    at = max(each.points, default=None) if each.end is None else each.end
    if at is None:
        return None
    capacity = each.arm.capacity
    if capacity is None:
        return dot(at, each.points[at], each.arm.name, each.role, is_end=False)
    load = load_text(capacity).replace("at least", "\u2265").replace("below", "<")
    return dot(at, each.points[at], f"{each.arm.name}: {load}", each.role, is_end=capacity.users > 0)


def _curve(arm: ArmSummary, levels: Sequence[LoadLevel], value: Value) -> _Curve:
    points = {level.load: y for level in levels if (y := value(level)) is not None}
    if arm.capacity is None or not points:
        return _Curve(arm, points, None)
    if not arm.capacity.is_reached:
        return _Curve(arm, points, max(points))
    end = min(max(float(arm.capacity.users), min(points)), max(points))
    return _Curve(arm, points | {end: _interpolated(points, end)}, end)


def _interpolated(points: dict[float, float], load: float) -> float:
    if load in points:
        return points[load]
    before, after = next(pair for pair in pairwise(sorted(points)) if pair[0] < load < pair[1])
    share = (load - before) / (after - before)
    return points[before] * (1 - share) + points[after] * share


def _p95_ms(level: LoadLevel) -> float | None:
    return percentile(level.ok_ms, P95) if level.ok_ms else None


def _p95_limit_ms(objective: str) -> float | None:
    """Return the latency that an objective permits for p95, in milliseconds; None where it says nothing about it."""
    return next((clause.limit for clause in parse_objective(objective).clauses if clause.metric == "p95"), None)
