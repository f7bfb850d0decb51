"""The users that load planted sites. PLANTED_DISPATCHER=locust keeps Locust's own dispatcher."""

import os
from typing import Any

from locust import events, task
from locust.dispatch import UsersDispatcher
from locust.env import Environment

import locust_asyncdjango.plugin  # noqa: F401  # registers itself
from locust_asyncdjango import FastUser, arrival


class PlantedUser(FastUser):
    """Sends the next request as soon as the last one is answered, or in an open model when one is due."""

    wait_time = arrival

    @task
    def get(self) -> None:
        """Send one GET request to the planted site."""
        self.client.get("/")


@events.init.add_listener  # type: ignore[untyped-decorator]
def keep_locusts_dispatcher(environment: Environment, **_: Any) -> None:
    """Undo the plugin's choice of a dispatcher, which it has made in its own listener before."""
    if os.environ.get("PLANTED_DISPATCHER") == "locust":
        environment.dispatcher_class = UsersDispatcher
