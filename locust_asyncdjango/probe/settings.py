"""A settings module that puts the lab's values over a project's settings, without a change to any of its files.

The lab names it in DJANGO_SETTINGS_MODULE where asyncdjango.toml has a table [project.override]. It takes the name of
the project's own settings module and the values, as JSON, from environment variables. A value that is a table replaces
the members that it names: DATABASES of an override with "default" leaves other databases as they are.
"""

import importlib
import json
import os
from typing import Any


def _overridden(own: Any, value: Any) -> Any:
    return {**own, **value} if isinstance(own, dict) and isinstance(value, dict) else value


def _settings() -> "dict[str, Any]":
    module = importlib.import_module(os.environ["LOCUST_ASYNCDJANGO_SETTINGS"])
    settings = {name: getattr(module, name) for name in dir(module) if name.isupper()}
    for name, value in json.loads(os.environ["LOCUST_ASYNCDJANGO_OVERRIDE"]).items():
        settings[name] = _overridden(settings.get(name), value)
    return settings


globals().update(_settings())
