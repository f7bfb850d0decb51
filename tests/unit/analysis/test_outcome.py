"""The cases that a CI server shows of a run."""

from dataclasses import replace

from locust_asyncdjango.analysis.junit import Case
from locust_asyncdjango.analysis.outcome import Outcome, RequestStats, junit_cases
from locust_asyncdjango.analysis.saturation import find_saturation
from locust_asyncdjango.analysis.thresholds import parse_threshold
from locust_asyncdjango.metrics.interval import Interval
from tests.support.figures import outcome

ANSWERED = "requests were answered"
STATS = [
    RequestStats("GET /a", 10, 0, ()),
    RequestStats("POST /b", 10, 5, ((4, "timeout: x"), (1, "app_error: y"))),
]


def test_without_thresholds_each_name_that_failed_is_a_failed_case() -> None:
    assert list(junit_cases(outcome(), (), STATS)) == [
        Case("requests", "GET /a"),
        Case("requests", "POST /b", "5 of 10 requests failed", "4 x timeout: x\n1 x app_error: y"),
    ]


def test_with_thresholds_they_alone_decide() -> None:
    limits = [parse_threshold(text) for text in ("ratio>10%", "ratio>90%")]
    assert list(junit_cases(outcome("ratio>10%", "ratio>90%"), limits, STATS)) == [
        Case("thresholds", "ratio>10%", "ratio>10%: 25% at 10 users, after 1 s"),
        Case("thresholds", "ratio>90%"),
        Case("requests", "GET /a"),
        Case("requests", "POST /b", "", "5 of 10 requests failed\n4 x timeout: x\n1 x app_error: y"),
    ]


def test_a_run_that_measured_nothing_fails_with_and_without_thresholds() -> None:
    silent = Outcome(find_saturation([Interval(0, 5, in_flight=5, in_flight_s=3.0)]))
    in_flight = "in flight at the end: 5, the oldest for 3.0 s"
    for limits in ([], [parse_threshold("ratio>90%")]):
        assert Case("run", ANSWERED, f"no request was answered; {in_flight}", in_flight) in junit_cases(
            silent, limits, ()
        )
    answered = outcome()
    some = replace(answered, figures=replace(answered.figures, in_flight=5, in_flight_s=3.0))
    assert list(junit_cases(some, (), ())) == [Case("run", ANSWERED, "", in_flight)]
