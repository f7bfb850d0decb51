"""Which processors the generator, the server and the services run on."""

import os
import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from locust_asyncdjango.lab.errors import UsageError

MIN_PROCESSORS_TO_PIN = 4
"""Processors from which on generator, server and services each have their own."""


@dataclass(frozen=True, slots=True)
class Pins:
    """The processors of the generator, the server, and the services with their proxies; None for all there are."""

    generator: frozenset[int] | None = None
    server: frozenset[int] | None = None
    services: frozenset[int] | None = None

    def __str__(self) -> str:
        if self.server is None:
            return "not pinned"
        each = (("generator", self.generator), ("server", self.server), ("services", self.services))
        return ", ".join(f"{name} on {','.join(map(str, sorted(cores or ())))}" for name, cores in each)


def parse_pins(asked: str) -> Pins | None:
    """Of off, or GENERATOR:SERVER:SERVICES, such as 0:1-2:3; None for auto, by what there is. Raises UsageError."""
    if asked == "auto":
        return None
    parts = [_parse_processors(part) for part in asked.split(":")]
    if asked == "off":
        return Pins()
    if len(parts) != 3 or not all(parts):
        raise UsageError(f"--pin {asked} is not auto, off or GENERATOR:SERVER:SERVICES, such as 0:1-2:3")
    return Pins(*parts)


def resolve_pins(asked: str) -> Pins:
    """Which processors each has here. Raises UsageError."""
    here = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
    found = parse_pins(asked)
    if found is None:
        return divide_processors(here)
    named = frozenset().union(*(cores or () for cores in (found.generator, found.server, found.services)))
    if missing := sorted(named - here):
        there = f"there are {','.join(map(str, sorted(here)))}" if here else "none can be chosen on this system"
        raise UsageError(f"--pin {asked}: there is no processor {missing[0]} here; {there}")
    return found


def divide_processors(here: Collection[int]) -> Pins:
    """A quarter for the generator, a quarter for the services, the rest for the server; nothing of too few."""
    if len(here) < MIN_PROCESSORS_TO_PIN:
        return Pins()
    cores, quarter = sorted(here), len(here) // 4
    generator, server, services = cores[:quarter], cores[quarter:-quarter], cores[-quarter:]
    return Pins(frozenset(generator), frozenset(server), frozenset(services))


def _parse_processors(text: str) -> frozenset[int]:
    """Of 0,2-3; empty where that is none."""
    found: set[int] = set()
    for part in text.split(","):
        if not (match := re.fullmatch(r"(\d{1,4})(?:-(\d{1,4}))?", part)):
            return frozenset()
        first, last = int(match[1]), int(match[2] or match[1])
        found.update(range(first, last + 1))
    return frozenset(found)


@contextmanager
def pinned_to(cores: frozenset[int] | None) -> Iterator[None]:
    """What is started within it, and what that starts, runs on these processors; on all there are for None."""
    if cores is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
