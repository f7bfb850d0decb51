"""The tables of an experiment's report."""

from collections import Counter
from dataclasses import replace

from locust_asyncdjango.lab.analysis.findings import Findings
from locust_asyncdjango.lab.experiment.result import PeakUsage
from locust_asyncdjango.lab.experiment.schedule.plan import trials
from locust_asyncdjango.lab.report import tables
from locust_asyncdjango.metrics.row import Row
from locust_asyncdjango.metrics.series_file import Series
from tests.support.experiments import (
    ASYNC,
    BROKEN,
    SERVERS,
    SYNC,
    experiment,
    findings_of,
    measured,
    repeated,
    unloaded,
    with_busy_processors,
    with_names,
)


def test_figures_of_each_arm() -> None:
    assert ASYNC.figures is not None
    cut_off = replace(ASYNC, figures=replace(ASYNC.figures, in_flight=2, in_flight_s=1.5))
    assert tables.figures_table(findings_of([SYNC, cut_off, BROKEN])).rows == (
        ("io_read", "-", "natural", "gunicorn-sync", "1", "23.0", "60", "4100", "20 (15-25)", "-", "none", "none"),
        *(
            (
                "io_read",
                "-",
                "natural",
                "gunicorn-uvicorn",
                "1",
                "28.3",
                "105",
                "4210",
                "20 (15-25)",
                "125 (120-130)",
                "db_too_many_clients 97",
                "2 (1.5 s)",
            ),
        ),
        ("cpu", "-", "natural", "gunicorn-sync", "0", "-", "-", "-", "-", "-", "not measured", "-"),
    )


def test_figures_of_repeated_runs_are_those_with_the_median_peak() -> None:
    sync, _ = tables.figures_table(repeated((50.0, 100.0), (51.0, 99.0), (49.0, 103.0))).rows
    assert sync[4:6] == ("3", "50.0")
    assert len(tables.figures_table(repeated((50.0, 100.0), a_a=(99.0, 101.0))).rows) == 2


def test_an_invalid_peak_is_flagged() -> None:
    (row,) = tables.figures_table(findings_of([replace(SYNC, baseline=unloaded(501.0))])).rows
    assert row[5] == "23.0 (!)"


def test_differences_have_ratio_interval_and_result() -> None:
    different = tables.differences(repeated((50.0, 100.0), (51.0, 99.0), (49.0, 103.0)))
    assert tables.differences_table(different).rows == (
        ("io_read", "goodput", "gunicorn-uvicorn", "gunicorn-sync", "3", "2.01", "1.88-2.15", "different"),
    )
    equal = tables.differences(repeated((90.0, 100.0), (103.0, 99.0), (98.0, 103.0)))
    assert [each.result for each in equal] == ["no detectable difference"]
    (once,) = tables.differences_table(tables.differences(findings_of([SYNC, ASYNC]))).rows
    assert once == ("io_read", "goodput", "gunicorn-uvicorn", "gunicorn-sync", "1", "1.23", "-", "one run each")


def test_differences_count_the_pairs_that_were_not_disturbed() -> None:
    findings = repeated((50.0, 100.0), (51.0, 99.0), (49.0, 150.0))
    caveats = ("other programs used 50 % of a processor",)
    is_last = [r.trial.repeat == 3 and r.trial.server == SERVERS[1] for r in findings.results]
    results = tuple(
        replace(result, caveats=caveats) if last else result
        for result, last in zip(findings.results, is_last, strict=True)
    )
    assert [each.pairs for each in tables.differences(replace(findings, results=results))] == [2]
    all_of_them = tuple(replace(result, caveats=caveats) for result in results)
    assert [each.pairs for each in tables.differences(replace(findings, results=all_of_them))] == [3]


def test_ceilings_have_the_reason() -> None:
    assert tables.ceilings_table(findings_of([SYNC, ASYNC, BROKEN])).rows == (
        ("io_read: gunicorn-uvicorn", "40.5 ms", "2574", "28.3", "100 connections, 39 ms per request"),
    )


