"""What a server can carry at most, and results above it."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from locust_asyncdjango.lab.analysis.ceilings import Ceiling, ceiling_violation, peak_in_flight
from locust_asyncdjango.lab.analysis.findings import Findings
from locust_asyncdjango.lab.environment.servers import Server
from locust_asyncdjango.lab.experiment.arm import Arm
from locust_asyncdjango.lab.experiment.result import Baseline, Result
from locust_asyncdjango.lab.experiment.schedule.plan import trials
from locust_asyncdjango.metrics.row import Row
from locust_asyncdjango.metrics.series_file import Series
from tests.support.experiments import SYNC, experiment, measured, repeated, unloaded
from tests.support.figures import figures


@pytest.mark.parametrize(
    ("server", "changes", "request_ms", "capacity"),
    [
        ("gunicorn-sync", {}, 101.0, 1),
        ("gunicorn-sync", {"workers": 4}, 101.0, 4),
        ("gunicorn-100-threads", {}, 101.0, 100),
        ("gunicorn-uvicorn", {"max_connections": (40,)}, 101.0, 40),
        (
            "gunicorn-uvicorn",
            {"factors": (("TARGET_SITE_CONNECTIONS", "pool"), ("TARGET_SITE_POOL_SIZE", "20"))},
            101.0,
            20,
        ),
        ("gunicorn-uvicorn", {"routes": ("external",)}, 101.0, None),  # nothing limits it
        ("gunicorn-sync", {}, 2.5, None),  # too short to measure
    ],
)
def test_a_peak_a_quarter_above_the_ceiling_is_invalid(
    server: str, changes: dict[str, Any], request_ms: float, capacity: int | None
) -> None:
    wanted = experiment(servers=(server,), **changes)
    (trial,) = trials(wanted)
    # 100 ms each make ten a second of each slot, and one more in ten seconds.
    peak = 1.26 * 10.1 * (capacity or 100)
    (above,) = Findings(wanted, (measured(trial, peak, unloaded(request_ms)),), {}).runs
    assert bool(above.invalid_reason) == (capacity is not None)
    (below,) = Findings(wanted, (measured(trial, 0.99 * peak, unloaded(request_ms)),), {}).runs
    assert not below.invalid_reason


def test_the_shortest_latency_under_load_counts_if_it_is_less_than_the_unloaded_latency() -> None:
    result = replace(SYNC, baseline=unloaded(501.0))
    (slow,) = Findings(experiment(), (result,), {}).runs
    assert slow.ceiling is not None
    assert (round(slow.ceiling.per_s, 9), slow.ceiling.why) == (2.1, "1 slot, 500 ms per request")
    assert slow.invalid_reason == ("23.0 req/s is above its ceiling of 2.1 req/s (1 slot, 500 ms per request)")
    series = Series.from_rows({}, [Row(0, users=1, ok=1, ok_ms=Counter({50.0: 1}))])
    (fast,) = Findings(experiment(), (result,), {result.trial.id: series}).runs
    assert fast.invalid_reason == ""


def test_only_half_of_the_processor_time_counts() -> None:
    (trial,) = trials(experiment())
    computed = Baseline(1001.0, 1.0, 3, cpu_ms=1000.0)
    (runs,) = Findings(experiment(), (measured(trial, 2.6, computed),), {}).runs
    assert runs.ceiling is not None
    assert (round(runs.ceiling.per_s, 1), runs.invalid_reason) == (2.1, "")
    (runs,) = Findings(experiment(), (measured(trial, 2.6, replace(computed, cpu_ms=10.0)),), {}).runs
    assert runs.invalid_reason


def test_one_invalid_run_is_enough_unless_it_is_left_out() -> None:
    findings = repeated((20.0, 30.0), (20.0, 30.0), (60.0, 30.0))
    results = tuple(replace(result, baseline=unloaded(41.0)) for result in findings.results)
    reason = replace(findings, results=results).runs[0].invalid_reason
    assert reason.startswith("60.0 req/s is above its ceiling of 25.1 req/s")
    # Other machines took more from the unloaded requests of this run than from its load.
    caveats = ("other virtual machines took 90 % of a processor",)
    disturbed = tuple(replace(r, caveats=caveats) if r.trial.repeat == 3 else r for r in results)
    assert replace(findings, results=disturbed).runs[0].invalid_reason == ""


@pytest.mark.parametrize(
    ("site", "is_invalid"), [({}, False), ({"database": {"max_connections": 10}}, True), ({"database": None}, False)]
)
def test_the_connection_limit_of_a_server_that_ran_already_is_what_it_reports(
    site: dict[str, object], is_invalid: bool
) -> None:
    own = Server("staging", "asgi", url="http://127.0.0.1:8000")
    wanted = experiment(servers=("staging",), own_servers=(own,))
    (trial,) = trials(wanted)
    result = Result(trial, figures(5000.0, 60, 4100), "", site, unloaded(51.0))
    (runs,) = Findings(wanted, (result,), {}).runs
    assert bool(runs.invalid_reason) == is_invalid


def test_a_pool_has_fewer_connections() -> None:
    arms = (Arm("gunicorn-uvicorn", "asyncpg"), Arm("gunicorn-uvicorn", "asyncpg_pool"))
    wanted = experiment(routes=("list_detail",), servers=(), arms=arms)
    results = (measured(trial, 1.0, unloaded(101.0)) for trial in trials(wanted))
    runs = Findings(wanted, tuple(results), {}).runs
    assert [each.ceiling and round(each.ceiling.per_s) for each in runs] == [1010, 101]


def test_nothing_is_invalid_without_a_ceiling_or_figures() -> None:
    ceiling = Ceiling(1.0, "1 slot")
    assert ceiling_violation(SYNC, None) == ""
    assert ceiling_violation(replace(SYNC, figures=None), ceiling) == ""
    assert ceiling_violation(SYNC, ceiling) != ""


@pytest.mark.parametrize(
    ("slots", "workers", "users", "in_flight"),
    [(None, 1, 100, 50), (None, 1, 20, 20), (1, 1, 100, 1), (4, 2, 100, 8)],
)
def test_requests_in_flight_are_limited_by_users_and_slots(
    slots: int | None, workers: int, users: int, in_flight: float
) -> None:
    # Ten a second, each of which takes five seconds.
    rows = [Row(t, users=users, ok=10, ok_ms=Counter({5000.0: 10})) for t in range(20)]
    assert peak_in_flight(Series.from_rows({}, rows).intervals, slots, workers) == pytest.approx(in_flight)
