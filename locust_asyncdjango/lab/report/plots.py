"""Charts that only the lab's reports have: over users with the fitted models, and of resource usage over time.

Charts over time that the web UI shows too are in ``analysis.charts``.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from locust_asyncdjango.analysis.charts import (
    TIME,
    Chart,
    chart,
    line,
    mark,
    onset_mark,
    thin_out,
)
from locust_asyncdjango.analysis.saturation import Saturation
from locust_asyncdjango.lab.analysis.knee import Knee
from locust_asyncdjango.lab.analysis.scalability import RunFits
from locust_asyncdjango.lab.experiment.result import ResourceSample
from locust_asyncdjango.metrics.interval import Interval, full_intervals
from locust_asyncdjango.metrics.plural import counted

USERS = "users"
MIN_USER_COUNTS = 3
"""The fewest different numbers of users of which a chart over users shows anything."""
EACH_SECOND = "Each point is a second."


def charts_over_users(intervals: Sequence[Interval], figures: Saturation, fits: RunFits) -> list[Chart]:
    """Return charts of throughput and latency over users; none if the number of users hardly changes."""
    points = sorted(thin_out(full_intervals(intervals)), key=lambda interval: interval.users)
    if len({point.users for point in points}) < MIN_USER_COUNTS:
        return []
    x = (USERS, [point.users for point in points])
    errors = onset_mark(figures.errors, "errors", "error")
    latency = [
        line("p50", "p50", "points", "left", [point.p50_ms for point in points]),
        line("p95", "p95", "points", "left", [point.p95_ms for point in points]),
    ]
    slowdown = onset_mark(figures.slowdown, "slowdown", "slow")
    return [
        chart(
            "throughput-over-users",
            "Successful requests a second over users",
            EACH_SECOND,
            x,
            "req/s",
            _throughput_lines(points, fits),
            _knee_marks(fits.knee) + errors,
        ),
        chart(
            "latency-over-users",
            "Latency of successful requests over users",
            EACH_SECOND,
            x,
            "ms",
            latency,
            slowdown + errors,
        ),
    ]


def resource_usage_charts(samples: Sequence[ResourceSample]) -> list[Chart]:
    """Return charts of processors, memory and connections during a trial; none without samples."""
    if not samples:
        return []
    times = (TIME, [sample.t for sample in samples])
    processors = [
        line("server", "ok", "line", "left", [sample.cpu_percent for sample in samples]),
        line("other programs", "failed", "line", "left", [sample.other_percent for sample in samples]),
        line("other machines", "p99", "line", "left", [sample.steal_percent for sample in samples]),
        line("server's MB", "users", "dashed", "right", [sample.memory_mb for sample in samples]),
    ]
    charts = [chart("processors", "Processor and memory", "", times, "% of one", processors, [], right="MB")]
    if connections := _connection_lines(samples):
        charts.append(chart("connections", "Connections by state", "", times, "connections", connections, []))
    return charts


def _throughput_lines(points: Sequence[Interval], fits: RunFits) -> list[dict[str, Any]]:
    users = [point.users for point in points]
    lines = [line("successful", "ok", "points", "left", [point.ok / point.length for point in points])]
    if fits.scalability and fits.scalability.peak_users is not None:
        expected = fits.scalability.per_s(np.array(users, dtype=float)).tolist()
        lines.append(line("Universal Scalability Law", "fit", "dashed", "left", expected))
    if fits.knee.lines:
        corners, heights = zip(*fits.knee.lines, strict=True)
        values = np.interp(users, corners, heights, left=np.nan, right=np.nan)
        lines.append(line("two lines", "knee", "line", "left", (None if np.isnan(y) else float(y) for y in values)))
    return lines


def _knee_marks(knee: Knee) -> list[dict[str, Any]]:
    return (
        [mark(knee.users, knee.low, knee.high, f"knee at {counted(knee.users, 'user')}", "knee")] if knee.users else []
    )


def _connection_lines(samples: Sequence[ResourceSample]) -> list[dict[str, Any]]:
    states = dict.fromkeys(state for sample in samples for state in sample.connections or ())
    lines = [
        line(state, f"kind-{n}", "stacked", "left", [_count(sample, state) for sample in samples])
        for n, state in enumerate(states)
    ]
    if any(sample.redis_clients is not None for sample in samples):
        lines.append(line("Redis clients", "users", "dashed", "left", [sample.redis_clients for sample in samples]))
    return lines


def _count(sample: ResourceSample, state: str) -> int | None:
    return None if sample.connections is None else sample.connections.get(state, 0)
