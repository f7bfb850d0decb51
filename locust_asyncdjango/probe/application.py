"""The application of the project, wrapped.

An error of the project's own import is raised as it is, so that the server shows it.
"""

import importlib
import os
from typing import Any

from .event_loop.watch import LoopWatches
from .hooks import install_hooks
from .pages.router import Pages
from .protocol import APPLICATION_VARIABLE, TOKEN_VARIABLE
from .recording.ledger import Ledger
from .wrappers.asgi_wrapper import ASGIWrapper
from .wrappers.token import Token
from .wrappers.wsgi_wrapper import WSGIWrapper


def make_wsgi_application() -> WSGIWrapper:
    """Return the WSGI application that the environment names, or Django's own, wrapped."""
    application = load_application("django.core.wsgi:get_wsgi_application")
    ledger, watches = Ledger(), LoopWatches()
    return WSGIWrapper(application, _token(), ledger, Pages("wsgi", ledger, watches))


def make_asgi_application() -> ASGIWrapper:
    """Return the ASGI application that the environment names, or Django's own, wrapped."""
    application = load_application("django.core.asgi:get_asgi_application")
    ledger, watches = Ledger(), LoopWatches()
    return ASGIWrapper(application, _token(), ledger, Pages("asgi", ledger, watches), watches)


def load_application(default: str) -> Any:
    """Return the application that the environment names and install the hooks.

    default: the function that makes Django's own, as ``module:function``. It needs DJANGO_SETTINGS_MODULE.
    """
    name = os.environ.get(APPLICATION_VARIABLE, "")
    application = import_attribute(name) if name else import_attribute(default)()
    install_hooks()
    return application


def import_attribute(name: str) -> Any:
    """Return ``module:attribute``, or ``module.attribute`` as Django's WSGI_APPLICATION has it.

    Raise what the import raises, and ImportError for a name without a module, or without such an attribute.
    """
    module_name, separator, path = name.partition(":")
    if not separator:
        module_name, _, path = name.rpartition(".")
    if not module_name or not path:
        raise ImportError(f"{APPLICATION_VARIABLE} must be module:attribute, not {name!r}")
    value: Any = importlib.import_module(module_name)
    for attribute in path.split("."):
        if not hasattr(value, attribute):
            raise ImportError(f"{module_name!r} has no attribute {path!r}, which {APPLICATION_VARIABLE} names")
        value = getattr(value, attribute)
    return value


def _token() -> Token:
    return Token(os.environ.get(TOKEN_VARIABLE, ""))
