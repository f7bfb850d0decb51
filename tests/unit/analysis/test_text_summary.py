"""The summary that Locust prints at the end of a run."""

from dataclasses import replace

from locust_asyncdjango.analysis.outcome import Outcome
from locust_asyncdjango.analysis.request_names import RequestFigures
from locust_asyncdjango.analysis.saturation import DueLatency, Goodput, KindOnset, find_saturation
from locust_asyncdjango.analysis.silences import Silence
from locust_asyncdjango.analysis.text_summary import summary_text
from locust_asyncdjango.failures.counts import FailureRow
from locust_asyncdjango.metrics.interval import Interval
from tests.support.figures import figures, onset, outcome

FULL = "HTTP 500, django.db.utils.OperationalError: sorry, too many clients already"
FIRST = onset(24, 125)
FIGURES = replace(
    figures(28.34, 105, 4210, onset(3, 20), FIRST, (KindOnset("db_too_many_clients", 97, FIRST),)),
    goodput=Goodput(124.9, 124.1, 125.7, 21, 79, 100, 0.0, 800.0, 812.0, 1818.0),
    unloaded_ms=8.2,
    is_saturated=True,
)


def test_the_summary_says_all_of_it() -> None:
    crossed = outcome("db_too_many_clients>0", "p95>1s", "ratio>1%").crossed
    rows = (
        FailureRow("db_too_many_clients", "server", FULL, 90, 24, 30, "database", "raise max_connections"),
        FailureRow("db_too_many_clients", "role", "too many for role", 6, 25, 30, "database", "raise the role's"),
        FailureRow("db_too_many_clients", "role", "x" * 100, 1, 25, 30, "database", "raise the role's"),
    )
    assert summary_text(Outcome(FIGURES, rows, crossed, crossed[0], 2)) == (
        "locust-asyncdjango: where this run saturated (95 % intervals)\n"
        "  goodput                     125 (124-126) req/s at 100 users, from 21 to 79 s\n"
        "  latency at this load        p50 800 ms, p95 812 ms, p99 1,818 ms\n"
        "  saturated                   yes: the unloaded latency is 8.2 ms\n"
        "  slowdown starts             at 20 (15-25) users, after 3 s\n"
        "  errors start                at 125 (120-130) users, after 24 s\n"
        "  successes                   4210 (4110-4310)\n"
        "  peak (biased upward)        28.3 (26.9-29.8) req/s at 105 (95-115) users\n"
        "  97 x db_too_many_clients, first at 125 (120-130) users, after 24 s\n"
        "      90 x HTTP 500, django.db.utils.OperationalError: sorry, too many...\n"
        "      6 x too many for role\n"
        "      and 1 other message\n"
        "      -> raise max_connections\n"
        "      -> raise the role's\n"
        "  stopped by db_too_many_clients>0: 5 at 10 users, after 1 s\n"
        "  FAILED db_too_many_clients>0: 5 at 10 users, after 1 s\n"
        "  FAILED ratio>1%: 25% at 10 users, after 1 s\n"
        "  2 requests could not be recorded; the log says why of the first"
    )


def test_the_summary_is_never_wider_than_a_terminal() -> None:
    figures_ = figures(9999.9, 9999, 10**9, onset(3, 9999), None, (KindOnset("quota_spent", 9, onset(3, 9999)),))
    rows = (FailureRow("quota_spent", "", "m" * 500, 9, 3, 3, "upstream", "ask for less, " * 20),)
    crossed = outcome("db_too_many_clients>0").crossed
    text = summary_text(Outcome(figures_, rows, crossed * 3, crossed[0], 10**9))
    assert max(map(len, text.splitlines())) <= 80
    narrow = summary_text(Outcome(figures_, rows, crossed * 3, crossed[0], 10**9), width=40).splitlines()
    assert [line for line in narrow if len(line) > 40] == []
    assert {"10000", "(9500-10500)", "9999", "(9994-10004)", "1000000000"} <= set(" ".join(narrow).split())
    assert "\n      -> ask for less, ask" in text
    assert "\n         ask for less, ask" in text


