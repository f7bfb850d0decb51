"""Which URLs of a project can be measured without parameters, and which are twins."""

import pytest

from locust_asyncdjango.lab.project.inspection.report import UrlPattern
from locust_asyncdjango.lab.project.inspection.view_candidates import (
    MOST_VIEWS,
    Candidate,
    Candidates,
    candidates,
    plain_path,
)


@pytest.mark.parametrize(
    ("route", "path"),
    [
        ("", "/"),
        ("articles/", "/articles/"),
        ("^articles/$", "/articles/"),
        (r"api/^v1\.0/items/$", "/api/v1.0/items/"),
        (r"^feed/?$", "/feed"),
        (r"^x/\Z", "/x/"),
        (r"^(a|b)/$", None),
        (r"^\d+/$", None),
        ("é/", None),
    ],
)
def test_paths_of_routes(route: str, path: str | None) -> None:
    assert plain_path(UrlPattern("", route)) == path
    assert plain_path(UrlPattern("", route, parameters=("pk",))) is None


def test_views_of_a_site() -> None:
    urls = [
        UrlPattern("home", ""),
        UrlPattern("admin:index", "admin/", "django.contrib.admin.sites.index"),
        UrlPattern("blog:list", "blog/"),
        UrlPattern("blog:detail", "blog/<int:pk>/", parameters=("pk",)),
        UrlPattern("", "api/items"),
        UrlPattern("home", "other/"),
        UrlPattern("same", "blog/"),
        UrlPattern("login", "accounts/login/"),
        UrlPattern("logout", "accounts/logout/"),
        UrlPattern("item-delete", "items/delete/"),
        UrlPattern("djdt:render", "__debug__/render/"),
    ]
    assert candidates(urls) == Candidates(
        (
            Candidate("home", "/"),
            Candidate("blog-list", "/blog/"),
            Candidate("api-items", "/api/items"),
            Candidate("home-2", "/other/"),
        ),
        ("/blog/<int:pk>/",),
        0,
        "/accounts/login/",
    )
    many = candidates([UrlPattern(f"v{number}", f"v{number}/") for number in range(MOST_VIEWS + 3)])
    assert (len(many.views), many.left_out) == (MOST_VIEWS, 3)


@pytest.mark.parametrize(
    ("sync", "other"),
    [
        ("posts/", "async/posts/"),
        ("posts/", "posts/async/"),
        ("posts/", "posts-async/"),
        ("posts/", "posts_async/"),
        ("posts/", "aposts/"),
        ("sync/posts/", "async/posts/"),
        ("posts/sync/", "posts/"),
        ("posts_sync/", "posts_async/"),
    ],
)
def test_twins(sync: str, other: str) -> None:
    urls = [UrlPattern("a", sync), UrlPattern("b", other, is_async=True), UrlPattern("c", "contact/")]
    expected = (Candidate("a", f"/{sync}", f"/{other}"), Candidate("c", "/contact/"))
    assert candidates(urls).views == expected
    both_sync = [UrlPattern("a", sync), UrlPattern("b", other)]
    assert [each.async_path for each in candidates(both_sync).views] == ["", ""]
