"""A user without a Locust run around it, whose request events are kept."""

from functools import partial
from typing import Any

from locust import FastHttpUser, HttpUser
from locust.env import Environment

from locust_asyncdjango import FastUser
from locust_asyncdjango.client.exceptions import failure_from_event


class RecordedUser:
    """A user of a server, and the request events that it fired. settings: attributes of the user class."""

    def __init__(self, url: str, user_class: type[FastHttpUser | HttpUser] = FastUser, **settings: Any) -> None:
        self.events: list[dict[str, Any]] = []
        environment = Environment()
        environment.events.request.add_listener(lambda **event: self.events.append(event))
        defaults = {"host": url, "network_timeout": 5.0, "connection_timeout": 5.0}
        self.user: Any = type("User", (user_class,), {**defaults, **settings})(environment)
        self.client: Any = self.user.client
        if isinstance(self.user, HttpUser):
            # HttpUser has no such settings, and would use proxies that environment variables name.
            timeouts = self.user.connection_timeout, self.user.network_timeout  # type: ignore[attr-defined]
            self.client.request = partial(self.client.request, timeout=timeouts)
            self.client.trust_env = False

    @property
    def kinds(self) -> list[str]:
        """The kind of each request event, "" for a success."""
        return [
            failure_from_event(event["exception"], event["response"]).kind if event["exception"] else ""
            for event in self.events
        ]

    def close(self) -> None:
        """Close the connections of the user's own client."""
        (self.client if isinstance(self.user, HttpUser) else self.client.client).close()