def test_the_summary_of_a_run_without_successes() -> None:
    assert "\n  goodput                     none\n" in summary_text(Outcome(find_saturation([])))


def test_the_summary_says_what_was_not_answered() -> None:
    silent = find_saturation([Interval(0, 100), Interval(1, 100, in_flight=100, in_flight_s=1.96)])
    text = summary_text(Outcome(silent))
    assert "\n  NOT MEASURED no request was answered; in flight at the end: 100, the oldest\n     for 2.0 s\n" in text
    assert "      -> see whether the server answers a single request" in text
    without_requests = summary_text(Outcome(find_saturation([Interval(0, 9)])))
    assert "\n      -> no request was sent to its end: see Locust's log for what users raise" in without_requests
    assert text.endswith("\n  in flight at the end        100, the oldest for 2.0 s")
    answered = summary_text(Outcome(replace(FIGURES, in_flight=3, in_flight_s=0.04)))
    assert "NOT MEASURED" not in answered
    assert "\n  in flight at the end        3, the oldest for 0.0 s\n" in answered


def test_the_summary_has_the_latency_from_when_requests_were_due_and_what_locust_says() -> None:
    due = DueLatency(7200, 1201, (5010.0, 6012.0), (9500.0, None), (9900.0, None))
    lines = summary_text(Outcome(replace(FIGURES, due_latency=due), locust_ms=(10.0, 12.0, 13.0))).splitlines()
    assert lines[8:12] == [
        "  latency from when due       p50 5,010 ms to 6,012 ms, p95 at least 9,500 ms,",
        "     p99 at least 9,900 ms; the end cut off 1201 of 7200",
        "  latency in Locust's table   p50 10 ms, p95 12 ms, p99 13 ms: not corrected",
        "  97 x db_too_many_clients, first at 125 (120-130) users, after 24 s",
    ]
    whole = summary_text(Outcome(replace(FIGURES, due_latency=DueLatency(9, 0, *[(12.3, 12.3)] * 3))))
    assert "\n  latency from when due       p50 12.3 ms, p95 12.3 ms, p99 12.3 ms\n" in whole
    assert "\n  latency in Locust's table   not corrected\n" in whole


def test_the_summary_says_what_the_shape_found_and_what_the_generator_could_not_do() -> None:
    text = summary_text(
        replace(
            outcome(),
            shape_conclusions=("carries 39 users",),
            silences=(Silence(4, 3),),
            health_problems=("its processor was busy",),
        )
    )
    assert text.splitlines()[-3:] == [
        "  carries 39 users",
        "  nothing was answered for 3 s, from second 4 on",
        "  GENERATOR PROBLEM its processor was busy",
    ]


def test_a_kind_without_rows_has_the_advice_for_its_kind() -> None:
    text = summary_text(Outcome(FIGURES))
    assert "      -> raise max_connections, use a connection pool" in text


def test_the_summary_has_the_worst_names_in_a_table() -> None:
    requests = (
        RequestFigures("GET /broken/", 12, 12, None, None, None),
        RequestFigures("POST /posts/", 1234, 1, 12.34, 800.0, 1234.0),
        *(RequestFigures(f"GET /{'x' * 40}/{n}", 9, 0, 1.0, 2.0, 3.0) for n in range(10)),
    )
    text = summary_text(replace(outcome(), requests=requests))
    lines = text.splitlines()
    start = lines.index("  requests by name                  number  failed       p50       p95       p99")
    assert lines[start + 1 : start + 4] == [
        "  GET /broken/                          12    100%         -         -         -",
        "  POST /posts/                        1234    0.1%   12.3 ms    800 ms  1,234 ms",
        "  GET /xxxxxxxxxxxxxxxxxxxxxxx...        9      0%      1 ms      2 ms      3 ms",
    ]
    assert lines[start + 11] == "  and 2 other names; the report lists all of them (--report)"
    assert max(map(len, lines)) <= 80
    narrow = summary_text(replace(outcome(), requests=requests[:2]), width=40)
    assert "  GET /broken/: 12 requests, 100%\n     failed, p50, p95, p99 -, -, -\n" in narrow
