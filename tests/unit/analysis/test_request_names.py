"""Figures by name, names that a text means, and names that fail at every load."""

import random
from collections import Counter

import pytest

from locust_asyncdjango.analysis.request_names import (
    RequestFigures,
    always_failing,
    clean_name,
    matching_names,
    nearest_name,
    request_figures,
)
from locust_asyncdjango.metrics.load_curve import LoadLevel
from locust_asyncdjango.metrics.request_names.sums import RequestSums

NAMES = ["GET /", "GET /posts/", "POST /posts/"]


def levels(*shares: float, requests: int = 100, name: str = "GET /x") -> list[LoadLevel]:
    """Return levels of 10, 20 and more users at which these shares of a name's requests fail."""
    made = []
    for n, share in enumerate(shares):
        failed = round(requests * share)
        made.append(
            LoadLevel(
                10.0 * (n + 1),
                10,
                done_by_name=Counter({name: requests - failed, "GET /": 100}),
                failed_by_name=Counter({name: failed}),
            )
        )
    return made


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


@pytest.mark.parametrize(
    ("shares", "fails_always"),
    [
        pytest.param((1, 1, 1, 1), True, id="always"),
        pytest.param((0.5, 0.4, 0.6, 0.5), True, id="about as often at each load"),
        pytest.param((0.3, 0.1, 0.1, 0), False, id="only in the beginning"),
        pytest.param((0, 0, 0.5, 1), False, id="load broke it"),
        pytest.param((0.05, 0.05, 0.5, 1), False, id="load made it worse"),
        pytest.param((0.01, 0, 0, 0.01), False, id="chance"),
        pytest.param((0, 0, 0, 0), False, id="never"),
        pytest.param((1,), True, id="a single load, always"),
        pytest.param((0.3,), False, id="a single load, now and then"),
    ],
)
def test_whether_a_name_fails_at_every_load(shares: tuple[float, ...], fails_always: bool) -> None:
    assert always_failing(levels(*shares)) == (("GET /x",) if fails_always else ())


def test_a_name_with_few_requests_fails_always_if_all_of_them_failed() -> None:
    assert always_failing(levels(1, 1, requests=1)) == ("GET /x",)
    assert always_failing(levels(1, 0, requests=1)) == ()


def test_a_name_that_came_at_high_load_only_is_not_known_to_fail_always() -> None:
    late = levels(1, name="GET /late")[0]
    late.users = 90.0
    assert always_failing([*levels(0, 0, 0, 0), late]) == ()


def test_without_names_nothing_fails_always() -> None:
    assert always_failing([]) == always_failing([LoadLevel(5.0, 3, 9, 4)]) == ()


def test_how_often_a_name_that_load_broke_passes_for_one_that_fails_always() -> None:
    # It fails from time to time, and from the ninth of ten loads on at each second request.
    chance = random.Random(1)
    mistaken = 0
    for _ in range(300):
        shares = [sum(chance.random() < p for _ in range(50)) / 50 for p in (*[0.01] * 8, 0.5, 0.5)]
        mistaken += bool(always_failing(levels(*shares, requests=50)))
    assert mistaken == 0
