"""FastUser: a user class that takes the place of Locust's FastHttpUser."""

from typing import Any

from locust.contrib.fasthttp import FastHttpUser

from locust_asyncdjango.client.session import FastSession


class FastUser(FastHttpUser):
    """FastHttpUser with its whole API, several times faster, whose failures are classified at the source."""

    abstract = True

    def __init__(self, environment: Any) -> None:
        super().__init__(environment)
        self.client: FastSession = FastSession(
            base_url=self.host,
            request_event=self.environment.events.request,
            user=self,
            insecure=self.insecure,
            client_pool=self.client_pool,
            ssl_context_factory=self.ssl_context_factory,
            network_timeout=self.network_timeout,
            connection_timeout=self.connection_timeout,
            max_redirects=self.max_redirects,
            max_retries=self.max_retries,
            concurrency=self.concurrency,
            headers=self.default_headers,
            proxy_host=self.proxy_host,
            proxy_port=self.proxy_port,
        )
