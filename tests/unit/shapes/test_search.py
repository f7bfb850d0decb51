"""The search for the load that a server carries, against servers whose capacity is known."""

from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from locust_asyncdjango.shapes.search import NOT_RISING, LevelResult, Search, conclude, summarize_level, unqueued_rate


def searched(breaks: Callable[[int], bool], peak: int = 1000) -> tuple[Search, int]:
    """A search that is over, and how many levels it has tried."""
    search, tried = Search(peak, 2.0, 0.05), 0
    while not search.is_over:
        search.record(broken=breaks(search.level))
        tried += 1
        assert tried < 50
    return search, tried


@given(st.integers(1, 999))
def test_the_highest_level_that_holds_is_within_the_interval(capacity: int) -> None:
    search, tried = searched(lambda level: level > capacity)
    assert search.broken is not None
    assert search.carried <= capacity < search.broken
    assert search.broken - search.carried <= max(1, 0.05 * search.broken)
    assert tried <= 30


def test_what_breaks_once_is_tried_again() -> None:
    chance = Random(1)
    for capacity in (1, 7, 40, 640):
        failed_once: set[int] = set()

        def breaks(level: int, capacity: int = capacity, failed_once: set[int] = failed_once) -> bool:
            if level > capacity:
                return True
            by_chance = level not in failed_once and chance.random() < 0.3
            failed_once.add(level)
            return by_chance

        search, _ = searched(breaks)
        assert search.broken is not None
        assert search.carried <= capacity < search.broken


def test_the_most_users_may_be_carried() -> None:
    search, _ = searched(lambda level: False, peak=300)  # noqa: ARG005
    assert (search.carried, search.broken) == (300, None)
    search, _ = searched(lambda level: True)  # noqa: ARG005
    assert (search.carried, search.broken) == (0, 1)


def test_a_level_is_summed_up() -> None:
    seconds = [(10, 0), (12, 1), (11, 0), (9, 0)]
    level = summarize_level(5, seconds, {100: 30, 200: 10, 900: 2, 50: 0})
    assert (level.users, level.per_s, level.p95_ms) == (5, 10.25, 200.0)
    assert level.margin_per_s == pytest.approx(
        3.1824 * 0.47871, rel=0.001
    )  # Student's t of 3 degrees of freedom is 3.1824
    assert level.failed == pytest.approx(1 / 42)
    assert summarize_level(5, [(0, 0)], {}) == LevelResult(5, 0.0, 0.0, 0.0, 0.0)


def limited(capacity: int, chance: Random, noise: float = 0.01) -> Callable[[int], LevelResult]:
    """Of so many slots, each of which serves ten requests a second."""

    def level(users: int) -> LevelResult:
        per_s = 10 * min(users, capacity) * chance.gauss(1, noise)
        return LevelResult(users, per_s, noise * per_s, 0.0, 100.0 * max(users / capacity, 1))

    return level


@pytest.mark.parametrize("capacity", [3, 10, 40, 97, 300])
def test_throughput_that_no_longer_rises(capacity: int) -> None:
    for seed in range(20):
        serve = limited(capacity, Random(seed))
        levels: dict[int, LevelResult] = {}

        def breaks(
            users: int, levels: dict[int, LevelResult] = levels, serve: Callable[[int], LevelResult] = serve
        ) -> bool:
            levels[users] = serve(users)
            return levels[users].per_s < 0.8 * unqueued_rate(levels.values()) * users

        search, _ = searched(breaks)
        sentence = conclude(search, levels, dict.fromkeys(levels, NOT_RISING))
        assert abs(int(sentence.split()[1]) / capacity - 1) <= 0.05, sentence


def test_the_answer_as_a_sentence() -> None:
    level_10, level_20 = LevelResult(10, 100.0, 1.0, 0.0, 90.0), LevelResult(20, 150.0, 1.0, 0.05, 400.0)
    search = Search(20, 10.0, 0.5)
    assert conclude(search, {}, {}) == "no level was measured: give it more time (-t)"
    one = LevelResult(1, 10.0, 0.0, 0.0, 90.0)
    search.record(broken=False)
    assert conclude(search, {1: one}, {}) == (
        "carries 1 user at least, 10.0 req/s: nothing broke; give it more time (-t)"
    )
    search.record(broken=False)
    search.record(broken=True)
    assert (
        conclude(search, {10: level_10}, {})
        == "carries 10 users at least, 100.0 req/s: 20 broke once; give it more time (-t)"
    )
    assert conclude(search, {10: level_10}, {}, "of 20 users 15 could be started").endswith(
        "; of 20 users 15 could be started"
    )
    search.record(broken=True)
    assert search.is_over
    assert conclude(search, {10: level_10, 20: level_20}, {20: "5.0% of requests failed"}) == (
        "carries 10 users (10-20), 100.0 req/s: at 20 5.0% of requests failed"
    )
    assert conclude(search, {10: level_10, 20: level_20}, {20: NOT_RISING}) == (
        "carries 15 users (14.9-15.1), 150.0 req/s: more only wait for each other"
    )
    first = Search(9, 2.0, 0.1)
    first.record(broken=True)
    first.record(broken=True)
    assert conclude(first, {1: level_10}, {1: "p95 was 900 ms"}) == "carries not even 1 user: at 1 p95 was 900 ms"
    most = Search(1, 2.0, 0.1)
    most.record(broken=False)
    assert conclude(most, {1: level_10}, {}).endswith("nothing broke; raise -u")
