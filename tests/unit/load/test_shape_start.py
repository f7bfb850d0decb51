"""A shape while listeners to test_start prepare something, and after it."""

from typing import Any

import pytest
from locust import LoadTestShape
from locust.env import Environment
from locust.runners import STATE_INIT, STATE_RUNNING, STATE_SPAWNING

from locust_asyncdjango.load.shape_start import hold_until_users_start
from tests.support.locust_environments import make_environment


class Climbing(LoadTestShape):
    """A shape that wants one user more each time that it is asked, and notes when its time begins."""

    abstract = True

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.users = self.resets = 0

    def reset_time(self) -> None:
        self.resets += 1

    def tick(self) -> tuple[int, float]:
        self.users += 1
        return self.users, 1.0


def make_shape(environment: Environment) -> Climbing:
    shape = Climbing()
    hold_until_users_start(environment, shape)
    return shape


def test_a_shape_returns_the_same_until_users_start() -> None:
    environment = make_environment()
    runner: Any = environment.runner
    shape = make_shape(environment)
    runner.state = STATE_INIT
    runner.shape_last_tick = shape.tick()
    assert [shape.tick() for _ in range(3)] == [(1, 1.0)] * 3
    assert shape.resets == 3
    for users, state in ((2, STATE_SPAWNING), (3, STATE_RUNNING)):
        runner.state = state
        assert shape.tick() == (users, 1.0)
        assert shape.resets == 4  # when the first users have started


@pytest.mark.parametrize("runner", [None, "a master's"])
def test_a_master_ticks_its_shape_as_before(runner: Any) -> None:
    environment = make_environment()
    environment.runner = runner
    shape = make_shape(environment)
    assert [shape.tick() for _ in range(3)] == [(users, 1.0) for users in (1, 2, 3)]
