"""One user class per route. They ask again as soon as they are answered, or when a request is due (ArrivalRate)."""

from typing import Any, ClassVar
from urllib.parse import urlencode

from locust import task

import locust_asyncdjango.plugin  # noqa: F401  # records and classifies; it registers itself
from locust_asyncdjango.client.user import FastUser
from locust_asyncdjango.load.arrivals import arrival
from locust_asyncdjango.plugin.options import Options
from locust_asyncdjango.routes import FORM, ROUTES


class RouteUser(FastUser):
    """Base of the route users.

    ``path`` fits any server: override it for a view that lives elsewhere. ``variant``, if any, is appended to it. The
    command line's ``--path`` and ``--variant`` come before both.
    """

    abstract = True

    wait_time = arrival

    path: str = "/"
    variant: str = ""

    def __init__(self, environment: Any) -> None:
        super().__init__(environment)
        options = Options.from_parsed(environment.parsed_options)
        path, variant = options.path or self.path, options.variant or self.variant
        self.url = f"{path.rstrip('/')}/{variant}/" if variant else path

    def ask(self, **query: str | int | None) -> None:
        """One GET, counted under the path without its query. What is None is left to the server."""
        given = urlencode({name: value for name, value in query.items() if value is not None})
        self.client.get(f"{self.url}?{given}" if given else self.url, name=self.url)


class TemplateUser(RouteUser):
    """Asks for a page that Django's templates render."""

    path = ROUTES["template"].path
    title: str | None = None
    """The page's title; None leaves it to the server."""

    @task
    def template(self) -> None:
        """One GET."""
        self.ask(title=self.title)


class OrmGetUser(RouteUser):
    """Reads one post by its key."""

    path = ROUTES["orm_get"].path
    id: str | None = None
    """The post's key, a UUID; None leaves it to the server."""

    @task
    def orm_get(self) -> None:
        """One GET."""
        self.ask(id=self.id)


class ListDetailUser(RouteUser):
    """Reads a list of posts and one of them whole."""

    path = ROUTES["list_detail"].path
    id: str | None = None
    """The key of the one, a UUID; None leaves it to the server."""

    @task
    def list_detail(self) -> None:
        """One GET."""
        self.ask(id=self.id)


class CachedUser(RouteUser):
    """Asks for a response out of a cache."""

    path = ROUTES["cached"].path
    key: str | None = None
    """Which response; None leaves it to the server."""

    @task
    def cached(self) -> None:
        """One GET."""
        self.ask(key=self.key)


class ExternalUser(RouteUser):
    """Asks for what the server has to ask a slow API for."""

    path = ROUTES["external"].path
    ms: int | None = None
    """How long the first of the three calls takes, in milliseconds; None leaves it to the server."""

    @task
    def external(self) -> None:
        """One GET."""
        self.ask(ms=self.ms)


class IoReadUser(RouteUser):
    """Reads the first posts and the count of all."""

    path = ROUTES["io_read"].path

    @task
    def io_read(self) -> None:
        """One GET."""
        self.ask()


class CpuUser(RouteUser):
    """Asks for work that needs only the processor: the sum of the first ``n`` squares."""

    path = ROUTES["cpu"].path
    n: int | None = None
    """How many squares; None leaves it to the server."""

    @task
    def cpu(self) -> None:
        """One GET."""
        self.ask(n=self.n)


class FormUser(RouteUser):
    """Base of the users that send a form."""

    abstract = True

    form: ClassVar[dict[str, str]] = FORM

    @task
    def send(self) -> None:
        """One POST of ``form``."""
        self.client.post(self.url, data=self.form)


class IoCreateUser(FormUser):
    """Creates one post from a form."""

    path = ROUTES["io_create"].path


class OrmPostUser(FormUser):
    """Has one Django form validated and saved."""

    path = ROUTES["orm_post"].path
