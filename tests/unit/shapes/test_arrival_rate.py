"""The open shape: its stages are rates, and its users only wait."""

import pytest
from locust_asyncdjango.shapes import ArrivalRate, Arrivals, ParameterError, Stage

from tests.support.timed_shapes import at_time


def test_the_rate_climbs_and_stays() -> None:
    shape = at_time(ArrivalRate(rate="40", climb="10", hold="1m"), 0.0)
    assert shape.effective_stages() == [Stage(10, 40.0), Stage(60, 40.0)]
    assert (shape.run_time, shape.is_open) == (70, True)


def test_the_command_lines_rate_is_of_requests_and_its_users_make_them() -> None:
    shape = at_time(ArrivalRate(), 5.0, num_users=20, spawn_rate=7.5)
    assert [stage.level for stage in shape.effective_stages()] == [7.5, 7.5]
    assert shape.tick() == (20, 100.0)


def test_all_users_start_at_once_and_wait() -> None:
    shape = at_time(ArrivalRate(), 0.0)
    assert [shape.users_at(elapsed) for elapsed in (0.0, 1.0, 3.5, 60.0)] == [100, 200, 400, 500]
    assert at_time(ArrivalRate(), 89.9).tick() == (500, 100.0)
    assert at_time(ArrivalRate(), 90.0).tick() is None


def test_arrivals_are_poisson_unless_the_user_says_otherwise() -> None:
    assert ArrivalRate().arrivals is Arrivals.POISSON
    assert ArrivalRate(arrivals="uniform").arrivals is Arrivals.UNIFORM
    with pytest.raises(ParameterError, match="arrivals=regular is not one of poisson, uniform"):
        ArrivalRate(arrivals="regular")
