"""When requests of an open model are due, and who makes them."""

import time
from itertools import pairwise, takewhile
from random import Random

import gevent
import pytest
from hypothesis import given
from hypothesis import strategies as st
from locust import User

from locust_asyncdjango.load.arrival_schedule import RateStages, due_times, expected_requests
from locust_asyncdjango.load.arrivals import ArrivalQueue, arrival, wait_before_first_task

STAGES = st.lists(st.tuples(st.floats(0, 20), st.floats(0, 50)), min_size=1, max_size=4)


@given(STAGES, st.floats(0.1, 1), st.integers(0, 9), st.floats(0, 80))
def test_as_many_are_due_as_the_rate_sums_up_to(stages: RateStages, share: float, seed: int, until_s: float) -> None:
    times = list(takewhile(lambda t: t < until_s, due_times(stages, share, Random(seed))))
    assert times == sorted(times)
    assert abs(len(times) - share * expected_requests(stages, until_s)) < 1 + 1e-6


def test_what_a_rate_sums_up_to() -> None:
    stages = [(10.0, 4.0), (0.0, 2.0), (5.0, 2.0), (10.0, 0.0)]
    assert [expected_requests(stages, t) for t in (0, 5, 10, 12, 15, 20, 25, 99)] == [0, 5, 20, 24, 30, 37.5, 40, 40]
    assert expected_requests([], 9) == 0


@given(STAGES, st.integers(0, 9), st.floats(0, 60))
def test_who_comes_later_goes_on_as_if_it_had_been_there(stages: RateStages, seed: int, elapsed: float) -> None:
    whole = list(takewhile(lambda t: t < 80, due_times(stages, 1.0, Random(seed))))
    later = list(takewhile(lambda t: t < 80, due_times(stages, 1.0, Random(seed), elapsed)))
    assert all(t >= elapsed for t in later)
    assert abs(len(later) - sum(t >= elapsed for t in whole)) <= 2


def test_there_are_no_bursts_and_no_regular_gaps() -> None:
    times = list(takewhile(lambda t: t < 100, due_times([(0, 50.0)], 1.0, Random(1))))
    gaps = [after - before for before, after in pairwise(times)]
    assert len(times) == pytest.approx(5000, abs=1)
    assert max(gaps) < 2 / 50
    assert len({round(gap, 6) for gap in gaps}) > 4000
    assert max(sum(t <= each < t + 0.1 for each in times) for t in times) <= 0.1 * 50 + 2


def test_several_processes_share_the_rate() -> None:
    count = sum(len(list(takewhile(lambda t: t < 10, due_times([(10, 90.0)], 1 / 3, Random(n))))) for n in range(3))
    assert count == pytest.approx(450, abs=3)


def asked(arrivals: ArrivalQueue, users: int, takes_s: float, until_s: float) -> tuple[list[float], int]:
    """By how many milliseconds each request was late that so many users made, and how many were never made."""
    late: list[float] = []

    def user() -> None:
        while True:
            arrivals.wait()
            late.append(arrivals.pop_delay_ms())
            gevent.sleep(takes_s)

    greenlets = [gevent.spawn(user) for _ in range(users)]
    gevent.sleep(until_s)
    gevent.killall(greenlets)
    return late, arrivals.end()


def test_idle_users_begin_when_it_is_due() -> None:
    arrivals = ArrivalQueue()
    arrivals.begin([(0, 200.0)])
    begun = time.monotonic()
    late, missed = asked(arrivals, users=20, takes_s=0.001, until_s=0.5)
    assert 20 < len(late) + missed <= 200 * (time.monotonic() - begun) + 2


def test_what_finds_all_users_busy_is_late_or_missed_and_nothing_is_lost() -> None:
    arrivals = ArrivalQueue()
    begun = time.monotonic()
    arrivals.begin([(0, 100.0)])
    late, missed = asked(arrivals, users=2, takes_s=0.1, until_s=1.0)
    took_s = time.monotonic() - begun
    assert len(late) <= 20 * took_s + 4  # two users, ten a second each
    assert missed > len(late)
    assert len(late) + missed <= 100 * took_s + 2
    assert late[-1] > late[5] > late[2]  # each later than those before


def test_without_an_open_shape_nobody_waits() -> None:
    arrivals = ArrivalQueue()
    arrivals.wait()
    assert arrivals.pop_delay_ms() == 0
    arrivals.begin([(0, 100.0)])
    arrivals.begin(None)
    arrivals.wait()


def test_a_share_may_change_and_what_waits_is_kept() -> None:
    arrivals = ArrivalQueue()
    arrivals.begin([(0, 100.0)])
    gevent.sleep(0.2)
    arrivals.begin([(0, 100.0)], elapsed=0.2, share=0.01)
    assert arrivals.end() > 0


def test_users_wait_after_their_own_start_and_once() -> None:
    class Mine(User):
        wait_time = arrival
        abstract = True

        def on_start(self) -> None:
            seen.append("started")

        def wait(self) -> None:
            seen.append("waited")

    class Further(Mine):
        abstract = True

        def on_start(self) -> None:
            super().on_start()
            seen.append("further")

    seen: list[str] = []
    for user in (Mine, Further, Mine):
        wait_before_first_task(user)
    Mine(None).on_start()
    assert seen == ["started", "waited"]
    seen.clear()
    Further(None).on_start()
    assert seen[-2:] == ["further", "waited"]


def test_who_is_stopped_while_waiting_loses_nothing() -> None:
    arrivals = ArrivalQueue()
    arrivals.begin([(0, 50.0)])
    waiting = gevent.spawn(arrivals.wait)
    gevent.sleep(0)
    waiting.kill()
    gevent.sleep(0.2)
    late, _ = asked(arrivals, users=1, takes_s=0, until_s=0.01)
    assert late[0] > 100
