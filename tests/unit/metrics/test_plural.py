"""Numbers with their nouns."""

import pytest

from locust_asyncdjango.metrics.plural import counted


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 users"), (1, "1 user"), (2, "2 users"), ("1", "1 user"), ("1 (0-2)", "1 (0-2) users")]
)
def test_one_is_singular(count: object, text: str) -> None:
    assert counted(count, "user") == text
