"""Who makes the requests that are due, and how a user waits for one."""

from types import SimpleNamespace
from typing import Any

import gevent
import pytest
from locust import TaskSet, User, constant

from locust_asyncdjango.load.arrival_schedule import ArrivalPlan
from locust_asyncdjango.load.arrivals import (
    ArrivalQueue,
    ArrivalWaitError,
    arrival,
    attach_queue,
    require_arrival_wait,
    wait_before_first_task,
)
from locust_asyncdjango.load.shape_registry import create_shape
from tests.support.virtual_time import VirtualTime


def uniform(rate: float, processes: int = 1) -> ArrivalPlan:
    """Return the plan of evenly spread arrivals at a constant rate: their number is known."""
    return ArrivalPlan([(0, rate)], "uniform", 0, processes)


class CountingQueue(ArrivalQueue):
    """A queue that counts how often somebody waits, and never blocks."""

    def __init__(self) -> None:
        super().__init__()
        self.waits = 0

    def wait(self) -> None:
        self.waits += 1


def begin(queue: ArrivalQueue, time: VirtualTime, users: int, takes_s: float) -> list[float]:
    """Start so many users. Return a list that gets the delay of each of their requests, in milliseconds."""
    delays_ms: list[float] = []

    def user() -> None:
        while True:
            queue.wait()
            delays_ms.append(queue.pop_delay_ms())
            time.sleep(takes_s)

    for _ in range(users):
        gevent.spawn(user)
    return delays_ms


def test_idle_users_begin_when_it_is_due() -> None:
    time = VirtualTime()
    queue = ArrivalQueue(time.clock, time.sleep)
    queue.begin(uniform(200.0))
    delays_ms = begin(queue, time, users=20, takes_s=0.001)
    time.advance(0.5)
    assert delays_ms == pytest.approx([0.0] * 100)
    assert queue.end() == ()