def test_round_trips_have_an_interval_and_the_rest() -> None:
    wanted, unloaded_ms = experiment(latencies_ms=(0, 100, 200)), (40.0, 741.0, 1440.0)
    results = (measured(trial, 1, unloaded(ms)) for trial, ms in zip(trials(wanted), unloaded_ms, strict=True))
    assert tables.round_trips_table(Findings(wanted, tuple(results), {})).rows == (
        ("io_read", "gunicorn-sync", "7.00", "6.93-7.07", "40.3 ms"),
    )


def test_resource_usage_is_scaled_to_requests_in_flight() -> None:
    # Fifty in flight: ten a second, each of which takes five seconds.
    series = Series.from_rows({}, [Row(t, users=100, ok=10, ok_ms=Counter({5000.0: 10})) for t in range(20)])
    usage = PeakUsage(memory_mb=80.0, threads=2, connections=1, redis_clients=0, cpu_s=3.0)
    results = tuple(replace(each, peak_usage=usage) for each in (SYNC, ASYNC))
    recorded = {result.trial.id: series for result in results}
    # A sync worker works on one request, however many wait; an async one on all.
    assert tables.resource_usage_table(Findings(experiment(servers=SERVERS), results, recorded)).rows == (
        ("io_read: gunicorn-sync", "80", "2", "1", "3.0", "1", "8000", "100"),
        ("io_read: gunicorn-uvicorn", "80", "2", "1", "3.0", "50", "160", "2"),
    )
    assert ASYNC.peak_usage is not None
    users_database = replace(ASYNC, peak_usage=replace(ASYNC.peak_usage, connections=None))
    assert tables.resource_usage_table(findings_of([users_database])).rows == (
        ("io_read: gunicorn-uvicorn", "70", "40", "unknown", "12.5", "-", "-", "unknown"),
    )
    assert tables.resource_usage_table(findings_of([ASYNC])).rows == (
        ("io_read: gunicorn-uvicorn", "70", "40", "97", "12.5", "-", "-", "-"),
    )


def test_requests_by_name_of_each_arm() -> None:
    findings = with_names(
        repeated((50.0, 100.0), (51.0, 99.0)),
        gunicorn_sync={"GET /quick/": 250, "GET /slow/": 150},
        gunicorn_uvicorn={"GET /quick/": 900},
    )
    table = tables.request_names_table(findings)
    assert table.headers == ("name", "arm", "requests", "failed", "p50", "p95", "p99")
    assert table.rows == (
        ("GET /quick/", "io_read: gunicorn-sync", "500", "0%", "10 ms", "10 ms", "10 ms"),
        ("GET /quick/", "io_read: gunicorn-uvicorn", "1800", "0%", "10 ms", "10 ms", "10 ms"),
        ("GET /slow/", "io_read: gunicorn-sync", "300", "0%", "10 ms", "10 ms", "10 ms"),
    )
    single = with_names(repeated((50.0, 100.0)), gunicorn_sync={"GET /": 9}, gunicorn_uvicorn={"GET /": 9})
    assert tables.request_names_table(single).rows == ()


def test_who_used_the_processors() -> None:
    findings = with_busy_processors(findings_of([SYNC, ASYNC]), 98.0, 91.0, generator_percent=70.0)
    assert tables.processors_table(findings).rows == (
        ("io_read: gunicorn-sync", "2", "94", "91", "35", "20", "10", "0", "0"),
        ("io_read: gunicorn-uvicorn", "2", "94", "91", "35", "20", "10", "0", "0"),
    )
    assert tables.processors_table(findings_of([SYNC])).rows == ()


def test_arms_with_different_mixes_of_requests_have_no_difference_by_total() -> None:
    findings = repeated((50.0, 100.0), (51.0, 99.0))
    mixed = with_names(findings, gunicorn_sync={"GET /slow/": 500}, gunicorn_uvicorn={"GET /quick/": 900})
    assert tables.differences(mixed) == []
    same = with_names(findings, gunicorn_sync={"GET /": 500}, gunicorn_uvicorn={"GET /": 900})
    assert [each.best for each in tables.differences(same)] == ["gunicorn-uvicorn"]
