"""Settings that the lab puts over those of a project."""

import json
import runpy
from pathlib import Path
from typing import Any

import pytest

from locust_asyncdjango import probe

OWN = """
_private = 1
lower = 2
DEBUG = True
DATABASES = {
    "default": {"ENGINE": "a.sqlite3", "NAME": "x", "OPTIONS": {"timeout": 20}, "ATOMIC_REQUESTS": True},
    "other": {"ENGINE": "b"},
}
HOSTS = ["a"]
"""


def overridden(folder: Path, monkeypatch: pytest.MonkeyPatch, values: dict[str, Any]) -> dict[str, Any]:
    """Return the settings that Django would read."""
    (folder / "own_settings_of_a_test.py").write_text(OWN)
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setenv("LOCUST_ASYNCDJANGO_SETTINGS", "own_settings_of_a_test")
    monkeypatch.setenv("LOCUST_ASYNCDJANGO_OVERRIDE", json.dumps(values))
    module = runpy.run_path(str(Path(str(probe.__file__)).with_name("settings.py")))
    return {name: value for name, value in module.items() if name.isupper() and not name.startswith("_")}


def test_a_table_replaces_the_members_that_it_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    values: dict[str, Any] = {
        "DEBUG": False,
        "NEW": [1],
        "HOSTS": ["*"],
        "DATABASES": {"default": {"ENGINE": "c", "HOST": "h"}},
    }
    assert overridden(tmp_path, monkeypatch, values) == {
        "DEBUG": False,
        "NEW": [1],
        "HOSTS": ["*"],
        "DATABASES": {
            "default": {"ENGINE": "c", "NAME": "x", "HOST": "h", "ATOMIC_REQUESTS": True},
            "other": {"ENGINE": "b"},
        },
    }


def test_options_stay_with_their_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = overridden(tmp_path, monkeypatch, {"DATABASES": {"default": {"NAME": "y"}, "third": {"ENGINE": "d"}}})
    assert settings["DATABASES"] == {
        "default": {"ENGINE": "a.sqlite3", "NAME": "y", "OPTIONS": {"timeout": 20}, "ATOMIC_REQUESTS": True},
        "other": {"ENGINE": "b"},
        "third": {"ENGINE": "d"},
    }


def test_one_option_leaves_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def options_with(**members: Any) -> Any:
        settings = overridden(tmp_path, monkeypatch, {"DATABASES": {"default": members}})
        return settings["DATABASES"]["default"]["OPTIONS"]

    assert options_with(OPTIONS={"sslmode": "prefer"}) == {"timeout": 20, "sslmode": "prefer"}
    assert options_with(OPTIONS={"timeout": 5}) == {"timeout": 5}
    assert options_with(ENGINE="c", OPTIONS={"sslmode": "prefer"}) == {"sslmode": "prefer"}
