"""Intervals of a run -> charts over its time, as plain types that can be sent as JSON.

analysis/static/charts.js draws them, on the page with live charts and in reports. Start reading at
``charts_over_time``; ``chart``, ``line`` and ``mark`` make charts of other data.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from locust_asyncdjango.analysis.saturation import Onset, Saturation
from locust_asyncdjango.metrics.interval import Interval, combine
from locust_asyncdjango.metrics.plural import counted

Chart = dict[str, Any]
"""id, title and note; x (label and values); left and right: labels of the axes, "" for an axis that is not shown; lines
as ``line`` and ``curve`` make them, and marks as ``mark`` does.

A chart may also have: scale, "log ms" for latencies on a logarithmic axis; x_scale, "percentiles" where x is one
divided by the share of slower requests; top, the ends of the left and the right axis that charts have in common; dots
and levels, as ``dot`` and ``horizontal_mark`` make them."""

POINTS_LIMIT = 600
"""The most points of a line: a screen cannot show more."""

KINDS_SHOWN = 7
"""Failure kinds with a line of their own: the most frequent ones. The others share one line."""

TIME = "seconds since the start"


def charts_over_time(intervals: Sequence[Interval], figures: Saturation) -> list[Chart]:
    """Return three charts of a run: throughput, latency, and failures by kind, each with the users."""
    points = thin_out(intervals)
    times = (TIME, [point.t for point in points])
    users = line("users", "users", "dashed", "right", [point.users for point in points])
    marks = [
        mark(onset.t, None, None, f"{name} at {counted(onset.users, 'user')}", role)
        for name, role, onset in (("slowdown", "slow", figures.slowdown), ("errors", "error", figures.errors))
        if onset
    ]

    def timed_chart(chart_id: str, title: str, note: str, left: str, *lines: dict[str, Any]) -> Chart:
        return chart(chart_id, title, note, times, left, [*lines, users], marks, right="users")

    return [
        timed_chart(
            "throughput",
            "Requests a second",
            "Successful requests, and failed requests of all kinds.",
            "req/s",
            line("successful", "ok", "line", "left", _rates(points, lambda point: point.ok)),
            line("failed", "failed", "line", "left", _rates(points, lambda point: point.failures)),
            *_planned_users(points),
        ),
        timed_chart(
            "latency",
            "Latency of successful requests",
            "Half of the requests took no longer than p50, and 95 % took no longer than p95.",
            "ms",
            line("p50", "p50", "line", "left", [point.p50_ms for point in points]),
            line("p95", "p95", "line", "left", [point.p95_ms for point in points]),
            line("p99", "p99", "line", "left", [point.p99_ms for point in points]),
        ),
        timed_chart(
            "failures",
            "Failures a second by kind",
            "The kinds are stacked: the upper edge shows all failures.",
            "failed/s",
            *_failure_kinds(points),
        ),
    ]


def chart(
    chart_id: str,
    title: str,
    note: str,
    x: tuple[str, Sequence[float]],
    left: str,
    lines: list[dict[str, Any]],
    marks: list[dict[str, Any]],
    right: str = "",
) -> Chart:
    """Return a chart.

    x: label and values of the horizontal axis. left, right: labels of the vertical axes, "" for none.
    """
    return {
        "id": chart_id,
        "title": title,
        "note": note,
        "x": {"label": x[0], "values": _shortened(x[1])},
        "left": left,
        "right": right,
        "lines": lines,
        "marks": marks,
    }


def line(name: str, role: str, shape: str, axis: str, values: Iterable[float | None]) -> dict[str, Any]:
    """Return a line of a chart.

    role: names the colour, --chart-ROLE in charts.css. shape: line, dashed, points, stacked or curve. axis: left or
    right. values: one for each x; None leaves a gap.
    """
    return {"name": name, "role": role, "shape": shape, "axis": axis, "values": _shortened(values)}


def curve(name: str, role: str, values: Iterable[float | None], until: float | None) -> dict[str, Any]:
    """Return a line that joins its values over the gaps between them.

    until: the x from which on it is dotted; None for nowhere.
    """
    return {**line(name, role, "curve", "left", values), "until": until}


def dot(x: float, y: float, name: str, role: str, *, is_end: bool) -> dict[str, Any]:
    """Return a point of a chart with its name beside it.

    is_end: whether the point is drawn; otherwise only its name is.
    """
    x, y = float(f"{x:.4g}"), float(f"{y:.4g}")
    return {"x": x, "y": y, "name": name, "role": role, "is_end": is_end}


def horizontal_mark(y: float, name: str, role: str) -> dict[str, Any]:
    """Return a horizontal line across a chart, at a value of its left axis."""
    return {"y": y, "name": name, "role": role}


def mark(x: float, low: float | None, high: float | None, name: str, role: str) -> dict[str, Any]:
    """Return a vertical line in a chart, with the interval in which it may be. role: names the colour."""
    return {"x": x, "low": low, "high": high, "name": name, "role": role}


def onset_mark(onset: Onset | None, name: str, role: str) -> list[dict[str, Any]]:
    """Return the mark of an onset in a chart over users; no mark for None."""
    return (
        [mark(onset.users, onset.low, onset.high, f"{name} at {counted(onset.users, 'user')}", role)] if onset else []
    )


def thin_out(intervals: Sequence[Interval], limit: int = POINTS_LIMIT) -> list[Interval]:
    """Return at most ``limit`` intervals, each of which sums up an equal number of the given ones."""
    size = -(-len(intervals) // limit)
    if size < 2:
        return list(intervals)
    return [combine(intervals[first : first + size]) for first in range(0, len(intervals), size)]


def _rates(points: Sequence[Interval], count: Callable[[Interval], int]) -> list[float]:
    return [count(point) / point.length for point in points]


def _planned_users(points: Sequence[Interval]) -> list[dict[str, Any]]:
    planned = [point.planned for point in points]
    if all(users is None for users in planned):
        return []
    return [line("users planned", "planned", "line", "right", planned)]


def _failure_kinds(points: Sequence[Interval]) -> list[dict[str, Any]]:
    total: Counter[str] = Counter()
    for point in points:
        total.update(point.failed)
    kinds = [kind for kind, _ in total.most_common()]
    shown = kinds if len(kinds) <= KINDS_SHOWN + 1 else kinds[:KINDS_SHOWN]
    groups = [(kind, {kind}) for kind in shown]
    if others := set(kinds) - set(shown):
        groups.append((f"{len(others)} other kinds", others))
    return [
        line(
            name,
            f"kind-{n}",
            "stacked",
            "left",
            (sum(point.failed[kind] for kind in group) / point.length for point in points),
        )
        for n, (name, group) in enumerate(groups)
    ]


def _shortened(values: Iterable[float | None]) -> list[float | None]:
    """Return values with four digits, which is more than a screen shows, and makes the JSON a third as long."""
    return [value if value is None or isinstance(value, int) else float(f"{value:.4g}") for value in values]