def test_requests_that_find_all_users_busy_are_late_or_missed() -> None:
    time = VirtualTime()
    queue = ArrivalQueue(time.clock, time.sleep)
    queue.begin(uniform(100.0))
    delays_ms = begin(queue, time, users=2, takes_s=0.1)
    time.advance(1.0)
    # Two requests are due each 20 ms, at random within 10 ms each, and two begin each 100 ms.
    assert delays_ms == pytest.approx([80.0 * (n // 2) for n in range(20)], rel=0, abs=10)
    assert len(queue.end()) == 80


def test_without_an_open_shape_nobody_waits() -> None:
    arrivals = ArrivalQueue()
    arrivals.wait()
    assert arrivals.pop_delay_ms() == 0
    arrivals.begin(uniform(100.0))
    arrivals.begin(None)
    arrivals.wait()


@pytest.mark.parametrize(("plan", "expected"), [(None, 3), (uniform(1000.0), 2)], ids=["closed", "open"])
def test_users_wait_until_it_is_known_whether_there_is_an_open_model(plan: ArrivalPlan | None, expected: int) -> None:
    time = VirtualTime()
    queue = ArrivalQueue(time.clock, time.sleep, is_open=True)
    delays_ms = begin(queue, time, users=3, takes_s=60)
    time.advance(1)
    assert delays_ms == []
    queue.begin(plan)
    time.advance(0.0015)
    assert len(delays_ms) in (expected, expected - 1)
    assert max(delays_ms) == pytest.approx(0.0)


def test_a_restart_forgets_what_was_due() -> None:
    time = VirtualTime()
    queue = ArrivalQueue(time.clock, time.sleep)
    queue.restart()  # nothing has begun
    queue.begin(uniform(100.0))
    time.advance(1.0)
    queue.restart()
    delays_ms = begin(queue, time, users=10, takes_s=0.001)
    time.advance(0.5)
    assert delays_ms == pytest.approx([0.0] * 50)
    queue.end()
    queue.restart()
    time.advance(1.0)
    assert (len(delays_ms), queue.end()) == (50, ())


def test_a_change_of_the_share_keeps_waiting_requests() -> None:
    time = VirtualTime()
    queue = ArrivalQueue(time.clock, time.sleep)
    queue.begin(uniform(100.0))
    time.advance(0.2)
    queue.begin(uniform(100.0, processes=100), elapsed=0.2)
    time.advance(9.8)
    assert len(queue.end()) in (29, 30)  # 20, and one each second; the first of these may have been due before


def test_users_wait_after_their_own_start_and_once() -> None:
    class WaitingUser(User):
        wait_time = arrival
        abstract = True

        def on_start(self) -> None:
            events.append("started")

        def wait(self) -> None:
            events.append("waited")

    class DerivedUser(WaitingUser):
        abstract = True

        def on_start(self) -> None:
            super().on_start()
            events.append("further")

    events: list[str] = []
    for user in (WaitingUser, DerivedUser, WaitingUser):
        wait_before_first_task(user)
    WaitingUser(None).on_start()
    assert events == ["started", "waited"]
    events.clear()
    DerivedUser(None).on_start()
    assert events[-2:] == ["further", "waited"]


def test_a_user_that_is_stopped_while_it_waits_loses_no_request() -> None:
    time = VirtualTime()
    queue = ArrivalQueue(time.clock, time.sleep)
    queue.begin(uniform(50.0))
    waiting = gevent.spawn(queue.wait)
    time.advance(0)
    waiting.kill()
    time.advance(0.2)
    delays_ms = begin(queue, time, users=1, takes_s=0.1)
    time.advance(0)
    assert delays_ms == pytest.approx([190.0], rel=0, abs=10)  # the first request was due in the first 20 ms
    assert len(queue.end()) == 9


def test_a_user_waits_on_the_queue_of_its_environment() -> None:
    class WaitingUser(User):
        abstract = True
        wait_time = arrival

    first, second = CountingQueue(), CountingQueue()
    for queue, waits in ((first, 1), (second, 3)):
        environment: Any = SimpleNamespace()
        attach_queue(environment, queue)
        for _ in range(waits):
            assert WaitingUser(environment).wait_time() == 0
    assert (first.waits, second.waits) == (1, 3)


def test_a_task_set_waits_on_the_queue_of_its_user() -> None:
    class WaitingUser(User):
        abstract = True

    class Tasks(TaskSet):
        wait_time = arrival

    queue, environment = CountingQueue(), SimpleNamespace()
    attach_queue(environment, queue)  # type: ignore[arg-type]
    assert Tasks(WaitingUser(environment)).wait_time() == 0
    assert queue.waits == 1


def test_a_user_class_may_have_an_attribute_called_user() -> None:
    class WaitingUser(User):
        abstract = True
        wait_time = arrival

        def __init__(self, environment: Any) -> None:
            super().__init__(environment)
            self.user = "bob"

    class Tasks(TaskSet):
        wait_time = arrival

    queue, environment = CountingQueue(), SimpleNamespace()
    attach_queue(environment, queue)  # type: ignore[arg-type]
    user = WaitingUser(environment)
    assert user.wait_time() == 0
    assert Tasks(user).wait_time() == 0
    assert queue.waits == 2


def test_it_needs_the_user() -> None:
    with pytest.raises(TypeError):
        arrival()  # type: ignore[call-arg]


def test_without_the_plugin_nobody_waits() -> None:
    class WaitingUser(User):
        abstract = True
        wait_time = arrival

    assert WaitingUser(SimpleNamespace()).wait_time() == 0


class ArrivalUser(User):
    """A user that waits for arrivals."""

    abstract = True
    wait_time = arrival


class UserWithoutWait(User):
    """A user that does not wait for arrivals."""

    abstract = True
    wait_time = constant(1)


@pytest.mark.parametrize(
    ("shape", "user_class", "is_refused"),
    [
        ("ArrivalRate", ArrivalUser, False),
        ("ArrivalRate", UserWithoutWait, True),
        ("Ramp", UserWithoutWait, False),
        ("", UserWithoutWait, False),
    ],
    ids=["a user that waits", "a user that does not", "a shape of users", "no shape"],
)
def test_an_open_shape_needs_users_that_wait(shape: str, user_class: type[User], is_refused: bool) -> None:
    environment: Any = SimpleNamespace(
        shape_class=create_shape(shape) if shape else None, user_classes=[ArrivalUser, user_class]
    )
    if not is_refused:
        require_arrival_wait(environment)
        return
    with pytest.raises(ArrivalWaitError, match="UserWithoutWait does not wait until a request of ArrivalRate is due"):
        require_arrival_wait(environment)
