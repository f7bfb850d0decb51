"""Figures of a run as texts."""

from dataclasses import replace

import pytest

from locust_asyncdjango.analysis.definitions import (
    ERRORS,
    GOODPUT,
    PEAK,
    PLATEAU_LATENCY,
    SATURATED,
    SLOWDOWN,
    SUCCESSES,
)
from locust_asyncdjango.analysis.formatting import (
    Figure,
    failing_notes,
    format_capacity,
    format_count,
    format_duration,
    format_errors,
    format_first_failure,
    format_goodput,
    format_kind,
    format_ms,
    format_onset,
    format_onset_users,
    format_per_s,
    format_rate,
    format_slowdown,
    key_figures,
)
from locust_asyncdjango.analysis.saturation import Capacity, FailingName, Goodput, KindOnset, Onset, find_saturation
from locust_asyncdjango.metrics.interval import Interval
from tests.support.figures import FAILURES, figures


def test_the_figures_of_a_run() -> None:
    shown = key_figures(figures(28.34, 105, 4210, Onset(3, 20, 15, 25)))
    assert shown == (
        Figure("goodput", "none", GOODPUT.text),
        Figure("slowdown starts", "at 20 (15-25) users, after 3 s", SLOWDOWN.text),
        Figure("errors start", "none", ERRORS.text),
        Figure("successes", "4210 (4110-4310)", SUCCESSES.text),
        Figure("peak (biased upward)", "28.3 (26.9-29.8) req/s at 105 (95-115) users", PEAK.text),
    )
    assert shown[3].line == "successes                   4210 (4110-4310)"


def test_where_latency_rose_and_what_may_be_wrong_with_that() -> None:
    run = figures(28.34, 105, 4210, Onset(0, 5, 1, 10, is_queued_from_start=True))
    assert format_slowdown(run) == "already queued at 5 (1-10) users"
    doubtful = figures(28.34, 105, 4210, replace(Onset(3, 20, 15, 25), doubt="time explains it too"))
    assert format_slowdown(doubtful) == "at 20 (15-25) users, after 3 s; not confirmed: time explains it too"
    drifting = replace(figures(28.34, 105, 4210), drift=Onset(30, 20, 20, 20))
    assert format_slowdown(drifting) == (
        "not seen; latency rose with time, not with the users: at 20 users, after 30 s"
    )


def test_where_requests_began_to_fail() -> None:
    kinds = (KindOnset("timeout", 3, Onset(3, 20, 15, 25)),)
    broken = figures(28.34, 105, 4210, errors=Onset(5, 30, 25, 35), failures=kinds)
    assert format_errors(broken) == "at 30 (25-35) users, after 5 s"
    chance = figures(28.34, 105, 4210, failures=kinds)
    assert format_errors(chance) == "no load is seen from which more requests fail: 3 of 4213 requests failed"
    assert format_errors(replace(chance, fails_always=True)) == (
        "at every load: 3 of 4213 requests failed, at the lowest loads as often as at higher ones"
    )
    failing = (FailingName("GET /broken/", 1.0),)
    assert format_errors(replace(chance, always_failing=failing)) == "GET /broken/ (100 %) fails at every load"
    assert format_errors(replace(broken, always_failing=failing)) == (
        "at 30 (25-35) users, after 5 s; not counted: GET /broken/ (100 %) fails at every load"
    )
    assert list(failing_notes(replace(broken, always_failing=failing))) == [
        "GET /broken/ (100 %) fails at every load, so that load did not break it"
    ]
    assert list(failing_notes(broken)) == []


def test_the_cell_of_a_table_has_the_interval() -> None:
    onsets = (None, Onset(3, 20, 15, 25), Onset(0, 5, 1, 10, is_queued_from_start=True))
    assert [format_onset_users(onset) for onset in onsets] == ["-", "20 (15-25)", "5 (1-10), from the start"]


def test_a_run_without_requests_has_no_peak() -> None:
    assert [figure.text for figure in key_figures(find_saturation([]))] == ["none", "not seen", "none", "0", "none"]


def test_a_run_that_is_too_short_has_no_peak() -> None:
    too_short = replace(figures(28.34, 105, 4210), length_s=9)
    assert key_figures(too_short)[-1].text == "none: the run took 9 s, and a peak needs 10 s"
    assert key_figures(replace(too_short, length_s=10))[-1].text.startswith("28.3 ")
    assert find_saturation([Interval(t, 1, 5) for t in range(9)]).length_s == 9


