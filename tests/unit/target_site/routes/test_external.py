"""The calls of the route external, and its pool of clients."""

import pytest
from django.test import RequestFactory

from target_site.config import CONFIG
from target_site.problems import BadInputError
from target_site.routes import external

FACTORY = RequestFactory()


@pytest.mark.parametrize(
    ("query", "calls"),
    [
        ({}, ["ms=300", "ms=600", "ms=150"]),
        ({"ms": "5", "seed": "7"}, ["ms=5&seed=7", "ms=10&seed=8", "ms=2&seed=9"]),
    ],
)
def test_the_three_calls(query: dict[str, str], calls: list[str]) -> None:
    assert external.requested_urls(FACTORY.get("/", query)) == [f"{CONFIG.slow_api_url}/?{call}" for call in calls]


@pytest.mark.parametrize(("name", "text"), [("ms", "5001"), ("ms", "soon"), ("seed", "-1")])
def test_a_parameter_out_of_range_is_bad_input(name: str, text: str) -> None:
    with pytest.raises(BadInputError, match=f"{name} must be a whole number from 0 to"):
        external.requested_urls(FACTORY.get("/", {name: text}))


def test_a_client_serves_one_request_at_a_time() -> None:
    pool = external.HTTPClientPool()
    with pool.borrow() as first, pool.borrow() as second:
        assert first is not second
    with pool.borrow() as again:
        assert again is first  # it came back last
    pool.close()
    assert (first.is_closed, second.is_closed) == (True, True)
