"""The search for the load that a server carries, against servers whose capacity is known."""

from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from locust_asyncdjango.shapes.search import (
    MOST_REPEATS,
    NOT_RISING,
    REPEATS,
    LevelResult,
    Search,
    conclude,
    estimate_carried,
    summarize_level,
)

TOO_SLOW = "p95 was 900 ms"


def searched(breaks: Callable[[int], bool], peak: int = 1000) -> tuple[Search, int]:
    """A search for a limit of latency that is over, and how many levels it has tried."""
    search, tried = Search(peak, 2.0, 0.05, 0.8), 0
    while not search.is_over:
        search.record(LevelResult(search.level, 1.0), TOO_SLOW if breaks(search.level) else "")
        tried += 1
        assert tried < 50
    return search, tried


def served(serve: Callable[[int], float], peak: int = 1000, resolution: float = 0.05) -> Search:
    """A search for the limit of throughput that is over. serve: returns successes a second for a number of users."""
    search = Search(peak, 2.0, resolution, 0.8)
    for _ in range(100):
        if search.is_over:
            return search
        result = LevelResult(search.level, serve(search.level))
        search.record(result, "" if search.is_repeating or search.is_rising(result) else NOT_RISING)
    raise AssertionError("the search does not end")


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
    assert level == LevelResult(5, 10.25, 1 / 42, 200.0)
    assert summarize_level(5, [(0, 0)], {}) == LevelResult(5, 0.0, 0.0, 0.0)


def test_throughput_that_does_not_rise_is_looked_at_on_the_next_level_and_then_repeated() -> None:
    search = served(lambda users: 10.0 * min(users, 40))
    climb, repeats = [1, 2, 4, 8, 16, 32, 64, 128], [16, 64, 64, 16, 16, 64, 64, 16]
    assert [level.users for level in search.results] == [*climb, *repeats]
    assert conclude(search) == "carries 40 users (40.0-40.0), 400.0 req/s: more only wait for each other"


def test_throughput_that_falls_is_measured_where_it_is_highest() -> None:
    # It has its maximum, 50 a second, at 10 users; a user who does not wait gets 10.
    search = served(lambda users: 10 * users / (1 + (users / 10) ** 2))
    assert conclude(search).startswith("carries 5 users (5.0-5.1), 48.8 req/s")


def test_the_peak_is_repeated_where_it_breaks() -> None:
    search = served(lambda users: 10.0 * min(users, 40), peak=60)
    assert [level.users for level in search.results][5:9] == [32, 60, 60, 16]
    assert conclude(search).startswith("carries 40 users (40.0-40.0)")


def test_a_server_of_one_slot() -> None:
    search = served(lambda users: 10.0 * min(users, 1))
    assert [level.users for level in search.results] == [1, 2, 4, 1, 2, 2, 1, 1, 2, 2, 1]
    assert conclude(search).startswith("carries 1 user (1.0-1.0), 10.0 req/s")


def test_a_level_that_broke_by_chance_is_carried_after_its_repeats() -> None:
    by_chance = iter([10, 20, 40, 40, 80])  # the levels of 8 and 16 users are slow once
    search = served(lambda users: next(by_chance, 10.0 * min(users, 40)))
    climb, repeats = [1, 2, 4, 8, 16], [2, 16, 16, 2, 2, 16, 16, 2]
    assert [level.users for level in search.results][:16] == [*climb, *repeats, 32, 64, 128]
    assert conclude(search).startswith("carries 40 users (40.0-40.0)")


def test_wide_intervals_are_narrowed_by_more_repeats() -> None:
    noise = Random(1)
    for spread, repeats in ((0.001, REPEATS), (0.1, MOST_REPEATS)):
        search = served(lambda users, spread=spread: 10.0 * min(users, 40) * noise.gauss(1, spread))  # type: ignore[misc]
        assert [len(each) for each in search.repeats] == [repeats, repeats]


