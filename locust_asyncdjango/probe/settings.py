"""A settings module that puts the lab's values over a project's settings, without a change to any of its files.

The lab names it in DJANGO_SETTINGS_MODULE where asyncdjango.toml has a table [project.override]. It takes the name of
the project's own settings module and the values, as JSON, from environment variables. A value that is a table replaces
the members that it names. In a database or a cache it does so too: DATABASES with "default", and in it HOST, leave
other databases and CONN_MAX_AGE as they are, and OPTIONS with one option leave the other options. OPTIONS of another
engine are left out.
"""

import importlib
import json
import os
from typing import Any

_ENGINE_NAMES = ("ENGINE", "BACKEND")
_OPTIONS = "OPTIONS"


def _overridden(own: Any, value: Any) -> Any:
    if not isinstance(own, dict) or not isinstance(value, dict):
        return value
    return {**own, **{name: _merged(own.get(name), member) for name, member in value.items()}}


def _merged(own: Any, value: Any) -> Any:
    """Return a database or a cache with the members that a value names."""
    if not isinstance(own, dict) or not isinstance(value, dict):
        return value
    is_another = any(value.get(name, own.get(name)) != own.get(name) for name in _ENGINE_NAMES)
    options = {} if is_another else own.get(_OPTIONS) or {}
    merged = {**own, **value, _OPTIONS: {**options, **(value.get(_OPTIONS) or {})}}
    return merged if merged[_OPTIONS] else {name: member for name, member in merged.items() if name != _OPTIONS}


def _settings() -> dict[str, Any]:
    module = importlib.import_module(os.environ["LOCUST_ASYNCDJANGO_SETTINGS"])
    settings = {name: getattr(module, name) for name in dir(module) if name.isupper()}
    for name, value in json.loads(os.environ["LOCUST_ASYNCDJANGO_OVERRIDE"]).items():
        settings[name] = _overridden(settings.get(name), value)
    return settings


globals().update(_settings())
