"""Views and logins: their variants, their paths, and their way through JSON."""

import pytest

from locust_asyncdjango.metrics.strict_json import dumps, loads, read_dataclass
from locust_asyncdjango.routes import Login, View

PLAIN = View("home", "/")
PAIR = View("posts", "/posts/", async_path="/aposts/")
PLACE = View("search", "/search/{variant}/?q=a")
NAMED = View("search", "/search-{variant}/", variants=("orm", "raw"))


@pytest.mark.parametrize(
    ("view", "names", "paths"),
    [
        (PLAIN, (), {"": "/", "sync": "/"}),
        (PAIR, ("sync", "async"), {"": "/posts/", "sync": "/posts/", "async": "/aposts/"}),
        (PLACE, ("sync", "async"), {"": "/search/sync/?q=a", "async": "/search/async/?q=a"}),
        (NAMED, ("orm", "raw"), {"": "/search-orm/", "raw": "/search-raw/"}),
    ],
)
def test_variants_and_their_paths(view: View, names: tuple[str, ...], paths: dict[str, str]) -> None:
    assert view.variant_names == names
    assert {variant: view.path_of(variant) for variant in paths} == paths


def test_a_variant_that_a_view_does_not_have() -> None:
    with pytest.raises(ValueError, match="the view search has no variant async, but orm, raw"):
        NAMED.path_of("async")


def test_a_view_goes_through_json() -> None:
    view = View(
        "save",
        "/save/",
        variants=("a",),
        method="POST",
        headers=(("X-A", "1"),),
        json={"title": ["a"]},
        expected_status=(201,),
        login="member",
        ignore=("id=.*",),
    )
    assert read_dataclass(View, loads(dumps(view.to_json()))) == view


def test_a_login_goes_through_json_and_shows_no_password() -> None:
    login = Login("member", form=(("username", "ann"), ("password", "pa55")), token="access", csrf=False)
    assert read_dataclass(Login, loads(dumps(login.to_json()))) == login
    assert "pa55" not in repr(login)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"name": "home"}, "view.path is missing"),
        ({"name": "home", "path": "/", "form": [["a"]]}, r"view.form\[0\] is \[...\], not a list of 2"),
        ({"name": "home", "path": 1}, "view.path is 1, not a text"),
    ],
)
def test_json_of_another_type_is_refused(content: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_dataclass(View, content, "view")
