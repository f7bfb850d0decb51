"""Charts over users and of resource usage."""

from dataclasses import replace

from locust_asyncdjango.analysis.saturation import find_saturation
from locust_asyncdjango.lab.analysis.scalability import fit_run
from locust_asyncdjango.lab.experiment.result import ResourceSample
from locust_asyncdjango.lab.report.plots import charts_over_users, resource_usage_charts
from locust_asyncdjango.metrics.interval import Interval
from tests.support.planted_runs import climbed, slots


def test_charts_over_users_show_points_models_and_the_knee() -> None:
    intervals = climbed(slots(50), 125)
    throughput, latency = charts_over_users(intervals, find_saturation(intervals), fit_run(intervals))
    assert [line["name"] for line in throughput["lines"]] == ["successful", "Universal Scalability Law", "two lines"]
    assert [line["name"] for line in latency["lines"]] == ["p50", "p95"]
    knee = fit_run(intervals).knee
    assert {
        "x": knee.users,
        "low": knee.low,
        "high": knee.high,
        "name": f"knee at {knee.users} users",
        "role": "knee",
    } in (throughput["marks"])
    users = throughput["x"]["values"]
    assert users == sorted(users)
    assert all(len(line["values"]) == len(users) for line in throughput["lines"])


def test_there_are_no_charts_over_users_that_do_not_change() -> None:
    intervals = [Interval(t, users=10, ok=5) for t in range(30)]
    assert charts_over_users(intervals, find_saturation(intervals), fit_run(intervals)) == []
    assert charts_over_users([], find_saturation([]), fit_run([])) == []


def sample(t: float, redis_clients: int | None = None, **connections: int) -> ResourceSample:
    return ResourceSample(t, 70.0, 50.0, 2, 8, connections=connections, redis_clients=redis_clients)


def test_resource_usage_has_processors_and_connections_by_state() -> None:
    processors, connections = resource_usage_charts([sample(0.0, 4, active=3), sample(1.0, 5, idle=2)])
    assert [(line["name"], line["values"]) for line in connections["lines"]] == [
        ("active", [3, 0]),
        ("idle", [0, 2]),
        ("Redis clients", [4, 5]),
    ]
    assert [line["name"] for line in processors["lines"]] == [
        *("server", "other programs", "other machines", "server's MB"),
    ]


def test_unknown_connections_leave_a_gap() -> None:
    unknown = replace(sample(1.0), connections=None)
    _, connections = resource_usage_charts([sample(0.0, active=3), unknown])
    assert [line["values"] for line in connections["lines"]] == [[3, None]]
    assert [chart["id"] for chart in resource_usage_charts([unknown])] == ["processors"]


def test_resource_usage_of_a_server_of_the_users_own_has_no_connections() -> None:
    assert [chart["id"] for chart in resource_usage_charts([sample(0.0)])] == ["processors"]
    assert resource_usage_charts([]) == []
