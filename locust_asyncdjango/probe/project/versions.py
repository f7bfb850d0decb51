"""The versions of what a project runs on."""

import platform
from importlib.metadata import distributions
from importlib.util import find_spec

from .server import package_version

DRIVERS = (
    *("psycopg2", "psycopg2-binary", "psycopg", "psycopg-binary", "psycopg-c", "psycopg-pool", "asyncpg"),
    *("mysqlclient", "pymysql", "redis", "hiredis", "django-redis", "aioredis", "httpx", "requests", "aiohttp"),
    *("asgiref", "uvloop", "gevent", "greenlet", "psycogreen", "httptools", "djangorestframework", "channels"),
)
"""The packages, as pip names them, whose versions have a part in how fast a project is."""
SERVERS = {
    "gunicorn": "gunicorn",
    "uvicorn": "uvicorn",
    "uvicorn-worker": "uvicorn_worker",
    "pyuwsgi": "pyuwsgi",
    "uwsgi": "uwsgi",
    "granian": "granian",
    "hypercorn": "hypercorn",
    "daphne": "daphne",
    "waitress": "waitress",
    "gevent": "gevent",
}
"""A server's package -> the module that shows that it can be started. gevent is what two of them need for greenlets."""


def python_and_django() -> dict[str, str]:
    """Return the versions of Python, of Django and of the drivers that are installed."""
    import django

    drivers = {name: known for name in DRIVERS if (known := package_version(name))}
    return {"python": platform.python_version(), "django": django.get_version(), **drivers}


def installed_packages() -> dict[str, str]:
    """Return all packages that this Python finds, in lower case, with their versions."""
    packages: dict[str, str] = {}
    for distribution in distributions():
        # A folder that was left half removed has no name.
        name = distribution.metadata["Name"]
        if name:
            # The first one on the path is the one that is imported.
            packages.setdefault(str(name).lower(), str(distribution.version))
    return packages


def installed_servers() -> dict[str, str]:
    """Return the servers that this Python can start, with their versions. uWSGI as a program of its own counts not."""
    return {name: package_version(name) for name, module in SERVERS.items() if find_spec(module) is not None}
