"""What results say: verdict, differences, ceilings, round trips, costs, and the reports made of them."""

import json
from collections import Counter
from dataclasses import replace

import pytest
from rich.console import Console

from locust_asyncdjango.lab.analysis import paired_stats
from locust_asyncdjango.lab.analysis.findings import Findings
from locust_asyncdjango.lab.environment.servers import Server
from locust_asyncdjango.lab.experiment.plan import trials
from locust_asyncdjango.lab.experiment.result import Baseline, PeakUsage, Result
from locust_asyncdjango.lab.experiment.spec import Arm
from locust_asyncdjango.lab.report import tables
from locust_asyncdjango.lab.report.experiment_report import as_json, html, markdown, terminal_table
from locust_asyncdjango.lab.report.verdict import trial_sentences, verdict
from locust_asyncdjango.metrics.row import Row
from locust_asyncdjango.metrics.series_file import Series
from tests.support.experiments import (
    ASYNC,
    BROKEN,
    SYNC,
    experiment,
    found,
)
from tests.support.figures import figures

ALL = [SYNC, ASYNC, BROKEN]
BOTH = ("gunicorn-sync", "gunicorn-uvicorn")


def test_the_verdict() -> None:
    assert verdict(found(ALL)) == [
        "io_read: gunicorn-uvicorn peaks highest, 28.3 against 23.0 req/s",
        "io_read on gunicorn-sync: nothing broke; it slowed down from 20 users",
        "io_read on gunicorn-uvicorn: db_too_many_clients broke first, at 125 users;"
        " raise max_connections, use a connection pool, or put PgBouncer in front of the database",
        "cpu on gunicorn-sync: not measured: gunicorn-sync did not start: no",
        "1 of 3 trials are marked; the report says why",
    ]


