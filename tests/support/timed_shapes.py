"""Shapes at a time that a test chooses, without Locust around them."""

from types import SimpleNamespace
from typing import Any, cast

from locust_asyncdjango.shapes import Planned

from locust_asyncdjango.load.shape_registry import create_shape


def at_time(shape: Planned, now: float, running: int = 0, **options: Any) -> Planned:
    """Return the shape ``now`` seconds after its start, with so many users that run, and with Locust's options."""
    parsed = SimpleNamespace(**{"num_users": None, "spawn_rate": None, "run_time": None, **options})
    environment = SimpleNamespace(parsed_options=parsed)
    shape.runner = SimpleNamespace(user_count=running, environment=environment)  # type: ignore[assignment]
    shape.get_run_time = lambda: now  # type: ignore[method-assign]
    return shape


def create_planned(text: str) -> Planned:
    """Return a shape of the catalogue by the text of --shape."""
    return cast("Planned", create_shape(text))
