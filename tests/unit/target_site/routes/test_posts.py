"""The parameter id of the routes that read a post."""

import uuid

import pytest
from django.test import RequestFactory

from target_site.problems import BadInputError
from target_site.routes.posts import FIRST_SEEDED, requested_post_id

FACTORY = RequestFactory()


def test_the_post_in_the_query_or_the_first_seeded_one() -> None:
    key = uuid.uuid4()
    assert requested_post_id(FACTORY.get("/", {"id": str(key)})) == key
    assert requested_post_id(FACTORY.get("/")) == FIRST_SEEDED == uuid.UUID("2b3f081d-ca26-4796-4cad-ebb3b7baad50")


@pytest.mark.parametrize("text", ["", "1", "9" * 3000])
def test_another_value_is_bad_input(text: str) -> None:
    with pytest.raises(BadInputError, match="id must be a UUID, such as 123e4567-"):
        requested_post_id(FACTORY.get("/", {"id": text}))