def repeated(*peaks: tuple[float, float], a_a: tuple[float, ...] = (), until_decided: bool = False) -> Findings:
    """Runs of a sync and an async server, in the order of the plan."""
    asked = experiment(servers=BOTH, repeats=max(len(peaks), 2), a_a_pairs=len(a_a) // 2, until_decided=until_decided)
    carried = [*a_a, *(peak for n, pair in enumerate(peaks) for peak in (pair[::-1] if n % 2 else pair))]
    results = (
        Result(trial, figures(peak, 60, 4100), "", {}) for trial, peak in zip(trials(asked), carried, strict=False)
    )
    return Findings(asked, tuple(results), {})


def test_of_repeated_runs_the_verdict_says_how_sure_it_is() -> None:
    different = repeated((50.0, 100.0), (51.0, 99.0), (49.0, 103.0))
    assert verdict(different) == [
        "io_read: gunicorn-uvicorn carried 2.01 (1.82-2.22) times as much as gunicorn-sync, 100.0 against 50.0 req/s",
        "io_read on gunicorn-sync: nothing broke; it never slowed down",
        "io_read on gunicorn-uvicorn: nothing broke; it never slowed down",
        "noise: two runs of the same arm differ by up to 1.19 times (2 degrees of freedom)",
    ]
    same = repeated((99.0, 100.0), (103.0, 99.0), (98.0, 103.0))
    assert verdict(same)[0].startswith("io_read: no detectable difference: gunicorn-uvicorn carried 1.0")
    assert [each.says for each in tables.differences(same)] == ["no detectable difference"]
    assert tables.differences_table(tables.differences(different)).rows == (
        ("io_read", "gunicorn-uvicorn", "gunicorn-sync", "3", "2.01", "1.82-2.22", "different"),
    )
    (row, _) = tables.figures(different).rows
    assert row[4:6] == ("3", "50.0")


def test_of_single_runs_few_requests_are_no_difference() -> None:
    def told(sync: float, async_: float) -> str:
        return verdict(repeated((sync, async_)))[0]

    assert told(1.0, 1.1) == "io_read: no clear difference in peak throughput (1.1 and 1.0 req/s)"
    assert told(1.0, 3.0) == "io_read: gunicorn-uvicorn peaks highest, 3.0 against 1.0 req/s"
    assert told(100.0, 109.0) == "io_read: no clear difference in peak throughput (109.0 and 100.0 req/s)"
    assert told(100.0, 112.0) == "io_read: gunicorn-uvicorn peaks highest, 112.0 against 100.0 req/s"


def test_a_run_that_carried_nothing_is_not_left_out_of_a_ratio() -> None:
    told = verdict(repeated((100.0, 110.0), (100.0, 0.0), (100.0, 110.0)))
    assert told[0] == "io_read: gunicorn-sync carried 100.0 req/s; a run on gunicorn-uvicorn carried nothing"


def test_a_pair_of_which_a_run_failed_is_no_a_a_pair() -> None:
    measured = repeated((50.0, 100.0), a_a=(100.0, 100.0, 50.0, 50.0))
    first, second, *others = measured.results
    told = verdict(replace(measured, results=(first, replace(second, figures=None), *others)))
    assert told[-1] == "noise: two runs of the same arm differ by up to 1.00 times (1 degree of freedom)"


def test_an_a_a_pair_shows_the_noise_where_each_ran_once() -> None:
    same, different = (repeated((peak, 100.0), a_a=(99.0, 101.0)) for peak in (99.0, 50.0))
    assert verdict(same)[0].startswith("io_read: no detectable difference: ")
    assert verdict(different)[0].startswith("io_read: gunicorn-uvicorn carried 2.00 (")
    assert len(tables.figures(different).rows) == 2


def test_each_a_a_pair_is_held_against_the_others() -> None:
    alike = (100.0, 101.0, 100.0, 98.0, 100.0, 102.0, 100.0, 99.0)
    assert verdict(repeated((50.0, 100.0), a_a=alike))[-1].startswith("A/A: no difference in 4 of 4 pairs of runs")
    assert verdict(repeated((50.0, 100.0), a_a=(*alike, 100.0, 150.0)))[-1].startswith("A/A: no difference in 4 of 5")


def test_what_is_repeated_until_it_is_decided() -> None:
    def is_decided_after(*peaks: tuple[float, float]) -> bool:
        measured = repeated(*peaks, *[(1.0, 1.0)] * 4, until_decided=True)
        return replace(measured, results=measured.results[: 2 * len(peaks)]).is_decided("io_read")

    far, near, apart = (50.0, 100.0), (99.0, 100.0), (80.0, 100.0)
    assert not is_decided_after(far)  # one pair says nothing of the noise
    assert is_decided_after(far, (50.1, 100.0), (50.2, 100.0))
    assert is_decided_after(near, (100.0, 99.5), (99.5, 100.0), (100.0, 100.2))  # no difference that matters
    assert not is_decided_after(apart, (100.0, 90.0), (95.0, 100.0))


def test_what_was_left_out_is_told() -> None:
    measured = repeated((50.0, 100.0), (50.1, 100.0), (50.2, 100.0), (50.0, 100.0), until_decided=True)
    stopped = replace(measured, results=measured.results[:2])
    assert trial_sentences(stopped)[:2] == [
        "8 trials were planned, 2 run, 0 of them not measured",
        "6 were left out, as the run was stopped: io_read on gunicorn-uvicorn (run 2), io_read on gunicorn-sync"
        " (run 2), io_read on gunicorn-sync (run 3), io_read on gunicorn-uvicorn (run 3), io_read on gunicorn-uvicorn"
        " (run 4), io_read on gunicorn-sync (run 4)",
    ]
    decided = replace(measured, results=measured.results[:6])
    assert trial_sentences(decided)[1:] == [
        "2 were left out, as their verdict was sure before: io_read on gunicorn-uvicorn (run 4), io_read on"
        " gunicorn-sync (run 4)"
    ]
    assert trial_sentences(found(ALL))[1:] == [
        "cpu on gunicorn-sync was not measured: gunicorn-sync did not start: no",
        "marked: io_read on gunicorn-uvicorn: other programs used 35 % of a processor",
    ]


def by_latency() -> Findings:
    """A sync and two async arms at two latencies; one of them was not measured."""
    asked = experiment(servers=BOTH, latencies_ms=(0, 100), max_connections=(100, 1000))
    carried = [50.0, 80.0, 50.5, 90.0, 5.0, 60.0, 5.1, None]
    results = (
        Result(trial, figures(peak, 60, 4100) if peak else None, "" if peak else "it did not start", {})
        for trial, peak in zip(trials(asked), carried, strict=True)
    )
    return Findings(asked, tuple(results), {})


def test_connection_limits_are_compared_with_each_other() -> None:
    told = verdict(by_latency())
    assert told[0] == "io_read: gunicorn-uvicorn with 1000 connections peaks highest, 90.0 against 80.0 req/s"
    assert told[5] == "io_read (100 ms latency): gunicorn-uvicorn peaks highest, 60.0 against 5.1 req/s"


def test_what_was_measured_at_several_latencies_has_a_table_of_them() -> None:
    (heat,) = tables.latency_grids(by_latency())
    assert heat.heads == (
        "latency",
        "gunicorn-sync",
        "gunicorn-uvicorn",
        "gunicorn-sync with 1000 connections",
        "gunicorn-uvicorn with 1000 connections",
    )
    assert dict(heat.texts()) == {
        "0 ms": ["50.0 req/s, 4100", "80.0 req/s, 4100", "50.5 req/s, 4100", "90.0 req/s, 4100"],
        "100 ms": ["5.0 req/s, 4100", "60.0 req/s, 4100", "5.1 req/s, 4100", "not measured"],
    }
    assert [[round(share, 2) for share in shares] for shares in heat.shares()] == [
        [0.56, 0.89, 0.56, 1.0],
        [0.08, 1.0, 0.08, 0.0],
    ]
    text = markdown(by_latency(), {})
    assert "## io_read: peak and successes by latency" in text
    assert "| 100 ms | 5.0 req/s, 4100 | 60.0 req/s, 4100 | 5.1 req/s, 4100 | not measured |" in text
    page = html(by_latency(), {})
    assert '<td class="heat" style="--heat: 0.89">80.0 req/s, 4100</td>' in page
    assert '"title":"Peak over latency"' in page
    assert tables.latency_grids(repeated((50.0, 100.0))) == []


def alone(request_ms: float) -> Baseline:
    return Baseline(request_ms, 1.0, 5)


@pytest.mark.parametrize(
    ("server", "changes", "request_ms", "at_once"),
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
        ("gunicorn-sync", {}, 2.5, None),  # too little to tell
    ],
)
def test_a_result_above_its_ceiling_is_no_win(
    server: str, changes: dict[str, tuple[str, ...]], request_ms: float, at_once: int | None
) -> None:
    asked = experiment(servers=(server,), **changes)
    (trial,) = trials(asked)
    # 100 ms each make ten a second of each slot, and one more in ten seconds.
    peak = 1.26 * 10.1 * (at_once or 100)
    (runs,) = Findings(asked, (Result(trial, figures(peak, 60, 4100), "", {}, alone(request_ms)),), {}).runs
    assert bool(runs.flag) == (at_once is not None)
    below = Result(trial, figures(0.99 * peak, 60, 4100), "", {}, alone(request_ms))
    (runs,) = Findings(asked, (below,), {}).runs
    assert not runs.flag


