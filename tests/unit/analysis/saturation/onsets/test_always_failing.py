"""Names of requests that fail at every load."""

import random
from collections import Counter

import pytest

from locust_asyncdjango.analysis.saturation import FailingName, failing_text
from locust_asyncdjango.analysis.saturation.onsets.always_failing import find_always_failing
from locust_asyncdjango.metrics.load_curve import LoadLevel


def levels(*shares: float, requests: int = 100, name: str = "GET /x") -> list[LoadLevel]:
    """Return levels of 10, 20 and more users at which these shares of a name's requests fail."""
    made = []
    for n, share in enumerate(shares):
        failed = round(requests * share)
        made.append(
            LoadLevel(
                10.0 * (n + 1),
                10,
                ok_by_name=Counter({name: requests - failed, "GET /": 100}),
                failed_by_name=Counter({name: failed}),
            )
        )
    return made


def names_of(made: list[LoadLevel]) -> list[str]:
    return [each.name for each in find_always_failing(made)]


@pytest.mark.parametrize(
    ("shares", "fails_always"),
    [
        pytest.param((1, 1, 1, 1), True, id="always"),
        pytest.param((0.5, 0.4, 0.6, 0.5), True, id="about as often at each load"),
        pytest.param((0.3, 0.1, 0.1, 0), False, id="only in the beginning"),
        pytest.param((0, 0, 0.5, 1), False, id="load broke it"),
        pytest.param((0.05, 0.05, 0.5, 1), False, id="load made it worse"),
        pytest.param((*(0.1,) * 9, 0.5), False, id="load made it worse in the end"),
        pytest.param((0.01, 0, 0, 0.01), False, id="chance"),
        pytest.param((0, 0, 0, 0), False, id="never"),
        pytest.param((1,), True, id="a single load, always"),
        pytest.param((0.3,), False, id="a single load, now and then"),
    ],
)
def test_whether_a_name_fails_at_every_load(shares: tuple[float, ...], fails_always: bool) -> None:
    assert names_of(levels(*shares)) == (["GET /x"] if fails_always else [])


def test_a_name_with_few_requests_fails_always_if_all_of_them_failed() -> None:
    assert find_always_failing(levels(1, 1, requests=1)) == (FailingName("GET /x", 1.0),)
    assert find_always_failing(levels(1, 0, requests=1)) == ()


def test_a_name_that_came_at_high_load_only_is_not_known_to_fail_always() -> None:
    late = levels(1, name="GET /late")[0]
    late.users = 90.0
    assert find_always_failing([*levels(0, 0, 0, 0), late]) == ()


def test_without_names_nothing_fails_always() -> None:
    assert find_always_failing([]) == find_always_failing([LoadLevel(5.0, 3, 9, 4)]) == ()


def test_how_often_a_name_that_load_broke_passes_for_one_that_fails_always() -> None:
    # It fails from time to time, and from the ninth of ten loads on at each second request.
    chance = random.Random(1)
    mistaken = 0
    for _ in range(300):
        shares = [sum(chance.random() < p for _ in range(50)) / 50 for p in (*[0.01] * 8, 0.5, 0.5)]
        mistaken += bool(find_always_failing(levels(*shares, requests=50)))
    assert mistaken == 0


def test_a_steep_ramp_whose_first_requests_succeed_broke_the_name() -> None:
    # As measured: a server with 100 connections, and a ramp that starts 62 users a second. Failures come in bursts.
    counts = ((30, 0), (121, 12), (14, 11), (83, 10), (77, 114), (38, 26), (3, 54), (11, 118), (127, 68))
    ramp = [
        LoadLevel(62.0 * n, 1, ok_by_name=Counter({"GET /x": ok}), failed_by_name=Counter({"GET /x": failed}))
        for n, (ok, failed) in enumerate(counts, 1)
    ]
    assert find_always_failing(ramp) == ()


def test_how_often_a_name_that_fails_always_is_found() -> None:
    chance = random.Random(1)
    found = 0
    for _ in range(300):
        shares = [sum(chance.random() < 0.1 for _ in range(50)) / 50 for _ in range(20)]
        found += bool(find_always_failing(levels(*shares, requests=50)))
    assert found >= 285


def test_a_text_names_those_with_most_failures() -> None:
    names = [FailingName(f"GET /{n}", n / 10) for n in (9, 8, 7, 6, 5)]
    assert failing_text(names[:1]) == "GET /9 (90 %) fails at every load"
    assert failing_text(names[:2]) == "GET /9 (90 %) and GET /8 (80 %) fail at every load"
    assert failing_text(names) == ("GET /9 (90 %), GET /8 (80 %), GET /7 (70 %) and 2 other names fail at every load")
