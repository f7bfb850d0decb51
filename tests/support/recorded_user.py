"""A user without Locust around it."""

from functools import partial
from typing import Any

from locust import FastHttpUser, HttpUser
from locust.env import Environment

from locust_asyncdjango import FastUser
from locust_asyncdjango.client.exceptions import failure_from_event


class Recorded:
    """A user of a server, and what it reports."""

    def __init__(self, url: str, user_class: type[FastHttpUser | HttpUser] = FastUser, **settings: Any) -> None:
        self.events: list[dict[str, Any]] = []
        environment = Environment()
        environment.events.request.add_listener(lambda **event: self.events.append(event))
        defaults = {"host": url, "network_timeout": 5.0, "connection_timeout": 5.0}
        self.user: Any = type("User", (user_class,), {**defaults, **settings})(environment)
        self.client: Any = self.user.client
        if isinstance(self.user, HttpUser):
            # It has no such settings, and would believe what the environment says of proxies.
            timeouts = self.user.connection_timeout, self.user.network_timeout  # type: ignore[attr-defined]
            self.client.request = partial(self.client.request, timeout=timeouts)
            self.client.trust_env = False

    @property
    def kinds(self) -> list[str]:
        """Of the failures, "" for each success."""
        return [
            failure_from_event(event["exception"], event["response"]).kind if event["exception"] else ""
            for event in self.events
        ]

    def close(self) -> None:
        """Closes its connections."""
        (self.client if isinstance(self.user, HttpUser) else self.client.client).close()
