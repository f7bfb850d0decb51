"""RampTo500 by a clock that the test turns."""

from types import SimpleNamespace
from typing import Any

import pytest

from shapes import RampTo500


class Clocked(RampTo500):
    """RampTo500 at a time of the test's choice."""

    now = 0.0

    def get_run_time(self) -> float:
        return self.now


def ramp(now: float, running: int = 0, **options: Any) -> Clocked:
    shape = Clocked()  # type: ignore[no-untyped-call]
    shape.now = now
    given = SimpleNamespace(**{"num_users": None, "spawn_rate": None, "run_time": None, **options})
    shape.runner = SimpleNamespace(user_count=running, environment=SimpleNamespace(parsed_options=given))  # type: ignore[assignment]
    return shape


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
    ],
)
def test_by_the_book(now: float, running: int, target: tuple[int, float] | None) -> None:
    assert ramp(now, running).tick() == target


@pytest.mark.parametrize(
    ("now", "running", "target"),
    [(0.0, 0, (22, 22.0)), (5.0, 110, (120, 22.0)), (39.9, 120, (120, 22.0)), (40.0, 120, None)],
)
def test_cap_rate_and_length_from_the_command_line(now: float, running: int, target: tuple[int, float] | None) -> None:
    assert ramp(now, running, num_users=120, spawn_rate=22.0, run_time=40).tick() == target


def test_a_rate_below_one_user_a_second() -> None:
    targets = [ramp(now, spawn_rate=0.5).tick() for now in (0.0, 1.0, 2.0, 3.0, 4.0)]
    assert [target[0] for target in targets if target] == [1, 1, 1, 2, 2]