def test_who_is_flagged_does_not_win() -> None:
    results = [replace(SYNC, baseline=alone(501.0)), replace(ASYNC, baseline=alone(501.0))]
    assert verdict(found(results, servers=BOTH))[:2] == [
        "io_read: gunicorn-uvicorn carried 28.3 req/s; no other arm has a result that can be true",
        "io_read on gunicorn-sync: 23.0 req/s lie above its ceiling of 2.1 (1 slot, 500 ms a request by itself):"
        " a fault of the measurement, no win",
    ]
    assert verdict(found(results[:1]))[0].startswith("io_read on gunicorn-sync: 23.0 req/s lie above")
    assert tables.figures(found(results, servers=BOTH)).rows[0][5] == "23.0 (!)"
    # One request under load took a tenth of what one took by itself: so may others.
    fast = Series.from_rows({}, [Row(0, users=1, ok=1, ok_ms=Counter({50.0: 1}))])
    recorded = Findings(experiment(servers=BOTH), tuple(results), {SYNC.trial.id: fast})
    assert recorded.runs[0].flag == ""


def test_what_is_computed_may_become_twice_as_fast() -> None:
    asked = experiment()
    (trial,) = trials(asked)
    computed = Baseline(1001.0, 1.0, 3, cpu_ms=1000.0)
    (runs,) = Findings(asked, (Result(trial, figures(2.6, 60, 4100), "", {}, computed),), {}).runs
    assert runs.ceiling is not None
    assert (round(runs.ceiling.per_s, 1), runs.flag) == (2.1, "")
    waited = replace(computed, cpu_ms=10.0)
    (runs,) = Findings(asked, (Result(trial, figures(2.6, 60, 4100), "", {}, waited),), {}).runs
    assert runs.flag


def test_one_run_that_cannot_be_true_is_enough() -> None:
    measured = repeated((20.0, 30.0), (20.0, 30.0), (60.0, 30.0))
    results = tuple(replace(result, baseline=alone(41.0)) for result in measured.results)
    assert replace(measured, results=results).runs[0].flag.startswith("60.0 req/s lie above its ceiling of 25.1")
    # But for one that is left out, as other machines had more of this one before its load than under it.
    beside = [replace(result, caveats=("other virtual machines took 90 % of a processor",)) for result in results]
    assert [result.trial.repeat for result in results if result.figures and result.figures.peak_per_s == 60.0] == [3]
    left_out = tuple(beside[n] if result.trial.repeat == 3 else result for n, result in enumerate(results))
    assert replace(measured, results=left_out).runs[0].flag == ""


