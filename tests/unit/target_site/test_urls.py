"""The site's URLs."""

import pytest
from django.urls import Resolver404, resolve

from target_site.routes import ROUTES, list_detail


def test_a_routes_own_path_is_the_variant_for_the_interface() -> None:
    for route in ROUTES:
        assert resolve(f"/{route.name}/").func is route.variant(route.natural).view
        for variant in route.variants:
            assert resolve(f"/{route.name}/{variant.name}/").func is variant.view


def test_an_alias_has_a_path_too() -> None:
    assert resolve("/list_detail/async/").func is list_detail.ROUTE.variant("asyncpg").view


@pytest.mark.parametrize("path", ["/io_raed/", "/io_read/asnyc/", "/io_read"])
def test_a_path_that_does_not_exist(path: str) -> None:
    with pytest.raises(Resolver404):
        resolve(path)
