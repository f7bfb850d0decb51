"""Which processors programs run on."""

import os

import pytest

from locust_asyncdjango.lab.environment.pinning import Pins, divide_processors, pinned_to, resolve_pins
from locust_asyncdjango.lab.errors import UsageError


@pytest.mark.parametrize(
    ("processors", "shared"),
    [
        (range(2), Pins()),
        (range(4), Pins(frozenset({0}), frozenset({1, 2}), frozenset({3}))),
        (range(8), Pins(frozenset({0, 1}), frozenset({2, 3, 4, 5}), frozenset({6, 7}))),
    ],
)
def test_processors_are_shared_out_where_there_are_enough(processors: range, shared: Pins) -> None:
    assert divide_processors(processors) == shared


def test_pins_of_the_command_line_are_used() -> None:
    here = min(os.sched_getaffinity(0))
    only = frozenset({here})
    assert resolve_pins(f"{here}:{here}:{here}-{here}") == Pins(only, only, only)
    assert str(resolve_pins("off")) == "not pinned"
    assert str(Pins(frozenset({0}), frozenset({1, 2}), frozenset({3}))) == (
        "generator on 0, server on 1,2, services on 3"
    )


@pytest.mark.parametrize("text", ["", "0", "0:1", "0:1:x", "0:1:2:3", "a:b:c", "1-0:1:1", "::"])
def test_malformed_pins_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is not auto, off or GENERATOR:SERVER:SERVICES"):
        resolve_pins(text)


def test_pins_to_missing_processors_are_refused() -> None:
    with pytest.raises(UsageError, match="there is no processor 9999 here; there are "):
        resolve_pins("9999:9999:9999")


def test_what_is_started_runs_on_its_processors() -> None:
    before = os.sched_getaffinity(0)
    only = frozenset({min(before)})
    with pinned_to(only):
        assert os.sched_getaffinity(0) == only
    assert os.sched_getaffinity(0) == before
