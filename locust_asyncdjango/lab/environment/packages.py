"""Where packages are installed, found without importing them: the lab must not be patched, nor load Django."""

import importlib.util
from pathlib import Path

from locust_asyncdjango.lab.errors import UsageError


def package_folder(package: str) -> Path:
    """A package's folder. Raises UsageError where it is not installed."""
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise UsageError(f"{package} is not installed: pip install 'locust-asyncdjango[lab]'")
    return Path(next(iter(found.submodule_search_locations))).absolute()


def locustfile(route: str) -> Path:
    """Return the path of the example locustfile that loads a route of the bundled site."""
    return package_folder("locust_asyncdjango.examples") / f"{route}.py"
