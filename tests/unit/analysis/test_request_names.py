"""Figures by name, and names that a text means."""

from collections import Counter

from locust_asyncdjango.analysis.request_names import (
    RequestFigures,
    clean_name,
    matching_names,
    nearest_name,
    request_figures,
)
from locust_asyncdjango.metrics.request_names.sums import RequestSums

NAMES = ["GET /", "GET /posts/", "POST /posts/"]


def test_the_figures_of_a_name() -> None:
    sums = RequestSums(4, Counter(timeout=1), Counter({10.0: 2, 20.0: 1, 30.0: 1}), Counter({900.0: 1}))
    assert request_figures({"GET /": sums}) == (RequestFigures("GET /", 5, 1, 10.0, 30.0, 30.0),)
    (failed,) = request_figures({"GET /": RequestSums(failed=Counter(timeout=3))})
    assert failed == RequestFigures("GET /", 3, 3, None, None, None)
    assert failed.failed_share == 1.0


def test_what_fails_most_comes_first_and_then_what_is_slowest() -> None:
    names = {
        "GET /fast": RequestSums(1000, ok_ms=Counter({1.0: 1000})),
        "GET /slow": RequestSums(1000, ok_ms=Counter({900.0: 1000})),
        "GET /chance": RequestSums(1000, Counter(timeout=1), ok_ms=Counter({2.0: 1000})),
        "GET /broken": RequestSums(0, Counter(timeout=10)),
    }
    assert [each.name for each in request_figures(names)] == ["GET /broken", "GET /slow", "GET /chance", "GET /fast"]


def test_a_name_is_meant_with_its_method_or_without() -> None:
    assert matching_names("GET /posts/", NAMES) == ["GET /posts/"]
    assert matching_names("/posts/", NAMES) == ["GET /posts/", "POST /posts/"]
    assert matching_names("/post/", NAMES) == []
    assert nearest_name("/post/", NAMES) == "/posts/"
    assert nearest_name("GET /post/", NAMES) == "GET /posts/"
    assert nearest_name("something", NAMES) == ""


def test_a_name_has_no_secrets_and_is_not_too_long() -> None:
    assert clean_name("GET /?token=abc") == "GET /?token=***"
    assert clean_name(f"GET /{400 * 'x'}") == f"GET /{292 * 'x'}..."
