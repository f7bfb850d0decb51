"""Locust environments for the plugin's tests, without a web UI and without users."""

from argparse import Namespace
from collections.abc import Callable
from typing import Any

import pytest
from locust.env import Environment
from locust.event import Events

OPTIONS: dict[str, Any] = {
    "num_users": None,
    "spawn_rate": None,
    "run_time": None,
    "headless": False,
    "only_summary": False,
    "processes": None,
    "class_picker": False,
    "user_classes": [],
    "locustfile": "mine.py",
}
"""Locust's options when the user sets none."""


@pytest.fixture
def make_environment() -> Callable[..., Environment]:
    """Return a function that makes an environment with a local runner and these options."""

    def make(users: Any = (), **options: Any) -> Environment:
        environment = Environment(
            user_classes=list(users),
            events=Events(),
            host="http://127.0.0.1:8000",
            parsed_options=Namespace(**{**OPTIONS, **options}),
        )
        environment.create_local_runner()
        return environment

    return make
