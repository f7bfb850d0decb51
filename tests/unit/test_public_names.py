"""The public names: each can be loaded, and loading one brings no more than it needs."""

import subprocess
import sys

import pytest

import locust_asyncdjango


@pytest.mark.parametrize("name", locust_asyncdjango.__all__)
def test_a_public_name_can_be_loaded_and_has_help(name: str) -> None:
    public = getattr(locust_asyncdjango, name)
    assert name in dir(locust_asyncdjango)
    assert isinstance(public, str) or public.__doc__


def test_any_other_name_is_missing() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'no_such_name'"):
        _ = locust_asyncdjango.no_such_name


@pytest.mark.parametrize(
    ("statement", "loads_locust", "registers"),
    [
        ("import locust_asyncdjango", False, False),
        ("from locust_asyncdjango import Failure, add_rule, classify", False, False),
        ("from locust_asyncdjango import Login", False, False),
        ("from locust_asyncdjango import FailedRequestError", True, False),
        ("import locust_asyncdjango.client.user", True, False),
        ("from locust_asyncdjango import FastUser", True, True),
        ("from locust_asyncdjango import RouteUser", True, True),
        ("from locust_asyncdjango import LoginUser", True, True),
        ("from locust_asyncdjango import arrival", True, True),
        ("import locust_asyncdjango.plugin", True, True),
    ],
)
def test_what_an_import_brings(statement: str, loads_locust: bool, registers: bool) -> None:
    code = (
        f"{statement}\nimport sys\n"
        "print('locust' in sys.modules, end=' ')\n"
        "import locust\n"
        "print(any('asyncdjango' in each.__module__ for each in locust.events.init._handlers))"
    )
    result = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert result.stdout.split() == [str(loads_locust), str(registers)]
