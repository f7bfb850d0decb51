"""Charts over a run's time, as data."""

import json
from collections import Counter

from locust_asyncdjango.analysis.charts import KINDS_SHOWN, POINTS_LIMIT, charts_over_time, thin_out
from locust_asyncdjango.analysis.saturation import find_saturation
from locust_asyncdjango.metrics.interval import Interval
from tests.support.figures import ramp


def test_charts_over_time() -> None:
    series = ramp()
    throughput, latency, failures = charts_over_time(series.intervals, find_saturation(series.intervals))
    assert (throughput["x"]["label"], throughput["x"]["values"]) == ("seconds since the start", list(range(40)))
    assert [(line["name"], line["axis"]) for line in throughput["lines"]] == [
        ("successful", "left"),
        ("failed", "left"),
        ("users", "right"),
    ]
    assert throughput["lines"][0]["values"] == [second.ok for second in series.intervals]
    assert [mark["role"] for mark in throughput["marks"]] == ["slow", "error"]
    assert latency["lines"][0]["values"][:3] == [None, 100.0, 100.0]
    assert [line["name"] for line in failures["lines"]] == ["db_too_many_clients", "users"]
    assert json.loads(json.dumps(throughput)) == throughput


def test_the_planned_users_are_drawn_next_to_those_that_ran() -> None:
    seconds = [Interval(t, users=9, planned=planned) for t, planned in enumerate((10, 10, 0))]
    throughput, *_ = charts_over_time(seconds, find_saturation(seconds))
    assert [(line["name"], line["values"]) for line in throughput["lines"]][-2:] == [
        ("users planned", [10, 10, 0]),
        ("users", [9, 9, 9]),
    ]


def test_a_long_run_is_drawn_with_as_many_points_as_a_screen_has_and_loses_nothing() -> None:
    seconds = [Interval(t, users=t, ok=3, failed=Counter(timeout=1), p50_ms=5.0) for t in range(3600)]
    points = thin_out(seconds)
    assert len(points) == POINTS_LIMIT
    assert (points[1].t, points[1].length, points[1].users, points[1].ok, points[1].failures) == (6, 6, 11, 18, 6)
    assert seconds[0].ok == 3  # they are not what is added to
    throughput, *_ = charts_over_time(seconds, find_saturation(seconds))
    assert set(throughput["lines"][0]["values"]) == {3.0}


def test_of_many_kinds_the_rare_ones_are_one_line() -> None:
    seconds = [Interval(0, failed=Counter({f"kind_{n}": n for n in range(1, 12)})), Interval(1)]
    *_, failures = charts_over_time(seconds, find_saturation(seconds))
    names = [line["name"] for line in failures["lines"]]
    assert names == [*(f"kind_{n}" for n in range(11, 11 - KINDS_SHOWN, -1)), "4 other kinds", "users"]
    assert failures["lines"][KINDS_SHOWN]["values"] == [1 + 2 + 3 + 4, 0]
