"""The token of a start."""

import pytest

from locust_asyncdjango.probe.wrappers.token import Token


@pytest.mark.parametrize(
    ("value", "sent", "is_right"),
    [
        ("t0ken", b"t0ken", True),
        ("t0ken", b"another", False),
        ("t0ken", b"", False),
        ("", b"", False),
        ("", b"t0ken", False),
        ("t0ken", b"\xff", False),
    ],
)
def test_only_the_token_of_this_start_is_right(value: str, sent: bytes, is_right: bool) -> None:
    assert Token(value).is_right(sent) is is_right
