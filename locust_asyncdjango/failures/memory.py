"""Remember the results of functions, up to a number of them and a size of each: so that memory has a limit in bytes."""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

MAX_ITEM_SIZE = 2048
"""The size of the largest arguments whose result is remembered, in bytes or characters."""


def remember(items: int, size: Callable[..., int]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Return a decorator that remembers results like functools.lru_cache, but not those of large arguments.

    items: how many results. size: takes the arguments, and returns their size in bytes or characters. A result should
    not be much larger. What is kept is no more than items times MAX_ITEM_SIZE.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        remembered: Any = lru_cache(maxsize=items)(function)

        @wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            if size(*args, **kwargs) > MAX_ITEM_SIZE:
                return function(*args, **kwargs)
            result: R = remembered(*args, **kwargs)
            return result

        return call

    return decorate
