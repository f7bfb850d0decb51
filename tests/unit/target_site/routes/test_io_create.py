"""The form of the route io_create."""

import pytest
from django.test import RequestFactory

from target_site.problems import BadInputError
from target_site.routes.io_create import new_row, post_fields

FACTORY = RequestFactory()


def test_the_fields_of_a_post() -> None:
    request = FACTORY.post("/io_create/", {"title": "t" * 100, "content": "c", "other": "x"})
    assert post_fields(request) == {"title": "t" * 100, "content": "c"}


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({}, "the form field title must have 1 to 100 characters"),
        ({"title": "t" * 101, "content": "c"}, "the form field title must have 1 to 100 characters"),
        ({"title": "t"}, "the form field content must have 1 to 100000 characters"),
        ({"title": "t", "content": "c" * 100_001}, "the form field content must have 1 to 100000 characters"),
        ({"title": "\x00", "content": "c"}, "the form field title must not hold a NUL character"),
    ],
)
def test_a_form_that_is_rejected(form: dict[str, str], message: str) -> None:
    with pytest.raises(BadInputError, match=message):
        post_fields(FACTORY.post("/io_create/", form))


def test_a_new_row_has_a_key_and_one_time() -> None:
    key, title, content, created_at, updated_at = new_row("t", "c")
    assert (key.version, title, content, created_at) == (4, "t", "c", updated_at)
    assert new_row("t", "c")[0] != key
