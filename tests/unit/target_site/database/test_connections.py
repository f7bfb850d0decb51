"""Connections without the ORM: each driver is imported when a request first needs it."""

import subprocess
import sys

import pytest

IMPORT_ALL = """
import sys, django
from django.conf import settings
settings.configure(
    INSTALLED_APPS=("target_site",),
    MIDDLEWARE=("target_site.problems.ProblemMiddleware",),
    ROOT_URLCONF="target_site.urls",
    ALLOWED_HOSTS=("testserver",),
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
)
for name in HIDDEN:
    sys.modules[name] = None
django.setup()
from django.test import Client
from target_site.urls import urlpatterns
"""
CLIENTS = ("psycopg2", "psycopg", "psycopg_pool", "asyncpg", "redis", "aioredis", "httpx", "gevent", "psycogreen")


def run(hidden: tuple[str, ...], code: str) -> str:
    """Return what a program prints that sets up a project of its own with the routes, without these packages."""
    program = f"HIDDEN = {hidden!r}\n{IMPORT_ALL}\n{code}"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_project_with_the_routes_needs_none_of_their_drivers() -> None:
    code = "print(Client().get('/template/').status_code, Client().get('/cpu/?n=3').json())"
    assert run(CLIENTS, code) == "200 {'n': 3, 'sum': 5}\n"


def test_no_driver_is_imported_before_a_variant_needs_it() -> None:
    loaded = f"print([name for name in {CLIENTS!r} if name in sys.modules])"
    assert run((), loaded) == "[]\n"


@pytest.mark.parametrize("path", ["/orm_get/asyncpg/", "/orm_get/psycopg2/", "/cached/sync/", "/external/sync/"])
def test_a_variant_without_its_driver_says_so_in_its_own_request(path: str) -> None:
    fetch = f"response = Client(raise_request_exception=False).get({path!r})"
    assert run(CLIENTS, f"{fetch}\nprint(response.status_code, response.json()['exception'])") == (
        "500 ModuleNotFoundError\n"
    )
