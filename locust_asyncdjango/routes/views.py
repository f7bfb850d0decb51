"""A view of a project and a login to it, as the project file describes them, and as JSON takes them to Locust.

The reader of the project file checks their values. ``metrics.strict_json.read_dataclass`` reads their JSON and checks
the types.
"""

from dataclasses import asdict, dataclass, field
from typing import Any

from locust_asyncdjango.routes.table import NATURAL

Pairs = tuple[tuple[str, str], ...]
"""Names and values, in their order: header fields, or the fields of a form."""

VIEWS_VARIABLE = "LOCUST_ASYNCDJANGO_VIEWS"
"""The environment variable with the path of the JSON file from which Locust makes its users: a ViewTask, or an object
``{"views": [...]}`` with several."""

VARIANT = "{variant}"
"""What stands for the variant in the path of a view that has twins."""


@dataclass(frozen=True, slots=True)
class View:
    """One request to a project, and what a success looks like.

    name: of the view in reports. path: from the host's root, with its query; ``{variant}`` in it is where the variant
    stands. async_path: the path of the async twin, "" for none; then ``path`` is the sync one. variants: what
    ``{variant}`` stands for; empty for sync and async. headers, form: names and values. json: the body, in place of a
    form; None for no such body. expected_status: statuses of a success; empty for any below 400. login: the name of a
    Login, "" for none. ignore: patterns of what may differ between the bodies of twins.
    """

    name: str
    path: str
    async_path: str = ""
    variants: tuple[str, ...] = ()
    method: str = "GET"
    headers: Pairs = field(default=(), repr=False)
    form: Pairs = field(default=(), repr=False)
    json: Any = field(default=None, repr=False)
    expected_status: tuple[int, ...] = ()
    login: str = ""
    ignore: tuple[str, ...] = ()

    @property
    def variant_names(self) -> tuple[str, ...]:
        """The names of the view's twins; empty for a view without twins."""
        if self.async_path:
            return NATURAL
        return (self.variants or NATURAL) if VARIANT in self.path else ()

    def path_of(self, variant: str) -> str:
        """Return the path of a variant; of "" the path of the first one. A view without twins has one path for all.

        Raise ValueError for a variant that the view does not have.
        """
        names = self.variant_names
        if not names:
            return self.path
        variant = variant or names[0]
        if variant not in names:
            raise ValueError(f"the view {self.name} has no variant {variant}, but {', '.join(names)}")
        if self.async_path:
            return self.async_path if variant == "async" else self.path
        return self.path.replace(VARIANT, variant)

    def to_json(self) -> dict[str, Any]:
        """Return the view as an object of JSON. ``read_dataclass`` makes the view of it again."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Login:
    """How to log in to a project: by a form of Django's, by JSON with a CSRF token, or at an endpoint of tokens.

    path: where the user name and the password are sent. form: names and values, such as username and password.
    headers: of all requests of the login. csrf: whether a CSRF token is fetched and sent. csrf_path: the page that
    gives the token; "" for the login's own. json: send the form's values as JSON, and the token as a header.
    expected_status: statuses of a success; empty for a redirect, or for any below 300 with JSON. success_cookie: the
    cookie that a success sets, "" for none. token: for an endpoint that answers with a token, the names of the members
    that lead to it in the JSON, such as "access" or "data.token"; "" for none. No cookie has to be set then, and
    no CSRF token is fetched without a csrf_path. token_scheme: what stands before the token in the header
    Authorization, such as "Bearer" or "Token".
    """

    name: str = "login"
    path: str = "/accounts/login/"
    form: Pairs = field(default=(), repr=False)
    headers: Pairs = field(default=(), repr=False)
    csrf: bool = True
    csrf_path: str = ""
    json: bool = False
    expected_status: tuple[int, ...] = ()
    success_cookie: str = "sessionid"
    token: str = ""
    token_scheme: str = "Bearer"  # noqa: S105 - a scheme, not a token

    def to_json(self) -> dict[str, Any]:
        """Return the login as an object of JSON, with its password. ``read_dataclass`` makes the login of it again."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class ViewTask:
    """What Locust requests of a project: a view in one of its variants, "" for the first, by users with this login."""

    view: View
    variant: str = ""
    login: Login | None = None
