"""What is to be measured: an Experiment, frozen, checked once."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, Self

from locust_asyncdjango.lab.environment import pinning, servers
from locust_asyncdjango.lab.environment.latency_proxy import upstream_address
from locust_asyncdjango.lab.environment.servers import SERVERS, Server
from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.routes import NATURAL, ROUTES

ALL = ("all",)
DEFAULT_MAX_CONNECTIONS = 100
MOST_CONNECTIONS = 10_000
DEFAULT_POOL_SIZE = 10
"""Of the site, where TARGET_SITE_POOL_SIZE names no other."""
LONGEST_LATENCY_MS = 10_000


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
class Arm:
    """One side of a comparison: a server, a variant ("" for the natural one) and a connection limit."""

    server: str
    variant: str = ""
    max_connections: int = DEFAULT_MAX_CONNECTIONS

    def __str__(self) -> str:
        variant = f"/{self.variant}" if self.variant else ""
        return f"{self.server}{variant}@{self.max_connections}"


def arm(text: str) -> Arm:
    """By SERVER, SERVER/VARIANT, SERVER@MAX_CONNECTIONS or SERVER/VARIANT@MAX_CONNECTIONS. Raises UsageError."""
    found = re.fullmatch(r"([^/@]+)(?:/([^/@]+))?(?:@(\d{1,9}))?", text)
    if not found:
        raise UsageError(f"--arms {text!r} is not SERVER/VARIANT@MAX_CONNECTIONS; the last two may be left out")
    return Arm(found[1], found[2] or "", int(found[3] or DEFAULT_MAX_CONNECTIONS))


@dataclass(frozen=True, slots=True)
class Experiment:
    """Routes x latencies x arms under one load. The arms are named, or are connection limits x servers x variants.

    variants: names, or ("all",) for all that a server's interface runs without a bridge, or () for the natural one.
    latencies_ms: of all that the site's services send. client_latency_ms: of all that the site sends. own_servers: the
    user's, beside the table's. factors: the environment variables of the site that are set, name and value. repeats:
    how often each is run at most. a_a_pairs: how often the first is run twice beforehand, which shows the noise.
    until_decided: whether arms are run no more often than it takes. pin: which processors each program has.
    """

    routes: tuple[str, ...]
    servers: tuple[str, ...]
    load: Load
    posts: int
    max_connections: tuple[int, ...] = (DEFAULT_MAX_CONNECTIONS,)
    arms: tuple[Arm, ...] = ()
    variants: tuple[str, ...] = ()
    factors: tuple[tuple[str, str], ...] = ()
    latencies_ms: tuple[int, ...] = (0,)
    client_latency_ms: int = 0
    workers: int = 1
    own_servers: tuple[Server, ...] = ()
    repeats: int = 1
    a_a_pairs: int = 0
    until_decided: bool = False
    pin: str = "auto"

    def __post_init__(self) -> None:
        _check_once("route", self.routes, ROUTES)
        if self.arms:
            self._check_arms()
        else:
            _check_once("server", self.servers, self.known_servers)
        if self.variants not in ((), ALL):
            for route in self.routes:
                _check_once(f"variant of {route}", self.variants, _variants(route))
        if self.posts < 0:
            raise UsageError("--posts must be 0 or more")
        check_conditions(self.max_connections, self.latencies_ms)
        pinning.parse_pins(self.pin)
        if self.until_decided and self.repeats == 1:
            raise UsageError("--until-decided needs --repeats N: how often each is run at most")
        _check_numbers("--repeats", (self.repeats,), 1, 1000)
        _check_numbers("--a-a-pairs", (self.a_a_pairs,), 0, 1000)
        _check_numbers("--client-latency-ms", (self.client_latency_ms,), 0, LONGEST_LATENCY_MS)
        for server in self.used_servers:
            if server.url and (any(self.latencies_ms) or self.limits != {DEFAULT_MAX_CONNECTIONS}):
                raise UsageError(
                    f"{server.name} runs already, with its own services: leave --latency-ms and --max-connections out"
                )
            if server.url and self.client_latency_ms:
                upstream_address(server.url)

    @classmethod
    def from_json(cls, asked: Mapping[str, Any]) -> Self:
        """Reads what asdict() and JSON have made of one."""
        listed = {name: tuple(value) for name, value in asked.items() if isinstance(value, list)}
        special = {
            "load": Load(**asked["load"]),
            "arms": tuple(Arm(**each) for each in asked["arms"]),
            "factors": tuple((name, value) for name, value in asked["factors"]),
            "own_servers": tuple(map(Server.from_json, asked["own_servers"])),
        }
        return cls(**{**asked, **listed, **special})

    def arms_of(self, route: str) -> list[Arm]:
        """What is compared with each other on a route."""
        if self.arms:
            return list(self.arms)
        return [
            Arm(server, variant, max_connections)
            for max_connections, server in product(self.max_connections, self.servers)
            for variant in self._variants(route, server)
        ]

    @property
    def used_servers(self) -> list[Server]:
        """Those that are measured."""
        return list(dict.fromkeys(self.server(arm.server) for route in self.routes for arm in self.arms_of(route)))

    def check_here(self) -> None:
        """Whether it can be run on this machine. Raises UsageError."""
        pinning.resolve_pins(self.pin)
        for server in self.used_servers:
            servers.check_server(server, self.workers)

    @property
    def limits(self) -> set[int]:
        """The connection limits of all arms."""
        return {arm.max_connections for arm in self.arms} or set(self.max_connections)

    def _variants(self, route: str, server: str) -> tuple[str, ...]:
        if self.variants == ALL:
            return ROUTES[route].variants(self.server(server).interface)
        return self.variants or ("",)

    def _check_arms(self) -> None:
        if self.servers or self.variants or self.max_connections != (DEFAULT_MAX_CONNECTIONS,):
            raise UsageError("--arms names servers, variants and limits: leave the flags for these out")
        if len(set(self.arms)) < len(self.arms):
            raise UsageError("name each of --arms once")
        for each in self.arms:
            _check_once("server", (each.server,), self.known_servers)
            _check_numbers("--arms: max_connections", (each.max_connections,), 1, MOST_CONNECTIONS)
            for route in self.routes if each.variant else ():
                _check_once(f"variant of {route}", (each.variant,), _variants(route))

    @property
    def known_servers(self) -> dict[str, Server]:
        """The table's, and the user's own, by name."""
        return {**SERVERS, **{server.name: server for server in self.own_servers}}

    def server(self, name: str) -> Server:
        """One of those."""
        return self.known_servers[name]


@dataclass(frozen=True, slots=True)
class Trial:
    """One server, route and variant ("" for the natural one) under one set of conditions, run once.

    repeat: which of several runs this is, from 1. a_a: of an A/A pair, which shows how runs of the same arm differ.
    """

    route: str
    server: str
    posts: int
    max_connections: int
    variant: str = ""
    latency_ms: int = 0
    client_latency_ms: int = 0
    workers: int = 1
    repeat: int = 1
    a_a: bool = False

    @property
    def id(self) -> str:
        """Also the name of its folder."""
        conditions = (
            f"{self.latency_ms}ms" if self.latency_ms else "",
            f"{self.max_connections}connections" if self.max_connections != DEFAULT_MAX_CONNECTIONS else "",
            f"run{self.repeat}" if self.repeat > 1 else "",
        )
        return "-".join(filter(None, ("a-a" if self.a_a else "", self.route, self.variant, self.server, *conditions)))

    @property
    def arm(self) -> str:
        """What sets it apart from the other trials of its subject."""
        arm = f"{self.variant} on {self.server}" if self.variant else self.server
        return f"{arm} with {self.max_connections} connections" if self._limit else arm

    @property
    def conditions(self) -> str:
        """What is not as usual; "" where all is."""
        return ", ".join(filter(None, (*self._shared, self._limit)))

    @property
    def subject(self) -> str:
        """What is compared: the route, and the conditions that arms share."""
        shared = ", ".join(filter(None, self._shared))
        return f"{self.route} ({shared})" if shared else self.route

    @property
    def _shared(self) -> tuple[str, ...]:
        return (
            f"{self.latency_ms} ms latency" if self.latency_ms else "",
            f"{self.client_latency_ms} ms to the users" if self.client_latency_ms else "",
            f"{self.workers} workers" if self.workers > 1 else "",
        )

    @property
    def _limit(self) -> str:
        return f"max_connections {self.max_connections}" if self.max_connections != DEFAULT_MAX_CONNECTIONS else ""

    @property
    def title(self) -> str:
        """What people call it."""
        subject = f"{self.route}/{self.variant}" if self.variant else self.route
        told = (self.conditions, f"A/A run {self.repeat}" if self.a_a else f"run {self.repeat}" * (self.repeat > 1))
        behind = ", ".join(filter(None, told))
        return f"{subject} on {self.server}" + (f" ({behind})" if behind else "")


def unfinished_name(name: str) -> str:
    """Of the folder in which the trial of that name is measured."""
    return f"{name}.unfinished"


def check_conditions(max_connections: tuple[int, ...], latencies_ms: tuple[int, ...]) -> None:
    """Raises UsageError for what the services cannot be given."""
    _check_numbers("--max-connections", max_connections, 1, MOST_CONNECTIONS)
    _check_numbers("--latency-ms", latencies_ms, 0, LONGEST_LATENCY_MS)


def _variants(route: str) -> Iterable[str]:
    return dict.fromkeys((*ROUTES[route].sync_variants, *ROUTES[route].async_variants, *NATURAL))


def _check_numbers(flag: str, given: tuple[int, ...], least: int, most: int) -> None:
    if not given or len(set(given)) < len(given) or not all(least <= number <= most for number in given):
        raise UsageError(f"{flag} must be from {least} to {most}" + (", each once" if len(given) > 1 else ""))


def _check_once(word: str, given: tuple[str, ...], known: Iterable[str]) -> None:
    for name in given:
        if name not in known:
            raise UsageError(f"there is no {word} {name!r}; choose from {', '.join(known)}")
    if not given or len(set(given)) < len(given):
        raise UsageError(f"name each {word} once, separated by commas: {','.join(known)}")
