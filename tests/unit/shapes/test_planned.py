"""Shapes that run through stages, at times that the test chooses."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from locust_asyncdjango.shapes import CATALOGUE, Planned, RampTo500, Seconds, Stage

from tests.support.timed_shapes import at_time, create_planned


@pytest.mark.parametrize(
    ("now", "running", "target"),
    [
        (0.0, 0, (5, 5.0)),
        (1.0, 5, (10, 5.0)),
        (98.0, 490, (495, 5.0)),
        (99.0, 495, (500, 5.0)),
        (179.9, 500, (500, 5.0)),
        (180.0, 500, None),
        (10.0, 20, (55, 35.0)),  # ticks were missed: what is lacking comes at once
        (110.0, 520, (500, 20.0)),  # and what is too many goes at once
    ],
)
def test_a_tick_makes_up_for_missed_ticks(now: float, running: int, target: tuple[int, float] | None) -> None:
    assert at_time(RampTo500(), now, running).tick() == target


@pytest.mark.parametrize(
    ("now", "running", "target"),
    [(0.0, 0, (22, 22.0)), (5.0, 110, (120, 22.0)), (39.9, 120, (120, 22.0)), (40.0, 120, None)],
)
def test_cap_rate_and_length_from_the_command_line(now: float, running: int, target: tuple[int, float] | None) -> None:
    assert at_time(RampTo500(), now, running, num_users=120, spawn_rate=22.0, run_time=40).tick() == target


def test_what_a_web_form_may_send_is_the_shapes_own() -> None:
    shape = at_time(RampTo500(), 1, num_users=-5, spawn_rate=-5.0, run_time=0)
    assert (shape.tick(), shape.run_time) == ((10, 10.0), 180)


def test_users_that_start_at_once_stay_for_the_run_time_of_the_command_line() -> None:
    assert at_time(create_planned("Stages:plan=0s:50"), 100, running=50, run_time=300).tick() == (50, 1.0)


def test_a_rate_below_one_user_a_second() -> None:
    targets = [at_time(RampTo500(), now, spawn_rate=0.5).tick() for now in (0.0, 1.0, 2.0, 3.0, 4.0)]
    assert [target[0] for target in targets if target] == [1, 1, 1, 2, 2]


def test_the_plan_beside_the_running_users_is_that_of_the_last_tick() -> None:
    shape = RampTo500()
    planned = [at_time(shape, now).planned_users() for now in (0.0, 0.9)]
    for now in (0.0, 1.1):
        at_time(shape, now).tick()
        planned.append(at_time(shape, now + 0.9).planned_users())
    planned.append(at_time(shape, 2.0).planned_users(ago_s=1.0))
    assert planned == [0, 4, 5, 10, 5]
    shape.reset_time()
    assert at_time(shape, 0.9).planned_users() == 4


PLANNED = [shape for shape in CATALOGUE if issubclass(shape, Planned)]


@pytest.mark.parametrize("shape", PLANNED, ids=lambda shape: shape.__name__)
def test_the_last_tick_is_at_the_end(shape: Callable[[], Planned]) -> None:
    length = shape().run_time
    assert at_time(shape(), length - 0.01).tick() is not None
    assert at_time(shape(), length).tick() is None
    assert at_time(shape(), 5, run_time=5).tick() is None
    assert at_time(shape(), length + 10, run_time=length + 11).tick() is not None


@given(
    st.sampled_from([shape for shape in PLANNED if not shape.is_open]),
    st.integers(1, 2000),
    st.floats(0.1, 500),
    st.floats(0, 4000),
)
def test_no_more_users_than_the_peak_and_none_is_missed(
    shape: Callable[[], Planned], peak: int, rate: float, now: float
) -> None:
    made = at_time(shape(), now, num_users=peak, spawn_rate=rate, run_time=4001)
    target = made.tick()
    assert target is not None
    users, per_s = target
    assert 0 <= users <= peak
    assert per_s >= users


def test_what_is_annotated_in_a_shape_of_ones_own_is_a_parameter() -> None:
    class Blink(Planned):
        on: Seconds = Seconds(3)
        peak = 7

        def stages(self, peak: int, rate: float) -> list[Stage]:  # noqa: ARG002
            return [Stage(0, peak), Stage(self.on, peak)]

    assert Blink(on="5s").effective_stages() == [Stage(0, 7), Stage(5, 7)]
    assert [*Blink.parameters()] == ["peak", "rate", "on"]
    assert at_time(Blink(), 0.0).tick() == (7, 7.0)