@pytest.mark.parametrize(
    ("site", "flagged"), [({}, False), ({"database": {"max_connections": 10}}, True), ({"database": None}, False)]
)
def test_what_limits_a_server_that_ran_already_is_what_it_says(site: dict[str, object], flagged: bool) -> None:
    own = Server("staging", "asgi", url="http://127.0.0.1:8000")
    asked = experiment(servers=("staging",), own_servers=(own,))
    (trial,) = trials(asked)
    result = Result(trial, figures(5000.0, 60, 4100), "", site, alone(51.0))
    (runs,) = Findings(asked, (result,), {}).runs
    assert bool(runs.flag) == flagged


def test_pools_have_fewer_connections() -> None:
    arms = (Arm("gunicorn-uvicorn", "asyncpg"), Arm("gunicorn-uvicorn", "asyncpg_pool"))
    asked = experiment(routes=("list_detail",), servers=(), arms=arms)
    results = (Result(trial, figures(1.0, 60, 4100), "", {}, alone(101.0)) for trial in trials(asked))
    runs = Findings(asked, tuple(results), {}).runs
    assert [each.ceiling and round(each.ceiling.per_s) for each in runs] == [1010, 101]


def test_the_best_is_who_wins_the_pairs() -> None:
    measured = repeated((1.0, 50.0), (80.0, 70.0), (90.0, 80.0))
    first = replace(measured.results[0], figures=None)
    told = verdict(replace(measured, results=(first, *measured.results[1:])))
    assert told[0].startswith("io_read: gunicorn-sync carried 1.13 (")


def test_a_run_beside_other_programs_makes_no_pair() -> None:
    measured = repeated((50.0, 100.0), (51.0, 99.0), (49.0, 150.0), a_a=(50.0, 50.5, 70.0, 50.0))
    others = ("other programs used 50 % of a processor",)
    results = tuple(replace(r, caveats=others) if n in (2, 9) else r for n, r in enumerate(measured.results))
    found = replace(measured, results=results)
    assert found.a_a_pairs == [paired_stats.Pair(50.0, 50.5)]
    (difference,) = tables.differences(found)
    assert (difference.pairs, round(difference.ratio, 2)) == (2, 1.97)
    all_of_them = replace(found, results=tuple(replace(result, caveats=others) for result in results))
    assert [each.pairs for each in tables.differences(all_of_them)] == [3]


@pytest.mark.parametrize(("load_of_sync", "allowed_for"), [(95.0, True), (60.0, False), (0.0, False)])
def test_what_goes_with_the_machines_speed_is_allowed_for_between_arms_that_load_it_alike(
    load_of_sync: float, allowed_for: bool
) -> None:
    # Runs that are as fast as the machine is, but for a tenth that the asynchronous server carries more.
    speeds = [(50.0, 25.0), (25.0, 50.0), (40.0, 40.0), (30.0, 50.0), (50.0, 45.0), (25.0, 30.0)]
    measured = repeated(*((sync, 1.1 * async_) for sync, async_ in speeds))

    def cost(result: Result) -> PeakUsage:
        sync = result.trial.server == "gunicorn-sync"
        speed = result.figures.peak_per_s / (1.0 if sync else 1.1) if result.figures else 0.0
        return PeakUsage(80.0, 2, 1, 0, 3.0, speed=speed, own_percent=load_of_sync if sync else 100.0)

    found = replace(measured, results=tuple(replace(each, peak_usage=cost(each)) for each in measured.results))
    (difference,) = tables.differences(found)
    assert (difference.says == "different") is allowed_for
    told = ", 1.00 without what goes with the machine's own speed (slope 1.00)"
    assert any(told in sentence for sentence in verdict(found)) is allowed_for
    if allowed_for:
        assert difference.ratio == pytest.approx(1.1)


def test_what_shows_beside_other_trials_is_marked() -> None:
    def cost(mhz: float) -> PeakUsage:
        return PeakUsage(80.0, 2, 1, 0, 3.0, mhz)

    measured = repeated((50.0, 100.0), (50.0, 100.0))
    speeds = (2500.0, 2500.0, 1200.0, 2400.0)
    results = tuple(replace(r, peak_usage=cost(mhz)) for r, mhz in zip(measured.results, speeds, strict=True))
    # Ten users, of whom each has two requests in flight.
    parallel = Series.from_rows({}, [Row(t, users=10, ok=20, ok_ms=Counter({1000.0: 20})) for t in range(30)])
    marked = replace(measured, results=results, recorded={results[3].trial.id: parallel})
    assert [marked.caveats(result) for result in results[:3]] == [
        [],
        [],
        ["the processors ran at 1200 MHz, and in most trials at 2450"],
    ]
    (law,) = marked.caveats(results[3])
    assert law.startswith("Little's law does not hold: more is in flight than there are users")


