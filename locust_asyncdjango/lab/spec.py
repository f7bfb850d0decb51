"""What is to be measured: an Experiment, frozen, checked once."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.servers import SERVERS
from locust_asyncdjango.routes import NATURAL, ROUTES

ALL_VARIANTS = ("all",)


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
    """Routes x servers x variants under one load.

    variants: names, or ("all",) for all that a server's interface runs without a bridge, or () for the natural one.
    factors: the environment variables of the site that are set, name and value.
    """

    routes: tuple[str, ...]
    servers: tuple[str, ...]
    load: Load
    posts: int
    max_connections: int
    variants: tuple[str, ...] = ()
    factors: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        _check_names("route", self.routes, ROUTES)
        _check_names("server", self.servers, SERVERS)
        if self.variants not in ((), ALL_VARIANTS):
            for route in self.routes:
                known = (*ROUTES[route].sync_variants, *ROUTES[route].async_variants, *NATURAL)
                _check_names(f"variant of {route}", self.variants, dict.fromkeys(known))
        if self.posts < 0:
            raise UsageError("--posts must be 0 or more")
        if not 1 <= self.max_connections <= 10_000:
            raise UsageError("--max-connections must be from 1 to 10000")


@dataclass(frozen=True, slots=True)
class Trial:
    """One server, route and variant ("" for the natural one), run once."""

    route: str
    server: str
    posts: int
    max_connections: int
    variant: str = ""

    @property
    def id(self) -> str:
        """Also the name of its folder."""
        return "-".join(filter(None, (self.route, self.variant, self.server)))

    @property
    def arm(self) -> str:
        """What sets it apart from the other trials of its route."""
        return f"{self.variant} on {self.server}" if self.variant else self.server

    @property
    def title(self) -> str:
        """What people call it."""
        return f"{self.route}/{self.variant} on {self.server}" if self.variant else f"{self.route} on {self.server}"


def _check_names(word: str, given: tuple[str, ...], known: Iterable[str]) -> None:
    for name in given:
        if name not in known:
            raise UsageError(f"there is no {word} {name!r}; choose from {', '.join(known)}")
    if not given or len(set(given)) < len(given):
        raise UsageError(f"name each {word} once, separated by commas: {','.join(known)}")
