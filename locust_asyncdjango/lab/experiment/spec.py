"""What is measured: an ``Experiment``, which is checked when it is made. ``plan`` makes the trials of it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, Self

from locust_asyncdjango.analysis.conditions.objective import DEFAULT_OBJECTIVE
from locust_asyncdjango.lab.environment import pinning, servers
from locust_asyncdjango.lab.environment.latency_proxy import upstream_address
from locust_asyncdjango.lab.environment.servers import PUBLISHED, SERVERS, Server, server_title, with_current_names
from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.experiment.arm import DEFAULT_MAX_CONNECTIONS, Arm, parse_arms
from locust_asyncdjango.lab.experiment.options import (
    duration_text,
    names,
    number_text,
    objective_text,
    option,
    seconds_of,
    whole_number,
    whole_number_text,
    whole_numbers,
)
from locust_asyncdjango.lab.experiment.trial import Trial
from locust_asyncdjango.metrics.strict_json import read_dataclass, read_value
from locust_asyncdjango.routes import NATURAL, ROUTES

ALL = ("all",)
DEFAULT_POSTS = 1_000_000
MOST_CONNECTIONS = 10_000
DEFAULT_POOL_SIZE = 10
"""Connections of the site's pool where TARGET_SITE_POOL_SIZE names no other number."""
LONGEST_LATENCY_MS = 10_000
PEAK_USERS, PEAK_RATE = 500, 5.0
"""The users at the end of RampTo500's ramp, and how many of them start in a second."""

LOCUSTFILE_METHOD = "LOCUSTFILE"
"""The method of what is measured where the load is the users of a locustfile."""

COMPARED, LOAD, CONDITIONS, REPEATS = "what to measure", "load", "conditions", "repeats"
"""Headings of the options in --help."""


@dataclass(frozen=True, slots=True)
class Load:
    """A load shape, what overrides its cap, rate and length, and what must hold under it.

    The texts are those of Locust's command line; "" leaves the shape's own value.
    objective: what must hold at a load for the capacity to include it.
    """

    shape: str = option("RampTo500", str, "Locust load shape", group=LOAD)
    users: str = option("", whole_number_text, "the shape's cap, in users", group=LOAD, short="-u")
    spawn_rate: str = option("", number_text, "the shape's rate, in users a second", group=LOAD, short="-r")
    run_time: str = option("", duration_text, "the shape's length, such as 40s or 3m", group=LOAD, short="-t")
    objective: str = option(
        DEFAULT_OBJECTIVE.text,
        objective_text,
        "what must hold at a load for the capacity to include it, such as 'p95<=300ms, failures<=0.1%'",
        group=LOAD,
    )

    def __post_init__(self) -> None:
        # Locust checks the rest, but takes 0 for "not set", and a run without a shape has no end.
        if not self.shape:
            raise UsageError("--shape must name a shape, such as RampTo500")
        for flag, value in (("-u", self.users), ("-t", self.run_time)):
            if re.fullmatch(r"-.*|0+[hms]?", value):
                raise UsageError(f"{flag} must be more than 0")

    def with_users(self, users: int) -> Self:
        """Return the load with so many users at the end of its ramp, which takes as long as before."""
        ramp_s = float(self.users or PEAK_USERS) / float(self.spawn_rate or PEAK_RATE)
        return replace(self, users=str(users), spawn_rate=f"{users / ramp_s:g}")

    def arguments(self) -> list[str]:
        """Return the arguments of the shape for Locust's command line."""
        values = {"--shape": self.shape, "-u": self.users, "-r": self.spawn_rate, "-t": self.run_time}
        return [part for flag, value in values.items() if value for part in (flag, value)]


