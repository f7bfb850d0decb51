"""What the site reports about itself."""

import json

import django
import pytest
from django.test import RequestFactory

from locust_asyncdjango.routes import ROUTES
from target_site.site_info import index

FACTORY = RequestFactory()


def test_the_description_has_every_route_with_its_variants() -> None:
    routes = {route["name"]: route for route in index.describe_site(FACTORY.get("/routes.json"))["routes"]}
    assert list(routes) == list(ROUTES)
    assert {name: tuple(route["variants"]) for name, route in routes.items()} == {
        name: tuple(sorted((*route.sync_variants, *route.async_variants), key=list(routes[name]["variants"]).index))
        for name, route in ROUTES.items()
    }
    assert routes["list_detail"]["aliases"] == {"sync": "psycopg2", "async": "asyncpg"}
    assert routes["cpu"]["variants"]["async"] == {
        "path": "/cpu/async/",
        "side": "async",
        "summary": "an async function, which blocks its event loop",
    }


@pytest.mark.parametrize("path", ["/bench/", "/bench/routes.json"])
def test_paths_begin_where_the_site_is_included(path: str) -> None:
    routes = index.describe_site(FACTORY.get(path))["routes"]
    assert [route["path"] for route in routes] == [f"/bench/{name}/" for name in ROUTES]


def test_page_and_json_say_the_same() -> None:
    described = json.loads(index.routes_json(FACTORY.get("/routes.json")).content)
    page = index.index_page(FACTORY.get("/")).content.decode()
    assert set(described) == {"interface", "routes", "settings", "versions"}
    for route in described["routes"]:
        assert f">{route['path']}" in page
    assert "target_site on WSGI" in page
    assert f"Django {django.__version__}, whose ORM uses <code>psycopg2</code>" in page
    assert (described["versions"]["django"], described["settings"]["orm_driver"]) == (django.__version__, "psycopg2")
    assert "cpu/async/" in page


@pytest.mark.parametrize(
    ("database", "text"),
    [
        ({"OPTIONS": {}, "CONN_MAX_AGE": 0}, "closed after each request"),
        ({"OPTIONS": {}, "CONN_MAX_AGE": None}, "persistent"),
        ({"OPTIONS": {}, "CONN_MAX_AGE": 60}, "persistent"),
        ({"OPTIONS": {"pool": {"max_size": 3}}, "CONN_MAX_AGE": 0}, "from a pool of 3"),
        ({"OPTIONS": {"pool": {}}, "CONN_MAX_AGE": 60}, "persistent"),
        ({"OPTIONS": {"pool": {"min_size": 1}}, "CONN_MAX_AGE": 0}, "from a pool of 4"),
        ({"OPTIONS": {"pool": True}, "CONN_MAX_AGE": 0}, "from a pool of 4, pool: True"),
    ],
)
def test_how_the_orm_connects(database: dict[str, object], text: str) -> None:
    assert index._describe_connections(database) == text


def test_healthz_needs_nothing() -> None:
    assert index.healthz(FACTORY.get("/healthz")).content == b"ok\n"
