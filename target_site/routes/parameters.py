"""Read parameters from the query of a request."""

from typing import TypeVar

from django.http import HttpRequest

from target_site.problems import BadInputError

D = TypeVar("D", int, None)


def read_integer(request: HttpRequest, name: str, largest: int, default: D) -> int | D:
    """Return the parameter as a whole number from 0 to largest, or default if the query does not have it.

    Raise BadInputError for any other value.
    """
    value = request.GET.get(name)
    if value is None:
        return default
    # The length comes first: Python raises an error of its own for very long numbers.
    if value.isascii() and value.isdigit() and len(value) <= len(str(largest)) and int(value) <= largest:
        return int(value)
    raise BadInputError(f"{name} must be a whole number from 0 to {largest}")
