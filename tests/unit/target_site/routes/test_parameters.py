"""Whole numbers in a query."""

from contextlib import suppress

import pytest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from target_site.problems import BadInputError
from target_site.routes.parameters import read_integer

FACTORY = RequestFactory()


@pytest.mark.parametrize("text", ["", "-1", "1e3", "10.5", "101", "9" * 5000, "٣", " 1"])
def test_another_value_is_bad_input(text: str) -> None:
    with pytest.raises(BadInputError, match=r"^n must be a whole number from 0 to 100$"):
        read_integer(FACTORY.get("/", {"n": text}), "n", 100, 5)


@given(st.text())
def test_any_text_is_a_number_within_bounds_or_bad_input(text: str) -> None:
    with suppress(BadInputError):
        assert 0 <= read_integer(FACTORY.get("/", {"n": text}), "n", 100, 5) <= 100


@pytest.mark.parametrize(("query", "number"), [({}, 5), ({"n": "0"}, 0), ({"n": "100"}, 100), ({"n": "007"}, 7)])
def test_a_number_and_the_default(query: dict[str, str], number: int) -> None:
    assert read_integer(FACTORY.get("/", query), "n", 100, 5) == number


def test_a_parameter_without_default_is_none() -> None:
    assert read_integer(FACTORY.get("/"), "n", 100, None) is None
