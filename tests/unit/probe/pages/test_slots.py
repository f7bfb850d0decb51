"""Requests that are held."""

import os
from collections.abc import Mapping, Sequence

import pytest

from locust_asyncdjango.probe.pages.slots import Slots, hold_time_ms


def test_requests_are_counted_while_they_are_held() -> None:
    slots = Slots()
    with slots.hold() as first, slots.hold() as second:
        pass
    with pytest.raises(ZeroDivisionError), slots.hold():
        1 / 0  # noqa: B018
    with slots.hold() as third:
        pass
    assert [each["in_flight"] for each in (first, second, third)] == [1, 2, 1]
    assert first["process"] == os.getpid()


@pytest.mark.parametrize(
    ("parameters", "hold_ms"),
    [
        ({}, 200),
        ({"ms": ["0"]}, 0),
        ({"ms": ["5000"]}, 5000),
        ({"ms": ["5001"]}, None),
        ({"ms": ["-1"]}, None),
        ({"ms": ["\u0665"]}, None),
        ({"ms": ["9" * 5000]}, None),
        ({"ms": ["soon"]}, None),
    ],
)
def test_the_time_to_hold_a_request(parameters: Mapping[str, Sequence[str]], hold_ms: int | None) -> None:
    assert hold_time_ms(parameters) == hold_ms
