"""Methods that are replaced once."""

from collections.abc import Callable
from typing import Any

from locust_asyncdjango.probe.hooks.patching import replace_method


class Owner:
    """A class of a library."""

    def greet(self, name: str) -> str:
        """Greet."""
        return f"hello {name}"


def doubling(original: Any) -> Callable[..., str]:
    """Return a function that calls the original twice."""

    def doubled(*args: Any) -> str:
        return f"{original(*args)}, {original(*args)}"

    return doubled


def test_a_method_is_replaced_once() -> None:
    for _ in range(3):
        replace_method(Owner, "greet", doubling)
    assert Owner().greet("you") == "hello you, hello you"
    assert (Owner.greet.__name__, Owner.greet.__doc__) == ("greet", "Greet.")


def test_a_class_without_the_method_stays_as_it_is() -> None:
    replace_method(Owner, "leave", doubling)
    assert not hasattr(Owner, "leave")