@dataclass(frozen=True, slots=True)
class MeasuredView:
    """A view of a user's project, as reports name it. What is sent to it stands in the project's file alone.

    name: takes the place of a route's. method, path: of its requests. variants: the names of its twins; empty for none.
    """

    name: str
    method: str
    path: str
    variants: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MeasuredProject:
    """A user's own project, in place of the bundled site.

    name: of its folder. file: the path of its asyncdjango.toml. views: those that can be measured.
    database: the kind of database that each trial gets: postgresql, sqlite, mysql, or own.
    fingerprints: a hash of each part of the file that changes what is measured, with what a message calls the part.
    """

    name: str
    file: str
    views: tuple[MeasuredView, ...]
    database: str = "postgresql"
    fingerprints: tuple[tuple[str, str], ...] = ()

    @property
    def has_locustfile(self) -> bool:
        """Return whether the load is the project's own users, for whom one entry of ``views`` stands."""
        return any(view.method == LOCUSTFILE_METHOD for view in self.views)


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """Routes x latencies x arms under a load. Raise UsageError where they cannot be combined.

    routes: of the bundled site, or names of the project's views.
    arms: what is compared. Without them it is connection limits x servers x variants.
    variants: names, or ("all",) for all that a server's interface runs without a bridge, or () for the natural one.
    load: the shape with its overrides. ramp_users: the users at the end of its ramp for each subject, where a pilot
        chose them.
    latencies_ms: added to all that the site's services send, each in turn.
    client_latency_ms: added to all that the site sends to its users.
    repeats: how many times each arm runs, at most.
    a_a_pairs: number of A/A pairs, two runs of the first arm, run before all others to estimate the noise.
    confirm: hold the capacity of each arm on a plateau at the end.
    until_decided: stop repeating arms once their verdict is decided.
    budget: how long the whole experiment may take, such as 10m; "" for as long as it takes.
    pin: which processors each program has.
    factors: the environment variables that configure the site, as pairs of name and value.
    own_servers: servers of the user's own, in addition to the table's.
    project: the user's own project that is measured; None for the bundled site.
    """

    routes: tuple[str, ...] = option(
        tuple(ROUTES), names, f"of {', '.join(ROUTES)}", group=COMPARED, metavar="ROUTE,...", default_text="all"
    )
    arms: tuple[Arm, ...] = option(
        (),
        parse_arms,
        "what is compared, in place of servers x variants x limits: SERVER*WORKERS/VARIANT@MAX_CONNECTIONS; all but"
        " SERVER may be left out",
        group=COMPARED,
        metavar="ARM,...",
    )
    servers: tuple[str, ...] = option(
        (),
        names,
        f"of {', '.join(SERVERS)}; or all: every installed one",
        group=COMPARED,
        metavar="SERVER,...",
        default_text=f"{', '.join(PUBLISHED)} and the file's own",
    )
    variants: tuple[str, ...] = option(
        (),
        names,
        "names; or all: those that fit the server",
        group=COMPARED,
        metavar="VARIANT,...",
        default_text="the natural one: sync on WSGI, async on ASGI",
    )
    load: Load = Load()
    posts: int = option(DEFAULT_POSTS, whole_number, "posts in the database", group=CONDITIONS, metavar="N")
    max_connections: tuple[int, ...] = option(
        (DEFAULT_MAX_CONNECTIONS,),
        whole_numbers,
        "connection limit of the lab's own database",
        group=CONDITIONS,
        metavar="N,...",
        several_text="or several, measured in turn",
    )
    latencies_ms: tuple[int, ...] = option(
        (0,),
        whole_numbers,
        "milliseconds added to all that database, cache and API send",
        name="latency_ms",
        group=CONDITIONS,
        metavar="N,...",
        several_text="or several, measured in turn",
    )
    client_latency_ms: int = option(
        0, whole_number, "milliseconds added to all that servers send to the users", group=CONDITIONS, metavar="N"
    )
    workers: int = option(1, whole_number, "processes of each server that has them", group=CONDITIONS, metavar="N")
    repeats: int = option(
        1, whole_number, "how many times each arm runs, in balanced orders", group=REPEATS, metavar="N"
    )
    a_a_pairs: int = option(
        0,
        whole_number,
        "how many times the first arm runs twice before all others, to show the noise",
        group=REPEATS,
        metavar="N",
        default_text="1 with --repeats, else 0",
    )
    confirm: bool = option(
        default=False,
        parse=bool,
        help_text="hold the capacity of each arm on a plateau of 30 s at the end, and less where the objective fails",
        group=REPEATS,
    )
    until_decided: bool = option(
        default=False,
        parse=bool,
        help_text="stop repeating arms as soon as their verdict is sure; --repeats is the most",
        group=REPEATS,
    )
    budget: str = option(
        "",
        duration_text,
        "how long all may take, such as 10m: chooses the load's length and the repeats, says what it can find, and"
        " stops as soon as all verdicts are sure",
        group=REPEATS,
        metavar="TIME",
    )
    pin: str = option(
        "auto",
        str,
        "processors of generator, server and services, such as 0:1-2:3; off; or auto: their own from 4 processors on",
        group=CONDITIONS,
        metavar="CORES",
    )
    factors: tuple[tuple[str, str], ...] = ()
    own_servers: tuple[Server, ...] = ()
    project: MeasuredProject | None = None
    ramp_users: tuple[tuple[str, int], ...] = ()

    def __post_init__(self) -> None:
        _check_names("view" if self.project else "route", self.routes, self._known_routes)
        if self.arms:
            self._check_arms()
        else:
            _check_names("server", self.servers, self.known_servers)
        if self.variants not in ((), ALL):
            for route in self.routes:
                self._check_variants(route, self.variants)
        if self.posts < 0:
            raise UsageError("--posts must be 0 or more")
        check_conditions(self.max_connections, self.latencies_ms)
        pinning.parse_pins(self.pin)
        if self.budget and not seconds_of(self.budget):
            raise UsageError(f"--budget {self.budget!r} is not a length, such as 10m or 1h30m")
        if self.budget and self.confirm:
            raise UsageError("--budget keeps no time for --confirm; leave one of them out")
        if self.until_decided and self.repeats == 1:
            raise UsageError("--until-decided needs --repeats N, the most that each arm runs")
        _check_numbers("--repeats", (self.repeats,), 1, 1000)
        _check_numbers("--a-a-pairs", (self.a_a_pairs,), 0, 1000)
        _check_numbers("--client-latency-ms", (self.client_latency_ms,), 0, LONGEST_LATENCY_MS)
        self._check_servers_that_run()

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Self:
        """Return the experiment from the JSON object that ``asdict`` made of it.

        Raise UsageError or ValueError for other content.
        """
        own_servers = read_value(list[dict[str, Any]], content.get("own_servers"), "own_servers")
        return read_dataclass(cls, {**content, "own_servers": list(map(with_current_names, own_servers))})

    @property
    def known_servers(self) -> dict[str, Server]:
        """The servers of the table, and the user's own, by name."""
        return {**SERVERS, **{server.name: server for server in self.own_servers}}

    @property
    def used_servers(self) -> list[Server]:
        """The servers that are measured, each once."""
        return list(dict.fromkeys(self.server(arm.server, arm.threads) for arm in self._used_arms))

    @property
    def _used_arms(self) -> list[Arm]:
        return [arm for route in self.routes for arm in self.arms_on(route)]

    @property
    def connection_limits(self) -> set[int]:
        """The connection limits of all arms."""
        return {arm.max_connections for arm in self.arms} or set(self.max_connections)

    def server(self, name: str, threads: int = 0) -> Server:
        """Return one of the known servers. threads: of each of its processes; 0 for its own number."""
        server = self.known_servers[name]
        return replace(server.with_threads(threads), name=server_title(name, threads)) if threads else server

    def server_of(self, trial: Trial) -> Server:
        """Return the server of a trial, with the trial's number of threads."""
        return self.server(trial.server, trial.threads)

    def load_of(self, trial: Trial) -> Load:
        """Return the load of a trial, which all arms of its subject have."""
        users = dict(self.ramp_users).get(trial.subject)
        return self.load.with_users(users) if users else self.load

    def arms_on(self, route: str) -> list[Arm]:
        """Return the arms that are compared with each other on a route."""
        if self.arms:
            return list(self.arms)
        return [
            Arm(server, variant, max_connections)
            for max_connections, server in product(self.max_connections, self.servers)
            for variant in self._variants_on(route, server)
        ]

    def check_machine(self) -> None:
        """Raise UsageError where this machine lacks a server or a processor that the experiment needs."""
        pinning.resolve_pins(self.pin)
        for arm in () if self.project else self._used_arms:  # the servers of a project run in its own environment
            servers.check_server(self.server(arm.server), arm.workers or self.workers)

    @property
    def _known_routes(self) -> Mapping[str, tuple[str, ...]]:
        """The names of what can be measured, each with the variants that are known of it."""
        if self.project:
            return {view.name: view.variants for view in self.project.views}
        return {
            name: tuple(dict.fromkeys((*route.sync_variants, *route.async_variants, *NATURAL)))
            for name, route in ROUTES.items()
        }

    def _variants_on(self, route: str, server: str) -> tuple[str, ...]:
        if self.variants != ALL:
            return self.variants or ("",)
        if self.project:
            return self._known_routes[route] or ("",)
        return ROUTES[route].variants(self.server(server).interface)

    def _check_variants(self, route: str, wanted: tuple[str, ...]) -> None:
        known = self._known_routes[route]
        for name in wanted:
            if name not in known:
                choice = f"choose one of {', '.join(known)}" if known else "it has no twins: leave variants out"
                raise UsageError(f"{route} has no variant {name!r}; {choice}")
        _check_names(f"variant of {route}", wanted, known)

    def _check_arms(self) -> None:
        if self.servers or self.variants or self.max_connections != (DEFAULT_MAX_CONNECTIONS,):
            raise UsageError("--arms names servers, variants and limits: leave out the flags for these")
        if len(set(self.arms)) < len(self.arms):
            raise UsageError("name each of --arms once")
        for arm in self.arms:
            _check_names("server", (arm.server,), self.known_servers)
            if arm.workers:
                servers.check_workers(arm.workers)
            if arm.threads and not self.server(arm.server).has_threads:
                raise UsageError(f"{arm.server} has no threads to set; leave out threads, or choose another server")
            _check_numbers("--arms: max_connections", (arm.max_connections,), 1, MOST_CONNECTIONS)
            for route in self.routes if arm.variant else ():
                if not self.project or self._known_routes[route]:  # a project's view without twins is one for all arms
                    self._check_variants(route, (arm.variant,))

    def _check_servers_that_run(self) -> None:
        for server in self.used_servers:
            if server.url and (any(self.latencies_ms) or self.connection_limits != {DEFAULT_MAX_CONNECTIONS}):
                raise UsageError(
                    f"{server.name} runs already, with its own services: leave --latency-ms and --max-connections out"
                )
            if server.url and self.client_latency_ms:
                upstream_address(server.url)


def check_conditions(max_connections: tuple[int, ...], latencies_ms: tuple[int, ...]) -> None:
    """Raise UsageError for connection limits and latencies (milliseconds) that the services cannot have."""
    _check_numbers("--max-connections", max_connections, 1, MOST_CONNECTIONS)
    _check_numbers("--latency-ms", latencies_ms, 0, LONGEST_LATENCY_MS)


def _check_numbers(flag: str, numbers: tuple[int, ...], lowest: int, highest: int) -> None:
    if not numbers or len(set(numbers)) < len(numbers) or not all(lowest <= each <= highest for each in numbers):
        raise UsageError(f"{flag} must be from {lowest} to {highest}" + (", each once" if len(numbers) > 1 else ""))


def _check_names(kind: str, wanted: tuple[str, ...], known: Iterable[str]) -> None:
    for name in wanted:
        if name not in known:
            raise UsageError(f"there is no {kind} {name!r}; choose from {', '.join(known)}")
    if not wanted or len(set(wanted)) < len(wanted):
        raise UsageError(f"name each {kind} once, separated by commas: {','.join(known)}")
