"""Sync or async Django? A Locust extension that answers by measurement.

The public names are loaded when they are first asked for: importing Locust patches the process with gevent, which the
lab (``locust_asyncdjango.lab``) must not be.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from locust_asyncdjango._version import __version__

if TYPE_CHECKING:
    from locust_asyncdjango.client.user import FastUser
    from locust_asyncdjango.failures.classify import classify
    from locust_asyncdjango.failures.custom_rules import add_rule
    from locust_asyncdjango.failures.model import Failure
    from locust_asyncdjango.load.arrivals import arrival
    from locust_asyncdjango.users.route_users import (
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
    "CachedUser": "users.route_users",
    "CpuUser": "users.route_users",
    "ExternalUser": "users.route_users",
    "Failure": "failures.model",
    # With the plugin, as whoever takes it expects.
    "FastUser": "users.route_users",
    "IoCreateUser": "users.route_users",
    "IoReadUser": "users.route_users",
    "ListDetailUser": "users.route_users",
    "OrmGetUser": "users.route_users",
    "OrmPostUser": "users.route_users",
    "RouteUser": "users.route_users",
    "TemplateUser": "users.route_users",
    "add_rule": "failures.custom_rules",
    # With the plugin, without which nothing is due.
    "arrival": "users.route_users",
    "classify": "failures.classify",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
