"""Seconds of a run and what is fitted to them -> charts over users; what a trial took -> charts over its time."""

from collections.abc import Sequence

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
from locust_asyncdjango.lab.analysis.scalability import RunFits
from locust_asyncdjango.lab.experiment.result import ResourceSample
from locust_asyncdjango.metrics.interval import Interval, full_intervals

USERS = "users"


def charts_over_users(seconds: Sequence[Interval], figures: Saturation, fitted: RunFits) -> list[Chart]:
    """Throughput and latency over users; none where users are always the same."""
    points = sorted(thin_out(full_intervals(seconds)), key=lambda second: second.users)
    if len({point.users for point in points}) < 3:
        return []
    users = [point.users for point in points]
    errors = onset_mark(figures.errors, "errors", "error")
    throughput = [line("successful", "ok", "points", "left", [point.ok / point.length for point in points])]
    if fitted.scalability and fitted.scalability.peak_users is not None:
        expected = fitted.scalability.per_s(np.array(users, dtype=float)).tolist()
        throughput.append(line("Universal Scalability Law", "fit", "dashed", "left", expected))
    knee = fitted.knee
    if knee.lines:
        corners, heights = zip(*knee.lines, strict=True)
        met = np.interp(users, corners, heights, left=np.nan, right=np.nan)
        throughput.append(line("two lines", "knee", "line", "left", (None if np.isnan(y) else float(y) for y in met)))
    marks = [mark(knee.users, knee.low, knee.high, f"knee at {knee.users} users", "knee")] if knee.users else []
    latency = [
        line("p50", "p50", "points", "left", [point.p50_ms for point in points]),
        line("p95", "p95", "points", "left", [point.p95_ms for point in points]),
    ]
    slowdown = onset_mark(figures.slowdown, "slowdown", "slow")
    return [
        chart(
            "throughput-over-users",
            "Successful requests a second over users",
            "A point a second.",
            (USERS, users),
            "req/s",
            throughput,
            marks + errors,
        ),
        chart(
            "latency-over-users",
            "Latency of successful requests over users",
            "A point a second.",
            (USERS, users),
            "ms",
            latency,
            slowdown + errors,
        ),
    ]


def taken(costs: Sequence[ResourceSample]) -> list[Chart]:
    """What the server and others took, and what connections did; none where nothing was looked at."""
    if not costs:
        return []
    times = (TIME, [cost.t for cost in costs])
    processors = [
        line("server", "ok", "line", "left", [cost.cpu_percent for cost in costs]),
        line("other programs", "failed", "line", "left", [cost.other_percent for cost in costs]),
        line("other machines", "p99", "line", "left", [cost.steal_percent for cost in costs]),
        line("server's MB", "users", "dashed", "right", [cost.memory_mb for cost in costs]),
    ]
    states = dict.fromkeys(state for cost in costs for state in cost.connections)
    connections = [
        line(state, f"kind-{n}", "stacked", "left", [cost.connections.get(state, 0) for cost in costs])
        for n, state in enumerate(states)
    ]
    if any(cost.redis_clients is not None for cost in costs):
        connections.append(line("Redis clients", "users", "dashed", "left", [cost.redis_clients for cost in costs]))
    shown = [chart("processors", "Processor and memory", "", times, "% of one", processors, [], right="MB")]
    if connections:
        shown.append(chart("connections", "Connections by what they do", "", times, "connections", connections, []))
    return shown
