"""Folders of installed packages, found without an import: the lab must load neither gevent nor Django."""

import importlib.util
from pathlib import Path

from locust_asyncdjango.extras import install_command
from locust_asyncdjango.lab.errors import UsageError


def package_folder(package: str) -> Path:
    """Return the folder of an installed package.

    Raise UsageError, with the command that installs it, where it is missing.
    """
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise UsageError(f"{package} is not installed: {install_command('lab')}")
    return Path(next(iter(spec.submodule_search_locations))).absolute()


def locustfile(route: str) -> Path:
    """Return the path of the example locustfile that loads a route of the bundled site."""
    return package_folder("locust_asyncdjango.examples") / f"{route}.py"
