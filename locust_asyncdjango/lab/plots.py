"""Seconds of a run and what is fitted to them -> charts over users."""

from collections.abc import Sequence

import numpy as np

from locust_asyncdjango.charts import Chart, line, mark, onset_mark, plotted, thinned
from locust_asyncdjango.lab.fits import Fits
from locust_asyncdjango.saturation import Saturation
from locust_asyncdjango.second import Second, whole

USERS = "users"


def over_users(seconds: Sequence[Second], figures: Saturation, fitted: Fits) -> list[Chart]:
    """Throughput and latency over users; none where users are always the same."""
    points = sorted(thinned(whole(seconds)), key=lambda second: second.users)
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
        plotted(
            "throughput-over-users",
            "Successful requests a second over users",
            "A point a second.",
            (USERS, users),
            "req/s",
            throughput,
            marks + errors,
        ),
        plotted(
            "latency-over-users",
            "Latency of successful requests over users",
            "A point a second.",
            (USERS, users),
            "ms",
            latency,
            slowdown + errors,
        ),
    ]
