"""Sums of the requests with one name, and the limit of names."""

from collections import Counter

from locust_asyncdjango.metrics.request_names.sums import (
    NAMES_LIMIT,
    OTHER,
    NameLimit,
    RequestSums,
    sum_of_all,
    sums_by_name,
)

ONE = RequestSums(2, Counter(timeout=1), Counter({10.0: 2}), Counter({500.0: 1}))
OTHER_ONE = RequestSums(1, Counter(), Counter({10.0: 1}))
BOTH = RequestSums(3, Counter(timeout=1), Counter({10.0: 3}), Counter({500.0: 1}))


def test_sums_add_up_and_stay_as_they_are() -> None:
    names = sums_by_name([("GET /", ONE), ("POST /", OTHER_ONE), ("GET /", OTHER_ONE)])
    assert names == {"GET /": BOTH, "POST /": OTHER_ONE}
    assert sum_of_all([ONE, OTHER_ONE]) == BOTH
    assert (ONE.requests, ONE.failures, OTHER_ONE.requests) == (3, 1, 1)


def test_the_first_names_are_admitted_and_all_others_are_one() -> None:
    limit = NameLimit(2)
    assert [limit.admit(name) for name in ("GET /a", "GET /b", "GET /c", "GET /a", OTHER)] == [
        "GET /a",
        "GET /b",
        OTHER,
        "GET /a",
        OTHER,
    ]
    names = {"GET /a": ONE, "GET /b": OTHER_ONE}
    assert limit.fold(names) is names
    assert limit.fold({"GET /c": ONE, "GET /b": OTHER_ONE, OTHER: OTHER_ONE}) == {OTHER: BOTH, "GET /b": OTHER_ONE}
    assert sum(NameLimit().admit(str(n)) == OTHER for n in range(NAMES_LIMIT)) == 0
