"""One side of a comparison, and how a user writes it. Start reading at ``Arm``."""

import re
from dataclasses import dataclass

from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.experiment.options import names

DEFAULT_MAX_CONNECTIONS = 100


@dataclass(frozen=True, slots=True)
class Arm:
    """One side of a comparison: a server, a variant ("" for the natural one) and a connection limit."""

    server: str
    variant: str = ""
    max_connections: int = DEFAULT_MAX_CONNECTIONS

    def __str__(self) -> str:
        variant = f"/{self.variant}" if self.variant else ""
        return f"{self.server}{variant}@{self.max_connections}"


def parse_arm(text: str) -> Arm:
    """Return the arm of SERVER, SERVER/VARIANT, SERVER@MAX_CONNECTIONS or all three. Raise UsageError."""
    match = re.fullmatch(r"([^/@]+)(?:/([^/@]+))?(?:@(\d{1,9}))?", text)
    if not match:
        raise UsageError(f"{text!r} is not SERVER/VARIANT@MAX_CONNECTIONS; the last two may be left out")
    return Arm(match[1], match[2] or "", int(match[3] or DEFAULT_MAX_CONNECTIONS))


def parse_arms(text: str) -> tuple[Arm, ...]:
    """Return the arms in a text, which are separated by commas. Raise UsageError."""
    return tuple(map(parse_arm, names(text)))
