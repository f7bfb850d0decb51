"""Replace a method of a class by a function that calls it, once."""

import functools
from collections.abc import Callable
from typing import Any

_MARK = "_locust_asyncdjango"


def replace_method(owner: Any, name: str, make: Callable[[Any], Callable[..., Any]]) -> None:
    """Replace ``owner.name`` by what ``make`` returns for it. Nothing happens where that was done before.

    A class that lacks the method, such as one of another version, stays as it is.
    """
    original = getattr(owner, name, None)
    if original is None or hasattr(original, _MARK):
        return
    replacement = functools.wraps(original)(make(original))
    setattr(replacement, _MARK, True)
    setattr(owner, name, replacement)
