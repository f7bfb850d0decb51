"""Locust environments for tests, without a web UI and without a running load."""

from argparse import Namespace
from typing import Any

from locust import User, constant
from locust.env import Environment
from locust.event import Events

from locust_asyncdjango.load.arrivals import arrival

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


class Waiting(User):
    """A user that waits for arrivals."""

    abstract = True
    wait_time = arrival


class Impatient(User):
    """A user that does not wait for arrivals."""

    abstract = True
    wait_time = constant(1)


def make_environment(users: Any = (), **options: Any) -> Environment:
    """Return an environment with a local runner, these user classes and these options of Locust's command line."""
    environment = Environment(
        user_classes=list(users),
        events=Events(),
        host="http://127.0.0.1:8000",
        parsed_options=Namespace(**{**OPTIONS, **options}),
    )
    environment.create_local_runner()
    return environment
