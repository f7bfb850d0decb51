"""A user without Locust around it."""

from typing import Any

from locust import FastHttpUser
from locust.env import Environment

from locust_asyncdjango import FastUser


class Recorded:
    """A user of a server, and what it reports."""

    def __init__(self, url: str, user_class: type[FastHttpUser] = FastUser, **settings: Any) -> None:
        self.events: list[dict[str, Any]] = []
        environment = Environment()
        environment.events.request.add_listener(lambda **event: self.events.append(event))
        defaults = {"host": url, "network_timeout": 5.0, "connection_timeout": 5.0}
        self.user: FastHttpUser = type("User", (user_class,), {**defaults, **settings})(environment)
        self.client: Any = self.user.client

    @property
    def kinds(self) -> list[str]:
        """Of a FastUser's failures, "" for each success."""
        return [event["exception"].failure.kind if event["exception"] else "" for event in self.events]
