"""Key and body of the route cached."""

import json

import pytest
from django.test import RequestFactory

from target_site.problems import BadInputError
from target_site.routes import cached

FACTORY = RequestFactory()


def test_the_key_in_redis() -> None:
    assert cached.requested_key(FACTORY.get("/")) == "target_site:cached:default"
    assert cached.requested_key(FACTORY.get("/", {"key": "a-b_9"})) == "target_site:cached:a-b_9"


@pytest.mark.parametrize("key", ["", "a b", "ü", "k" * 65, "a\n"])
def test_another_key_is_bad_input(key: str) -> None:
    with pytest.raises(BadInputError, match="key must have 1 to 64 letters, digits, _ or -"):
        cached.requested_key(FACTORY.get("/", {"key": key}))


def test_the_body_depends_on_the_key_only() -> None:
    body = cached.build_body("k")
    assert body == cached.build_body("k") != cached.build_body("l")
    assert (len(json.loads(body)["lines"]), 6000 < len(body) < 8000) == (100, True)


def test_a_response_says_whether_it_comes_from_the_cache() -> None:
    responses = (cached.hit_response(b"{}"), cached.miss_response(b"{}"))
    assert [(r["X-Cache"], r["Content-Type"], r.content) for r in responses] == [
        ("hit", "application/json", b"{}"),
        ("miss", "application/json", b"{}"),
    ]
