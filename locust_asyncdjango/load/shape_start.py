"""Make a shape's time begin when the listeners to ``test_start`` have returned.

In a process without workers Locust ticks a shape each second, also while these listeners still prepare something. When
the shape wants another number of users, Locust ends the listener and begins the run again, and the listener with it
(locustio/locust#1718). So a shape returns the same until users start. A master does not tick a shape in this time.
"""

from typing import Any

from locust import LoadTestShape
from locust.env import Environment
from locust.runners import STATE_INIT, LocalRunner


def hold_until_users_start(environment: Environment, shape: LoadTestShape) -> None:
    """Make a shape of an environment, also one of the user's own, return its first tick until users start."""
    tick, is_paused = shape.tick, False

    def pausable_tick() -> Any:
        nonlocal is_paused
        was_paused, runner = is_paused, environment.runner
        is_paused = (
            isinstance(runner, LocalRunner) and runner.state == STATE_INIT and runner.shape_last_tick is not None
        )
        if is_paused or was_paused:
            shape.reset_time()  # at a tick, so that later ticks come at whole seconds of the shape's time
        return runner.shape_last_tick if runner and is_paused else tick()

    shape.tick = pausable_tick  # type: ignore[method-assign]