PLATEAU = Goodput(124.9, 124.1, 125.7, 21, 79, 100, 0.0, 800.0, 812.0, 1818.0)


@pytest.mark.parametrize(
    ("goodput", "text"),
    [
        (PLATEAU, "125 (124-126) req/s at 100 users, from 21 to 79 s"),
        (
            replace(PLATEAU, per_s=9.96, low=None, high=None, failed_share=0.123),
            "10.0 req/s at 100 users, from 21 to 79 s, 12.3 % failed; the plateau is too short for an interval",
        ),
        (
            replace(PLATEAU, low=None, high=None, why="no load stayed constant"),
            "125 req/s at 100 users, from 21 to 79 s; no plateau: no load stayed constant",
        ),
        (replace(PLATEAU, due_per_s=150.0), "125 (124-126) req/s at 150 req/s due, from 21 to 79 s"),
    ],
)
def test_a_goodput_says_where_it_is_from(goodput: Goodput, text: str) -> None:
    assert format_goodput(goodput) == text


@pytest.mark.parametrize(
    ("unloaded_ms", "is_saturated", "text"),
    [
        (8.2, True, "yes: the unloaded latency is 8.2 ms"),
        (None, True, "yes: requests failed at the highest loads"),
        (700.0, False, "no: latency stayed near the unloaded 700 ms; the load was the limit"),
        (None, None, "not known: no load was low enough to show the unloaded latency"),
    ],
)
def test_whether_the_server_was_the_limit(unloaded_ms: float | None, is_saturated: bool | None, text: str) -> None:
    run = replace(figures(28.34, 105, 4210), goodput=PLATEAU, unloaded_ms=unloaded_ms, is_saturated=is_saturated)
    assert key_figures(run)[1:3] == (
        Figure("latency at this load", "p50 800 ms, p95 812 ms, p99 1,818 ms", PLATEAU_LATENCY),
        Figure("saturated", text, SATURATED),
    )


def test_one_user_is_no_users() -> None:
    assert format_onset(Onset(3, 1, 1, 1)) == "at 1 user, after 3 s"
    assert format_onset(Onset(3, 1, 0, 1)) == "at 1 (0-1) users, after 3 s"
    assert format_first_failure({"first_t": 2, "first_users": 1}) == "after 2 s, at 1 user"


def test_an_interval_that_is_the_number_is_left_out_and_large_rates_have_no_decimal() -> None:
    assert (format_count(19, (19, 19)), format_rate(123.5, (99.96, 140.4))) == ("19", "124 (100-140)")
    assert format_onset(Onset(3, 20, 20, 20)) == "at 20 users, after 3 s"
    assert format_onset(None, "none") == "none"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (format_per_s(99.94), "99.9"),
        (format_per_s(123.4), "123"),
        (format_per_s(123.4, 99.0), "123.4"),
        (format_ms(0.12345), "0.123 ms"),
        (format_ms(12.345), "12.3 ms"),
        (format_ms(12_345.6), "12,346 ms"),
        (format_duration(1), "1 min"),
        (format_duration(61), "2 min"),
        (format_duration(3600), "1 h 0 min"),
    ],
)
def test_a_number_with_its_unit(text: str, expected: str) -> None:
    assert text == expected


def test_a_row_of_failures() -> None:
    (row,) = FAILURES["failures"]
    assert (format_kind(row), format_first_failure(row)) == (
        "db_too_many_clients (server)",
        "after 21 s, at 105 users",
    )
    assert format_kind({**row, "where": ""}) == "db_too_many_clients"


@pytest.mark.parametrize(
    ("capacity", "text"),
    [
        (
            Capacity("p95 <= 1s", 140, 132, 150, 138.2, "p95 1.4 s"),
            "140 (132-150) users, 138 req/s, within p95 <= 1s; beyond it: p95 1.4 s",
        ),
        (Capacity("p95 <= 1s", 500, 500, 500, 99.5), "at least 500 users, 99.5 req/s, within p95 <= 1s"),
        (Capacity("p95 <= 1s", 0, 0, 10, 0.0, "p95 1.4 s"), "below 10 users: p95 1.4 s, not within p95 <= 1s"),
        (
            Capacity("p95 <= 1s", 40, 38, 45, 39.9, "p95 1.4 s", "req/s"),
            "40 (38-45) req/s, within p95 <= 1s; beyond it: p95 1.4 s",
        ),
    ],
)
def test_a_capacity_says_the_load_and_what_broke_it(capacity: Capacity, text: str) -> None:
    assert format_capacity(capacity) == text
