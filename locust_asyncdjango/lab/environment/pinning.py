"""Which processors the generator, the server and the services run on."""

import os
import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from locust_asyncdjango.lab.errors import UsageError

MIN_PROCESSORS_TO_PIN = 4
"""Processors that a machine needs before generator, server and services get processors of their own."""


@dataclass(frozen=True, slots=True)
class Pins:
    """The processors of the generator, of the server, and of the services with their proxies; None for all of them."""

    generator: frozenset[int] | None = None
    server: frozenset[int] | None = None
    services: frozenset[int] | None = None

    def __str__(self) -> str:
        if self.server is None:
            return "not pinned"
        each = (("generator", self.generator), ("server", self.server), ("services", self.services))
        return ", ".join(f"{name} on {','.join(map(str, sorted(cores or ())))}" for name, cores in each)


def parse_pins(text: str) -> Pins | None:
    """Return what --pin means: off, or GENERATOR:SERVER:SERVICES, such as 0:1-2:3; None for auto.

    Raise UsageError for any other text. Whether this machine has the processors is not checked.
    """
    if text == "auto":
        return None
    parts = [_parse_processors(part) for part in text.split(":")]
    if text == "off":
        return Pins()
    if len(parts) != 3 or not all(parts):
        raise UsageError(f"--pin {text} is not auto, off or GENERATOR:SERVER:SERVICES, such as 0:1-2:3")
    return Pins(*parts)


def resolve_pins(text: str) -> Pins:
    """Return the processors that --pin gives to each on this machine. Raise UsageError where it does not have them."""
    available = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
    pins = parse_pins(text)
    if pins is None:
        return divide_processors(available)
    named = frozenset().union(*(cores or () for cores in (pins.generator, pins.server, pins.services)))
    if missing := sorted(named - available):
        alternative = (
            f"there are {','.join(map(str, sorted(available)))}" if available else "none can be chosen on this system"
        )
        raise UsageError(f"--pin {text}: there is no processor {missing[0]} here; {alternative}")
    return pins


def divide_processors(available: Collection[int]) -> Pins:
    """Give a quarter of the processors to the generator, a quarter to the services, and the rest to the server.

    With fewer than MIN_PROCESSORS_TO_PIN nothing is pinned.
    """
    if len(available) < MIN_PROCESSORS_TO_PIN:
        return Pins()
    cores, quarter = sorted(available), len(available) // 4
    generator, server, services = cores[:quarter], cores[quarter:-quarter], cores[-quarter:]
    return Pins(frozenset(generator), frozenset(server), frozenset(services))


def _parse_processors(text: str) -> frozenset[int]:
    """Return the numbers in a text such as 0,2-3; none where it is not such a text."""
    processors: set[int] = set()
    for part in text.split(","):
        if not (match := re.fullmatch(r"(\d{1,4})(?:-(\d{1,4}))?", part)):
            return frozenset()
        first, last = int(match[1]), int(match[2] or match[1])
        processors.update(range(first, last + 1))
    return frozenset(processors)


@contextmanager
def pinned_to(processors: frozenset[int] | None) -> Iterator[None]:
    """Let programs that are started within the context run on these processors only; on all of them for None."""
    if processors is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, processors)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
