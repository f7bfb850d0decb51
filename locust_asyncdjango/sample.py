"""One finished request, in the form everything after the client reads."""

from typing import NamedTuple


class Sample(NamedTuple):
    """When (epoch seconds at its end), name, failure kind ("" for a success), milliseconds, bytes of body, users."""

    when: float
    name: str
    kind: str
    ms: float
    bytes: int
    users: int
