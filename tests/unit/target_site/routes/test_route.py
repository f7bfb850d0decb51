"""The table of routes, which the load generator has too."""

import pytest

from locust_asyncdjango.routes import ROUTES as GENERATOR_ROUTES
from target_site.routes import ROUTES
from target_site.routes.route import Route


def names(route: Route, side: str) -> tuple[str, ...]:
    """Return the names of a route's variants on one side."""
    return tuple(variant.name for variant in route.variants if variant.side == side)


def test_the_load_generators_table_is_the_sites() -> None:
    assert [(route.name, route.method, names(route, "sync"), names(route, "async")) for route in ROUTES] == [
        (route.name, route.method, route.sync_variants, route.async_variants) for route in GENERATOR_ROUTES.values()
    ]


def test_every_route_has_a_variant_for_each_interface() -> None:
    assert {(route.variant("sync").side, route.variant("async").side) for route in ROUTES} == {("sync", "async")}


def test_a_variant_that_does_not_exist() -> None:
    with pytest.raises(KeyError):
        ROUTES[0].variant("asnyc")


def test_every_route_and_every_variant_has_a_summary() -> None:
    assert [route.name for route in ROUTES if not route.summary] == []
    assert [v.name for route in ROUTES for v in route.variants if not v.summary] == []
