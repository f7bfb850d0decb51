"""One user class per route. They ask again as soon as they are answered: there is no wait between tasks."""

from typing import Any, ClassVar
from urllib.parse import urlencode

from locust import task

from locust_asyncdjango import plugin
from locust_asyncdjango.client import FastUser
from locust_asyncdjango.options import Options
from locust_asyncdjango.routes import ROUTES

plugin.register()


class RouteUser(FastUser):
    """Base of the route users.

    ``path`` fits any server: override it for a view that lives elsewhere. ``variant``, if any, is appended to it. The
    command line's ``--path`` and ``--variant`` come before both.
    """

    abstract = True

    path: str = "/"
    variant: str = ""

    def __init__(self, environment: Any) -> None:
        super().__init__(environment)
        options = Options.of(environment.parsed_options)
        path, variant = options.path or self.path, options.variant or self.variant
        self.url = f"{path.rstrip('/')}/{variant}/" if variant else path


class IoReadUser(RouteUser):
    """Reads the first posts and the count of all."""

    path = ROUTES["io_read"].path

    @task
    def io_read(self) -> None:
        """One GET."""
        self.client.get(self.url)


class IoCreateUser(RouteUser):
    """Creates one post from a form."""

    path = ROUTES["io_create"].path
    form: ClassVar[dict[str, str]] = {"title": "A post", "content": "Made by a load test. " * 5}

    @task
    def io_create(self) -> None:
        """One POST of ``form``."""
        self.client.post(self.url, data=self.form)


class CpuUser(RouteUser):
    """Asks for work that needs only the processor: the sum of the first ``n`` squares."""

    path = ROUTES["cpu"].path
    n: int | None = None
    """How many squares; None leaves it to the server."""

    @task
    def cpu(self) -> None:
        """One GET, counted under the path without its query."""
        query = f"?{urlencode({'n': self.n})}" if self.n is not None else ""
        self.client.get(self.url + query, name=self.url)
