"""Which driver the ORM uses. Each choice needs a process of its own: Django's backend is imported once."""

import subprocess
import sys

import pytest

CHOOSE = "from target_site.database.orm_driver import choose_orm_driver as choose; "
DRIVER = "from django.db.backends.postgresql.psycopg_any import is_psycopg3; print(is_psycopg3)"


def run(code: str) -> subprocess.CompletedProcess[str]:
    """Run Python code in a process of its own."""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("name", "is_psycopg3"), [("psycopg2", "False"), ("psycopg", "True")])
def test_the_orm_uses_the_driver_and_both_can_be_imported(name: str, is_psycopg3: str) -> None:
    done = run(f"{CHOOSE}choose({name!r}); choose({name!r}); import psycopg, psycopg2; {DRIVER}")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{is_psycopg3}\n", "")


def test_a_choice_that_comes_too_late_is_an_error() -> None:
    done = run(f"import django.db.backends.postgresql.base; {CHOOSE}choose('psycopg2')")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "django.core.exceptions.ImproperlyConfigured: the ORM cannot use psycopg2: Django's PostgreSQL backend was"
        " imported before the settings, and uses psycopg; import target_site.settings first, or choose psycopg"
    )
