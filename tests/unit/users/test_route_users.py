"""Route users: which URL each of them requests, and with which query."""

from argparse import Namespace
from inspect import getdoc
from typing import Any

import pytest
from locust.env import Environment

from locust_asyncdjango.load.arrivals import arrival
from locust_asyncdjango.routes import FORM, ROUTES
from locust_asyncdjango.users import route_users
from locust_asyncdjango.users.route_users import FormUser, RouteUser

USERS: dict[str, type[RouteUser]] = {
    name.removesuffix("User"): each
    for name, each in vars(route_users).items()
    if isinstance(each, type) and issubclass(each, RouteUser) and not each.__dict__.get("abstract")
}


class FakeClient:
    """Keeps the requests of a user, in place of a session."""

    def __init__(self) -> None:
        self.requests: list[tuple[Any, ...]] = []

    def get(self, url: str, name: str | None = None) -> None:
        self.requests.append(("GET", url, name))

    def post(self, url: str, data: Any = None) -> None:
        self.requests.append(("POST", url, data))


def created(user_class: type[RouteUser], **options: str) -> Any:
    """Return a user of this class with a fake client. options: of the command line."""
    user: Any = user_class(Environment(host="http://host", parsed_options=Namespace(**options)))
    user.host = "http://host"
    user.client = FakeClient()
    return user


@pytest.fixture(autouse=True)
def _host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RouteUser, "host", "http://host")


@pytest.mark.parametrize(
    ("path", "variant", "url", "sent"),
    [
        ("/posts/", "", "/posts/", "/posts/?q=1"),
        ("/posts/", "sync", "/posts/sync/", "/posts/sync/?q=1"),
        ("/posts/?page=2", "", "/posts/?page=2", "/posts/?page=2&q=1"),
        ("/posts?page=2", "sync", "/posts/sync/?page=2", "/posts/sync/?page=2&q=1"),
        ("/", "sync", "/sync/", "/sync/?q=1"),
    ],
)
def test_a_variant_goes_before_a_query(path: str, variant: str, url: str, sent: str) -> None:
    user = created(RouteUser, path=path, variant=variant)
    user.send_get(q=1)
    assert user.url == url
    assert user.client.requests == [("GET", sent, url)]


def test_each_route_has_a_user() -> None:
    assert {each.path for each in USERS.values()} == {route.path for route in ROUTES.values()}


@pytest.mark.parametrize("name", USERS)
def test_a_user_sends_what_its_route_expects(name: str) -> None:
    user = created(USERS[name])
    (task,) = user.tasks
    task(user)
    route = next(route for route in ROUTES.values() if route.path == user.path)
    expected = ("GET", route.path, route.path) if route.method == "GET" else ("POST", route.path, FORM)
    assert user.client.requests == [expected]


@pytest.mark.parametrize(
    ("path", "variant", "options", "url"),
    [
        pytest.param("/a/", "", {}, "/a/", id="its own path"),
        pytest.param("/a/", "async", {}, "/a/async/", id="its own variant"),
        pytest.param("/a", "async", {}, "/a/async/", id="a path without a slash at its end"),
        pytest.param("/a/", "sync", {"path": "/b/", "variant": "x"}, "/b/x/", id="the command line comes first"),
        pytest.param("/a/?q=1", "", {}, "/a/?q=1", id="a path with a query"),
    ],
)
def test_the_url_follows_path_and_variant(path: str, variant: str, options: dict[str, str], url: str) -> None:
    user_class = type("Own", (RouteUser,), {"path": path, "variant": variant})
    assert created(user_class, **options).url == url


def test_parameters_that_are_none_are_left_to_the_server() -> None:
    user = created(type("Own", (RouteUser,), {"path": "/a/"}))
    user.send_get(title="ü b", n=0, key=None)
    assert user.client.requests == [("GET", "/a/?title=%C3%BC+b&n=0", "/a/")]


def test_users_wait_for_arrivals() -> None:
    assert {each.wait_time for each in USERS.values()} == {arrival}


def test_forms_can_be_replaced() -> None:
    user = created(type("Own", (FormUser,), {"path": "/a/", "form": {"x": "y"}}))
    user.tasks[0](user)
    assert user.client.requests == [("POST", "/a/", {"x": "y"})]


@pytest.mark.parametrize("user", USERS.values())
def test_help_says_where_host_path_and_variant_are_explained(user: type[RouteUser]) -> None:
    assert "See RouteUser for host, --path and --variant." in (getdoc(user) or "")
    assert all(f"\n{name}: " in (getdoc(RouteUser) or "") for name in ("host", "path", "variant"))
