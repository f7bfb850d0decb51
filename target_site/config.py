"""The site's configuration: an environment variable for each field of SiteConfig, read and checked at the start."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

PREFIX = "TARGET_SITE_"

DEFAULT_MIDDLEWARE = "none"
"""The value of TARGET_SITE_MIDDLEWARE if it is not set."""

LARGEST_POOL = 1000
LONGEST_POOL_WAIT_S = 25
"""The longest wait for a pool. Servers abort a request after 30 s, and some kill the worker that works on it."""

ACCESS_LOGS = ("gunicorn.access", "uvicorn.access", "hypercorn.access", "granian.access", "django.server")
"""The loggers to which servers write a line for each request."""


@dataclass(frozen=True, slots=True)
class SiteConfig:
    """The settings of the site that environment variables change."""

    interface: str
    """wsgi or asgi: decides which variant a route's own path requests."""
    orm_driver: str
    """psycopg2 or psycopg (3): the driver that the ORM uses."""
    connections: str
    """close (a new connection for each request), persistent, or pool (borrowed from a pool of pool_size)."""
    pool_size: int
    """How many connections a pool has in each process."""
    pool_wait_s: int
    """How many seconds a request waits until a connection of the pool is free."""
    middleware: str
    """none, default (the seven of a new Django project), or default+sync (and one more, which is sync only)."""
    access_log: str
    """off (the server writes no line for a request, if it logs through Python's logging) or on."""
    redis_url: str
    slow_api_url: str

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Self:
        """Read the configuration. An empty variable counts as not set.

        Raise ImproperlyConfigured for a wrong value, and for a variable with our prefix that does not exist, which is
        usually a typing error.
        """
        for name in env:
            if name.startswith(PREFIX) and name.removeprefix(PREFIX).lower() not in cls.__slots__:
                known = ", ".join(PREFIX + field.upper() for field in cls.__slots__ if not field.endswith("_url"))
                raise ImproperlyConfigured(f"there is no {name}; choose from {known}")
        config = cls(
            interface=_read_choice(env, "TARGET_SITE_INTERFACE", "wsgi", "asgi"),
            orm_driver=_read_choice(env, "TARGET_SITE_ORM_DRIVER", "psycopg2", "psycopg"),
            connections=_read_choice(env, "TARGET_SITE_CONNECTIONS", "close", "persistent", "pool"),
            pool_size=_read_integer(env, "TARGET_SITE_POOL_SIZE", 10, LARGEST_POOL),
            pool_wait_s=_read_integer(env, "TARGET_SITE_POOL_WAIT_S", 10, LONGEST_POOL_WAIT_S),
            middleware=_read_choice(
                env, "TARGET_SITE_MIDDLEWARE", "none", "default", "default+sync", default=DEFAULT_MIDDLEWARE
            ),
            access_log=_read_choice(env, "TARGET_SITE_ACCESS_LOG", "off", "on"),
            redis_url=_read_url(env, "REDIS_URL", "redis://127.0.0.1:6379/0", ("redis://", "rediss://")),
            slow_api_url=_read_url(env, "SLOW_API_URL", "http://127.0.0.1:5000", ("http://", "https://")).rstrip("/"),
        )
        if config.connections == "pool" and config.orm_driver != "psycopg":
            raise ImproperlyConfigured("TARGET_SITE_CONNECTIONS=pool needs TARGET_SITE_ORM_DRIVER=psycopg as well")
        return config


def _read_choice(env: Mapping[str, str], name: str, *choices: str, default: str = "") -> str:
    """Return the variable's value. If it is not set, return the default, or the first choice without one."""
    value = env.get(name) or default or choices[0]
    if value not in choices:
        raise ImproperlyConfigured(f"{name} must be {', '.join(choices[:-1])} or {choices[-1]}")
    return value


def _read_integer(env: Mapping[str, str], name: str, default: int, largest: int) -> int:
    value = env.get(name) or str(default)
    if not (value.isascii() and value.isdigit() and len(value) <= len(str(largest)) and 1 <= int(value) <= largest):
        raise ImproperlyConfigured(f"{name} must be a whole number from 1 to {largest}")
    return int(value)


def _read_url(env: Mapping[str, str], name: str, default: str, schemes: tuple[str, ...]) -> str:
    value = env.get(name) or default
    try:
        parts = urlsplit(value)
        is_usable = value.startswith(schemes) and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_usable = False
    if not is_usable:
        raise ImproperlyConfigured(f"{name} must look like {default}")
    return value


CONFIG = SiteConfig.from_env(os.environ)
