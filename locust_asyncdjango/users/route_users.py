"""One user class for each route of the bundled site. To load another server, set ``path``, or extend RouteUser.

All of them are FastUsers. They send the next request as soon as they have the response, or when the next one is due
(``--shape ArrivalRate``). Importing this module registers the plugin, which records and classifies their requests.
"""

from typing import Any, ClassVar
from urllib.parse import urlencode

from locust import task

import locust_asyncdjango.plugin  # noqa: F401  # registers itself
from locust_asyncdjango.client.user import FastUser
from locust_asyncdjango.load.arrivals import arrival
from locust_asyncdjango.plugin.options import Options
from locust_asyncdjango.routes import FORM, ROUTES


class RouteUser(FastUser):
    """A FastUser that requests one path over and over. It fits any server, and is the base of the route users.

    Example::

        from locust import task
        from locust_asyncdjango import RouteUser

        class Search(RouteUser):
            path = "/search/"

            @task
            def search(self):
                self.send_get(q="django", page=2)

    host: the server, such as "http://127.0.0.1:8000". ``-H`` overrides it.
    path: the path to request, from the host's root. Default "/". ``--path`` overrides it.
    variant: a further part of the path, as in ``/io_read/async/``. Default "": none. ``--variant`` overrides it.
    url: set when the user is created, from both.
    wait_time: none, or until a request is due with ``--shape ArrivalRate``.

    All else is FastUser's: see its help for the settings, for what requests return, and for failures.
    """

    abstract = True

    wait_time = arrival

    path: str = "/"
    variant: str = ""

    def __init__(self, environment: Any) -> None:
        """Make a user, and set its ``url``. Locust calls it. environment: Locust's environment."""
        super().__init__(environment)
        options = Options.from_parsed(environment.parsed_options)
        path, variant = options.path or self.path, options.variant or self.variant
        self.url = _with_variant(path, variant) if variant else path

    def send_get(self, **query: str | int | None) -> None:
        """Send one GET to ``url`` and report it under that name. A parameter of the query that is None is omitted."""
        parameters = urlencode({name: value for name, value in query.items() if value is not None})
        separator = "&" if "?" in self.url else "?"
        self.client.get(f"{self.url}{separator}{parameters}" if parameters else self.url, name=self.url)


def _with_variant(path: str, variant: str) -> str:
    """Return a path, which may have a query, with a variant as its last part: /posts/sync/?page=2."""
    resource, question_mark, query = path.partition("?")
    return f"{resource.rstrip('/')}/{variant}/{question_mark}{query}"


class TemplateUser(RouteUser):
    """Requests a page of 20 paragraphs that Django's templates render: no query. For a page of yours, set ``path``.

    path: default "/template/".
    title: the title of the page, up to 100 characters. Default None: the server chooses.

    See RouteUser for host, --path and --variant.
    """

    path = ROUTES["template"].path
    title: str | None = None

    @task
    def template(self) -> None:
        """Send one GET, with ``title`` in its query."""
        self.send_get(title=self.title)


class OrmGetUser(RouteUser):
    """Reads one post by its key: one query.

    path: default "/orm_get/".
    id: the key of the post, a UUID as text. Default None: the server chooses.

    See RouteUser for host, --path and --variant.
    """

    path = ROUTES["orm_get"].path
    id: str | None = None

    @task
    def orm_get(self) -> None:
        """Send one GET, with ``id`` in its query."""
        self.send_get(id=self.id)


class ListDetailUser(RouteUser):
    """Reads a list of 800 posts and one of them whole: two queries.

    path: default "/list_detail/".
    id: the key of the one post, a UUID as text. Default None: the server chooses.

    See RouteUser for host, --path and --variant.
    """

    path = ROUTES["list_detail"].path
    id: str | None = None

    @task
    def list_detail(self) -> None:
        """Send one GET, with ``id`` in its query."""
        self.send_get(id=self.id)


class CachedUser(RouteUser):
    """Reads about 7 kB of JSON out of Redis: no query.

    path: default "/cached/".
    key: which entry of the cache. Default None: the server chooses, the same one each time.

    See RouteUser for host, --path and --variant.
    """

    path = ROUTES["cached"].path
    key: str | None = None

    @task
    def cached(self) -> None:
        """Send one GET, with ``key`` in its query."""
        self.send_get(key=self.key)


class ExternalUser(RouteUser):
    """Requests what the server has to get from a slow API, by three calls: no query.

    path: default "/external/".
    ms: how long the first call takes, 0 to 5000 milliseconds; the second takes twice that, the third half of it.
        Default None: the server chooses 300.

    See RouteUser for host, --path and --variant.
    """

    path = ROUTES["external"].path
    ms: int | None = None

    @task
    def external(self) -> None:
        """Send one GET, with ``ms`` in its query."""
        self.send_get(ms=self.ms)


class IoReadUser(RouteUser):
    """Reads the first 25 posts and the count of all: two queries.

    path: default "/io_read/".

    See RouteUser for host, --path and --variant.
    """

    path = ROUTES["io_read"].path

    @task
    def io_read(self) -> None:
        """Send one GET without a query."""
        self.send_get()


class CpuUser(RouteUser):
    """Requests work that needs only the processor: the sum of the first ``n`` squares.

    path: default "/cpu/".
    n: how many squares, up to 10,000,000. Default None: the server chooses 10,000,000.

    See RouteUser for host, --path and --variant.
    """

    path = ROUTES["cpu"].path
    n: int | None = None

    @task
    def cpu(self) -> None:
        """Send one GET, with ``n`` in its query."""
        self.send_get(n=self.n)


class FormUser(RouteUser):
    """Sends a form over and over. It is the base of the route users that write.

    form: names and values of the form's fields. Default: a title and a content of a post.
    """

    abstract = True

    form: ClassVar[dict[str, str]] = FORM

    @task
    def send(self) -> None:
        """Send one POST with ``form`` as its body."""
        self.client.post(self.url, data=self.form)


class IoCreateUser(FormUser):
    """Creates one post from a form, without Django's forms: one query.

    path: default "/io_create/".
    form: names and values of the form's fields. Default: a title and a content of a post.

    See RouteUser for host, --path and --variant.
    """

    path = ROUTES["io_create"].path


class OrmPostUser(FormUser):
    """Creates one post by a Django form, which validates and saves it: one query.

    path: default "/orm_post/".
    form: names and values of the form's fields. Default: a title and a content of a post.

    See RouteUser for host, --path and --variant.
    """

    path = ROUTES["orm_post"].path
