"""What is to be measured: an Experiment, frozen, checked once."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.servers import SERVERS
from locust_asyncdjango.routes import ROUTES


@dataclass(frozen=True, slots=True)
class Load:
    """The shape, and what overrides its cap, rate and length, as Locust's command line has them; "" leaves them."""

    shape: str
    users: str = ""
    spawn_rate: str = ""
    run_time: str = ""

    def __post_init__(self) -> None:
        # Locust checks the rest, but takes a nought for "not given", and a run without a shape has no end.
        if not self.shape:
            raise UsageError("--shape must name a shape, such as RampTo500")
        for flag, value in (("-u", self.users), ("-t", self.run_time)):
            if re.fullmatch(r"-.*|0+[hms]?", value):
                raise UsageError(f"{flag} must be more than 0")

    def arguments(self) -> list[str]:
        """Locust's command-line arguments."""
        given = {"--shape": self.shape, "-u": self.users, "-r": self.spawn_rate, "-t": self.run_time}
        return [part for flag, value in given.items() if value for part in (flag, value)]


@dataclass(frozen=True, slots=True)
class Experiment:
    """Routes x servers under one load."""

    routes: tuple[str, ...]
    servers: tuple[str, ...]
    load: Load
    posts: int
    max_connections: int

    def __post_init__(self) -> None:
        _check_names("route", self.routes, ROUTES)
        _check_names("server", self.servers, SERVERS)
        if self.posts < 0:
            raise UsageError("--posts must be 0 or more")
        if not 1 <= self.max_connections <= 10_000:
            raise UsageError("--max-connections must be from 1 to 10000")


@dataclass(frozen=True, slots=True)
class Trial:
    """One server and route, run once."""

    route: str
    server: str
    posts: int
    max_connections: int

    @property
    def id(self) -> str:
        """Also the name of its folder."""
        return f"{self.route}-{self.server}"


def _check_names(word: str, given: tuple[str, ...], known: Iterable[str]) -> None:
    for name in given:
        if name not in known:
            raise UsageError(f"there is no {word} {name!r}; choose from {', '.join(known)}")
    if not given or len(set(given)) < len(given):
        raise UsageError(f"name each {word} once, separated by commas: {','.join(known)}")