def test_round_trips_are_the_slope_over_latency() -> None:
    asked = experiment(latencies_ms=(0, 100, 200))
    took = (40.0, 741.0, 1440.0)
    results = (
        Result(trial, figures(1, 60, 100), "", {}, alone(ms)) for trial, ms in zip(trials(asked), took, strict=True)
    )
    measured = Findings(asked, tuple(results), {})
    ((_, budget),) = measured.budgets
    assert (round(budget.round_trips, 2), round(budget.base_ms, 1)) == (7.0, 40.3)
    assert budget.low is not None
    assert budget.low < 7 < budget.round_trips + (budget.round_trips - budget.low)
    assert round(budget.latency_ms(741.0)) == 100
    assert tables.budgets(measured).rows == (("io_read", "gunicorn-sync", "7.00", "6.93-7.07", "40.3 ms"),)
    assert found([SYNC]).budgets == []


def test_costs_are_told_for_so_many_requests_in_flight() -> None:
    # Fifty in flight: ten a second, of five seconds each.
    series = Series.from_rows({}, [Row(t, users=100, ok=10, ok_ms=Counter({5000.0: 10})) for t in range(20)])
    cost = PeakUsage(memory_mb=80.0, threads=2, connections=1, redis_clients=0, cpu_s=3.0)
    results = tuple(replace(each, peak_usage=cost) for each in (SYNC, ASYNC))
    recorded = {result.trial.id: series for result in results}
    rows = tables.costs(Findings(experiment(servers=BOTH), results, recorded)).rows
    # A sync worker works on one request, however many wait; an async one on all.
    assert rows == (
        ("io_read: gunicorn-sync", "80", "2", "1", "3.0", "1", "8000", "100"),
        ("io_read: gunicorn-uvicorn", "80", "2", "1", "3.0", "50", "160", "2"),
    )


def test_the_report_has_every_trial() -> None:
    lines = markdown(found(ALL), {}).splitlines()
    assert [line for line in lines if line.startswith(("| route", "| io_read", "| cpu")) and "---" not in line] == [
        "| route | conditions | variant | server | runs | peak req/s | at users | successes | slowdown at | errors at |"
        " failures by kind |",
        "| io_read | - | natural | gunicorn-sync | 1 | 23.0 | 60 | 4100 | 20 | - | none |",
        "| io_read | - | natural | gunicorn-uvicorn | 1 | 28.3 | 105 | 4210 | 20 | 125 | db_too_many_clients 97 |",
        "| cpu | - | natural | gunicorn-sync | 0 | - | - | - | - | - | not measured |",
        "| io_read | gunicorn-uvicorn | gunicorn-sync | 1 | 1.23 | - | one run each |",
        "| io_read: gunicorn-uvicorn | 40.5 ms | 2574 | 28.3 | 100 connections, 39 ms a request by itself |",
        "| io_read: gunicorn-uvicorn | 70 | 40 | 97 | 12.5 | - | - | - |",
    ]


def test_the_report_says_how_to_run_it_again() -> None:
    about = {"started": "2026-01-01T00:00:00+00:00", "versions": {"python": "3.13.1"}, "machine": {"processors": 8}}
    for report in (markdown(found(ALL), about), html(found(ALL), about)):
        for told in ("begun 2026-01-01T00:00:00+00:00", "machine: processors 8", "versions: python 3.13.1", "pin = "):
            assert told in report


def test_the_report_for_programs() -> None:
    shown = json.loads(as_json(found(ALL), {"started": "now"}))
    assert (shown["format_version"], shown["started"], shown["verdict"]) == (1, "now", verdict(found(ALL)))
    assert [arm["peaks_per_s"] for arm in shown["arms"]] == [{"1": 23.0}, {"1": 28.34}, {}]


def test_the_table_fits_80_columns() -> None:
    console = Console(width=80)
    with console.capture() as capture:
        console.print(terminal_table(found(ALL)))
    printed = capture.get()
    assert "gunicorn-uvicorn  28.3   105      4210       20    125 db_too_many_clients 97" in printed
    assert max(map(len, printed.splitlines())) <= 80
