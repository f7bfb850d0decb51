"""A run for tests: its figures, its series and its failures."""

from collections import Counter
from typing import Any

from locust_asyncdjango.analysis.outcome import Outcome
from locust_asyncdjango.analysis.saturation import KindOnset, Onset, Saturation, find_saturation
from locust_asyncdjango.analysis.thresholds import ThresholdMonitor, crossings, parse_threshold
from locust_asyncdjango.metrics.row import Row
from locust_asyncdjango.metrics.series_file import Series

HEADER = {
    "user_classes": ["IoReadUser"],
    "host": "http://127.0.0.1:8000",
    "shape": "RampTo500",
    "users": 500,
    "run_time": 180.0,
    "started": "2026-01-01T00:00:00+00:00",
    "versions": {"locust": "2.47.0"},
    "machine": {"system": "Linux", "processors": 2},
}
FAILURES: dict[str, Any] = {
    "unrecorded": 2,
    "shape_findings": ["carries 39 users"],
    "failures": [
        {
            "kind": "db_too_many_clients",
            "where": "server",
            "message": "sorry | too many",
            "count": 7,
            "first_t": 21,
            "last_t": 30,
            "first_users": 105,
            "origin": "database",
            "advice": "raise max_connections",
        }
    ],
    "samples": [
        {
            "kind": "db_too_many_clients",
            "message": "sorry | too many",
            "t": 21,
            "name": "GET /",
            "url": "http://127.0.0.1:8000/",
            "status": 500,
            "exception": "",
            "body": "<b>sorry</b>\nno",
        }
    ],
}


def ramp(seconds: int = 40, slots: int = 60, breaks_at: int = 100) -> Series:
    """Five users more each second; 100 ms a request."""
    rows = []
    for t in range(seconds):
        users = 5 * t
        ok = 10 * min(users, slots)
        broken = Counter({"db_too_many_clients": 7} if users > breaks_at else {})
        rows.append(Row(t, users, ok, broken, ok_ms=Counter({1000.0 * users / ok: ok} if ok else {})))
    return Series.from_rows(HEADER, rows)


def onset(t: int, users: int) -> Onset:
    """Five users around it."""
    return Onset(t, users, users - 5, users + 5)


def figures(
    peak_per_s: float,
    peak_users: int,
    successes: int,
    slowdown: Onset | None = None,
    errors: Onset | None = None,
    failures: tuple[KindOnset, ...] = (),
) -> Saturation:
    """A twentieth around the rate, ten users around its users, a hundred successes around their count."""
    return Saturation(
        peak_per_s,
        (0.95 * peak_per_s, 1.05 * peak_per_s),
        peak_users,
        (peak_users - 10, peak_users + 10),
        successes,
        (successes - 100, successes + 100),
        0,
        slowdown,
        errors,
        failures,
    )


def outcome(*fail_on: str) -> Outcome:
    """Return the outcome of a run of two seconds: 15 requests succeed, 5 fail. fail_on: thresholds."""
    rows = (
        Row(0, 5, 10, Counter(), 0, Counter({20.0: 10})),
        Row(1, 10, 5, Counter({"db_too_many_clients": 5}), 0, Counter({40.0: 5})),
    )
    monitors = [ThresholdMonitor(parse_threshold(text)) for text in fail_on]
    for row in rows:
        for monitor in monitors:
            monitor.add(row)
    series = Series.from_rows({"started": "2026-01-01T00:00:00+00:00"}, rows)
    return Outcome(find_saturation(series.intervals), crossed=tuple(crossings(monitors)))
