"""Sync or async Django? A Locust extension that answers by measurement.

The public names are loaded when they are first asked for: importing Locust patches the process with gevent, which the
lab (``locust_asyncdjango.lab``) must not be.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from locust_asyncdjango._version import __version__

if TYPE_CHECKING:
    from locust_asyncdjango.arrivals import arrival
    from locust_asyncdjango.client import FastUser
    from locust_asyncdjango.failures import Failure, classify
    from locust_asyncdjango.own_rules import add_rule
    from locust_asyncdjango.users import (
        CachedUser,
        CpuUser,
        ExternalUser,
        IoCreateUser,
        IoReadUser,
        ListDetailUser,
        OrmGetUser,
        OrmPostUser,
        RouteUser,
        TemplateUser,
    )

__all__ = [
    "CachedUser",
    "CpuUser",
    "ExternalUser",
    "Failure",
    "FastUser",
    "IoCreateUser",
    "IoReadUser",
    "ListDetailUser",
    "OrmGetUser",
    "OrmPostUser",
    "RouteUser",
    "TemplateUser",
    "__version__",
    "add_rule",
    "arrival",
    "classify",
]

_HOMES = {
    "CachedUser": "users",
    "CpuUser": "users",
    "ExternalUser": "users",
    "Failure": "failures",
    # With the plugin, as whoever takes it expects.
    "FastUser": "users",
    "IoCreateUser": "users",
    "IoReadUser": "users",
    "ListDetailUser": "users",
    "OrmGetUser": "users",
    "OrmPostUser": "users",
    "RouteUser": "users",
    "TemplateUser": "users",
    "add_rule": "own_rules",
    # With the plugin, without which nothing is due.
    "arrival": "users",
    "classify": "failures",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
