"""The cases that a CI server shows of a run."""

from locust_asyncdjango.analysis.junit import Case
from locust_asyncdjango.analysis.outcome import RequestStats, junit_cases
from locust_asyncdjango.analysis.thresholds import parse_threshold
from tests.support.figures import outcome

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
