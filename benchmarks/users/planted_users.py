"""What planted sites are loaded with. PLANTED_DISPATCHER=locust leaves spawning to Locust's own dispatcher."""

import os
from typing import Any

from locust import events, task
from locust.dispatch import UsersDispatcher
from locust.env import Environment

import locust_asyncdjango.plugin  # noqa: F401  # registers itself
from locust_asyncdjango import FastUser, arrival


class Asking(FastUser):
    """Asks again as soon as it is answered, or when a request is due."""

    wait_time = arrival

    @task
    def ask(self) -> None:
        """One GET."""
        self.client.get("/")


@events.init.add_listener  # type: ignore[untyped-decorator]
def leave_spawning_to_locust(environment: Environment, **_: Any) -> None:
    """After the plugin has chosen its own."""
    if os.environ.get("PLANTED_DISPATCHER") == "locust":
        environment.dispatcher_class = UsersDispatcher
