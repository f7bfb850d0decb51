"""Reading a query."""

from typing import TypeVar

from django.http import HttpRequest

from target_site.problems import BadInputError

D = TypeVar("D", int, None)


def number(request: HttpRequest, name: str, largest: int, default: D) -> int | D:
    """A whole number from 0 to the largest, the default where the query does not name it. Raises BadInputError."""
    given = request.GET.get(name)
    if given is None:
        return default
    # The length is checked first: Python refuses to read very long numbers with an error of its own.
    if given.isascii() and given.isdigit() and len(given) <= len(str(largest)) and int(given) <= largest:
        return int(given)
    raise BadInputError(f"{name} must be a whole number from 0 to {largest}")
