"""Sync or async Django? A Locust extension that answers by measurement.

Public names are loaded when they are first used, because importing Locust patches the process with gevent. That must
not happen to the lab (``locust_asyncdjango.lab``).
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from locust_asyncdjango._version import __version__

if TYPE_CHECKING:
    from locust_asyncdjango.client.exceptions import FailedRequestError
    from locust_asyncdjango.client.user import FastUser
    from locust_asyncdjango.failures.classify import add_rule, classify
    from locust_asyncdjango.failures.model import Failure
    from locust_asyncdjango.load.arrivals import arrival
    from locust_asyncdjango.routes import Login
    from locust_asyncdjango.users.login import LoginUser
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
    "FailedRequestError",
    "Failure",
    "FastUser",
    "IoCreateUser",
    "IoReadUser",
    "ListDetailUser",
    "Login",
    "LoginUser",
    "OrmGetUser",
    "OrmPostUser",
    "RouteUser",
    "TemplateUser",
    "__version__",
    "add_rule",
    "arrival",
    "classify",
]

_MODULES = {
    "FailedRequestError": "locust_asyncdjango.client.exceptions",
    "Failure": "locust_asyncdjango.failures.model",
    "Login": "locust_asyncdjango.routes",
    "LoginUser": "locust_asyncdjango.users.login",
    "add_rule": "locust_asyncdjango.failures.classify",
    "classify": "locust_asyncdjango.failures.classify",
}
_USERS_MODULE = "locust_asyncdjango.users.route_users"
"""The module that all other names come from. Importing it registers the plugin, as the user classes need it."""


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES.get(name, _USERS_MODULE)), name)


def __dir__() -> list[str]:
    return sorted(__all__)
