"""What the site is compared by, besides its variants: each factor from an environment variable, checked once."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

PREFIX = "TARGET_SITE_"

LARGEST_POOL = 1000
LONGEST_POOL_WAIT_S = 25

ACCESS_LOGS = ("gunicorn.access", "uvicorn.access", "hypercorn.access", "granian.access", "django.server")
"""Servers' loggers of a line per request."""


@dataclass(frozen=True, slots=True)
class Factors:
    """One field per environment variable."""

    interface: str
    """wsgi or asgi: which variant a route's own path stands for."""
    orm_driver: str
    """psycopg2 or psycopg (3)."""
    connections: str
    """close after each request, keep them persistent, or lend them from a pool of pool_size."""
    pool_size: int
    pool_wait_s: int
    """For a connection of the pool to be free. Servers give up on a request after 30 s; some kill the worker for it."""
    middleware: str
    """none, Django's default seven, or those and one that is sync only."""
    access_log: str
    """off silences the server's, where it logs through Python; on lets it be."""
    redis_url: str
    slow_api_url: str

    @classmethod
    def of(cls, env: Mapping[str, str]) -> Self:
        """Raises ImproperlyConfigured, also for a variable that looks like one of these and is none."""
        for name in env:
            if name.startswith(PREFIX) and name.removeprefix(PREFIX).lower() not in cls.__slots__:
                known = ", ".join(PREFIX + field.upper() for field in cls.__slots__ if not field.endswith("_url"))
                raise ImproperlyConfigured(f"there is no {name}; choose from {known}")
        factors = cls(
            interface=_chosen(env, "TARGET_SITE_INTERFACE", "wsgi", "asgi"),
            orm_driver=_chosen(env, "TARGET_SITE_ORM_DRIVER", "psycopg2", "psycopg"),
            connections=_chosen(env, "TARGET_SITE_CONNECTIONS", "close", "persistent", "pool"),
            pool_size=_whole_number(env, "TARGET_SITE_POOL_SIZE", 10, LARGEST_POOL),
            pool_wait_s=_whole_number(env, "TARGET_SITE_POOL_WAIT_S", 10, LONGEST_POOL_WAIT_S),
            middleware=_chosen(env, "TARGET_SITE_MIDDLEWARE", "none", "default", "default+sync"),
            access_log=_chosen(env, "TARGET_SITE_ACCESS_LOG", "off", "on"),
            redis_url=_url(env, "REDIS_URL", "redis://127.0.0.1:6379/0", ("redis://", "rediss://")),
            slow_api_url=_url(env, "SLOW_API_URL", "http://127.0.0.1:5000", ("http://", "https://")).rstrip("/"),
        )
        if factors.connections == "pool" and factors.orm_driver != "psycopg":
            raise ImproperlyConfigured("TARGET_SITE_CONNECTIONS=pool needs TARGET_SITE_ORM_DRIVER=psycopg as well")
        return factors


def _chosen(env: Mapping[str, str], name: str, *choices: str) -> str:
    """One of the choices, of which the first is the default."""
    value = env.get(name) or choices[0]
    if value not in choices:
        raise ImproperlyConfigured(f"{name} must be {', '.join(choices[:-1])} or {choices[-1]}")
    return value


def _whole_number(env: Mapping[str, str], name: str, default: int, largest: int) -> int:
    value = env.get(name) or str(default)
    if not (value.isascii() and value.isdigit() and len(value) <= len(str(largest)) and 1 <= int(value) <= largest):
        raise ImproperlyConfigured(f"{name} must be a whole number from 1 to {largest}")
    return int(value)


def _url(env: Mapping[str, str], name: str, default: str, beginnings: tuple[str, ...]) -> str:
    value = env.get(name) or default
    try:
        parts = urlsplit(value)
        usable = value.startswith(beginnings) and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise ImproperlyConfigured(f"{name} must look like {default}")
    return value


FACTORS = Factors.of(os.environ)
