"""Seconds of a run -> charts over its time, as plain types that analysis/static/charts.js draws, in a page
and in a report.

A chart: id, title, note, x (label, values), left and right (labels of the axes, "" for none), lines (name, role: its
colour, shape: line, dashed, points or stacked, axis, values) and marks (x, low, high, name, role).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from locust_asyncdjango.analysis.saturation import Onset, Saturation
from locust_asyncdjango.metrics.interval import Interval, combine

Chart = dict[str, Any]

POINTS_LIMIT = 600
"""Of a line: more cannot be told apart on a screen."""

KINDS_SHOWN = 7
"""Of failures, the most frequent; all others are one more."""

TIME = "seconds since the start"


def charts_over_time(seconds: Sequence[Interval], figures: Saturation) -> list[Chart]:
    """Throughput, failures and latency, each with users."""
    points = thinned(seconds)
    marks = [
        mark(onset.t, None, None, f"{name} at {onset.users} users", role)
        for name, role, onset in (("slowdown", "slow", figures.slowdown), ("errors", "error", figures.errors))
        if onset
    ]

    wanted = [second.planned for second in points]
    is_planned = any(users is not None for users in wanted)
    planned = [line("users planned", "planned", "line", "right", wanted)] if is_planned else []

    def timed_chart(id_: str, title: str, note: str, left: str, *lines: dict[str, Any]) -> Chart:
        users = line("users", "users", "dashed", "right", [second.users for second in points])
        times = [second.t for second in points]
        return chart(id_, title, note, (TIME, times), left, [*lines, users], marks, right="users")

    return [
        timed_chart(
            "throughput",
            "Requests a second",
            "Successful ones, and the failed ones of all kinds.",
            "req/s",
            line("successful", "ok", "line", "left", _rates(points, lambda second: second.ok)),
            line("failed", "failed", "line", "left", _rates(points, lambda second: second.failures)),
            *planned,
        ),
        timed_chart(
            "latency",
            "Latency of successful requests",
            "Half of them took no longer than p50, 95 % no longer than p95.",
            "ms",
            line("p50", "p50", "line", "left", [second.p50_ms for second in points]),
            line("p95", "p95", "line", "left", [second.p95_ms for second in points]),
            line("p99", "p99", "line", "left", [second.p99_ms for second in points]),
        ),
        timed_chart("failures", "Failures a second by kind", "One upon the other.", "failed/s", *_by_kind(points)),
    ]


def chart(
    id_: str,
    title: str,
    note: str,
    x: tuple[str, Sequence[float]],
    left: str,
    lines: list[dict[str, Any]],
    marks: list[dict[str, Any]],
    right: str = "",
) -> Chart:
    """A chart. x: label and values."""
    return {
        "id": id_,
        "title": title,
        "note": note,
        "x": {"label": x[0], "values": _short(x[1])},
        "left": left,
        "right": right,
        "lines": lines,
        "marks": marks,
    }


def line(name: str, role: str, shape: str, axis: str, values: Iterable[float | None]) -> dict[str, Any]:
    """A line of a chart; None where it has a gap."""
    return {"name": name, "role": role, "shape": shape, "axis": axis, "values": _short(values)}


def mark(x: float, low: float | None, high: float | None, name: str, role: str) -> dict[str, Any]:
    """An upright line in a chart, with the interval in which it may be."""
    return {"x": x, "low": low, "high": high, "name": name, "role": role}


def onset_mark(onset: Onset | None, name: str, role: str) -> list[dict[str, Any]]:
    """Of an onset, in a chart over users; none without."""
    return [mark(onset.users, onset.low, onset.high, f"{name} at {onset.users} users", role)] if onset else []


def thinned(seconds: Sequence[Interval], limit: int = POINTS_LIMIT) -> list[Interval]:
    """As many seconds, or fewer, each of which sums up the same number of those given."""
    size = -(-len(seconds) // limit)
    if size < 2:
        return list(seconds)
    return [combine(seconds[first : first + size]) for first in range(0, len(seconds), size)]


def _rates(seconds: Sequence[Interval], count: Callable[[Interval], int]) -> list[float]:
    return [count(second) / second.length for second in seconds]


def _by_kind(seconds: Sequence[Interval]) -> list[dict[str, Any]]:
    total: Counter[str] = Counter()
    for second in seconds:
        total.update(second.failed)
    kinds = [kind for kind, _ in total.most_common()]
    shown = kinds if len(kinds) <= KINDS_SHOWN + 1 else kinds[:KINDS_SHOWN]
    groups = [(kind, {kind}) for kind in shown]
    if others := set(kinds) - set(shown):
        groups.append((f"{len(others)} other kinds", others))
    return [
        line(name, f"kind-{n}", "stacked", "left", (sum(s.failed[kind] for kind in of) / s.length for s in seconds))
        for n, (name, of) in enumerate(groups)
    ]


def _short(values: Iterable[float | None]) -> list[float | None]:
    """Four digits are more than a screen shows, and take a third of the room."""
    return [value if value is None or isinstance(value, int) else float(f"{value:.4g}") for value in values]
