"""The settings as a process reads them from its environment, and the commands of manage.py."""

import os
import subprocess
import sys

import pytest

from tests.support.management import manage


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("DATABASE_URL", "nonsense", "DATABASE_URL must look like postgresql://user:password@host:port/name"),
        ("DATABASE_URL", "sqlite:///x", "DATABASE_URL must name a PostgreSQL database"),
        ("TARGET_SITE_INTERFACE", "cgi", "TARGET_SITE_INTERFACE must be wsgi or asgi"),
    ],
)
def test_a_wrong_setting_is_one_line_and_exit_code_2(variable: str, value: str, message: str) -> None:
    done = manage({variable: value}, "check")
    assert done.returncode == 2
    assert done.stderr.startswith(f"CommandError: {message}")
    assert done.stderr.count("\n") == 1


def test_migrations_are_up_to_date() -> None:
    assert manage({}, "makemigrations", "--check", "--dry-run").stdout == "No changes detected\n"


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({}, "[0, {}, 1, False]"),
        ({"TARGET_SITE_CONNECTIONS": "persistent"}, "[None, {}, 1, False]"),
        (
            {
                "TARGET_SITE_CONNECTIONS": "pool",
                "TARGET_SITE_ORM_DRIVER": "psycopg",
                "TARGET_SITE_POOL_SIZE": "3",
                "TARGET_SITE_MIDDLEWARE": "default+sync",
            },
            "[0, {'pool': {'min_size': 0, 'max_size': 3, 'timeout': 10}}, 9, True]",
        ),
    ],
    ids=["defaults", "persistent", "pool"],
)
def test_what_the_variables_change(env: dict[str, str], expected: str) -> None:
    code = (
        "from target_site import settings as s; d = s.DATABASES['default'];"
        "print([d['CONN_MAX_AGE'], d.get('OPTIONS', {}), len(s.MIDDLEWARE),"
        " s.MIDDLEWARE[0] == 'target_site.sync_middleware.header_middleware'])"
    )
    own = {name: value for name, value in os.environ.items() if not name.startswith("TARGET_SITE_")}
    done = subprocess.run([sys.executable, "-c", code], env={**own, **env}, capture_output=True, text=True, check=True)
    assert done.stdout == f"{expected}\n"