@pytest.mark.parametrize("capacity", [3, 10, 40, 97, 300])
def test_the_result_is_near_the_truth(capacity: int) -> None:
    for seed in range(20):
        noise = Random(seed)
        search = served(lambda users, noise=noise: 10 * min(users, capacity) * noise.gauss(1, 0.01))  # type: ignore[misc]
        assert abs(int(conclude(search).split()[1]) / capacity - 1) <= 0.05


def test_the_interval_contains_the_truth_as_often_as_it_says() -> None:
    noise, covered = Random(1), 0
    for _ in range(1000):
        unqueued = [LevelResult(16, 160 * noise.gauss(1, 0.1)) for _ in range(4)]
        queued = [LevelResult(64, 400 * noise.gauss(1, 0.03)) for _ in range(4)]
        estimate = estimate_carried(unqueued, queued)
        assert estimate is not None
        covered += estimate.low <= 40 <= estimate.high
    assert 930 <= covered <= 980


def test_an_interval_needs_two_measurements_of_each_kind() -> None:
    one, silent = LevelResult(1, 10.0), LevelResult(9, 0.0)
    assert estimate_carried([one], [one, one]) is None
    assert estimate_carried([one, one], [one, silent, silent]) is None
    estimate = estimate_carried([one, one], [LevelResult(9, 50.0)] * 2)
    assert estimate is not None
    assert [*estimate] == pytest.approx([5, 5, 5, 50])


def test_a_server_that_stops_to_answer_ends_the_search() -> None:
    answers = iter([10.0, 20.0, 22.0, 22.0])
    search = served(lambda _: next(answers, 0.0))
    assert conclude(search) == "carries 2 users, 22.0 req/s: more only wait for each other"


def test_the_answer_as_a_sentence() -> None:
    search = Search(20, 10.0, 0.5, 0.8)
    assert conclude(search) == "no level was measured: give it more time (-t)"
    search.record(LevelResult(1, 10.0))
    assert conclude(search) == "carries 1 user at least, 10.0 req/s: nothing broke; give it more time (-t)"
    search.record(LevelResult(10, 100.0))
    reason = "5.0% of requests failed"
    search.record(LevelResult(20, 150.0, 0.05), reason)
    assert conclude(search) == "carries 10 users at least, 100.0 req/s: 20 broke once; give it more time (-t)"
    assert conclude(search, "of 20 users 15 could be started").endswith("; of 20 users 15 could be started")
    search.record(LevelResult(20, 150.0, 0.05), reason)
    assert search.is_over
    assert conclude(search) == "carries 10 users (10-20), 100.0 req/s: at 20 5.0% of requests failed"


def test_the_answer_of_a_search_that_ended_early() -> None:
    search = Search(100, 4.0, 0.5, 0.8)
    for users, per_s in ((1, 10.0), (4, 40.0), (16, 80.0), (64, 81.0), (2, 20.0)):
        assert search.level == users
        search.record(LevelResult(users, per_s), "" if users < 16 else NOT_RISING)
    sentence = "carries 8 users, 81.0 req/s: more only wait for each other; unfinished: give it more time (-t)"
    assert conclude(search) == sentence
    bisected = Search(100, 4.0, 0.1, 0.8)
    for users, reason in ((1, ""), (4, ""), (16, TOO_SLOW), (16, TOO_SLOW), (10, "")):
        bisected.record(LevelResult(users, 10.0), reason)
    assert conclude(bisected, "so").startswith(
        "carries 10 users (10-16), 10.0 req/s: at 16 p95 was 900 ms; unfinished: so"
    )


def test_not_even_one_user_or_all_of_them() -> None:
    first = Search(9, 2.0, 0.1, 0.8)
    first.record(LevelResult(1, 1.0), TOO_SLOW)
    first.record(LevelResult(1, 1.0), TOO_SLOW)
    assert conclude(first) == "carries not even 1 user: at 1 p95 was 900 ms"
    most = Search(1, 2.0, 0.1, 0.8)
    most.record(LevelResult(1, 1.0))
    assert conclude(most).endswith("nothing broke; raise -u")
