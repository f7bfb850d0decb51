"""What this process runs on: the server, seen from inside, and whether waiting for PostgreSQL lets others work."""

import logging
import sys
from importlib.metadata import version
from typing import Any

import psycopg.waiting
import psycopg2.extensions

from target_site.config import ACCESS_LOGS

_WORKERS = {
    "gunicorn.workers.sync": "gunicorn sync",
    "gunicorn.workers.gthread": "gunicorn gthread",
    "gunicorn.workers.ggevent": "gunicorn gevent",
    "gunicorn.workers.gasgi": "gunicorn asgi",
    "uvicorn_worker": "gunicorn uvicorn",
    "uvicorn.workers": "gunicorn uvicorn",
    "uwsgi": "uwsgi",
    "granian": "granian",
    "hypercorn": "hypercorn",
    "daphne": "daphne",
    "waitress": "waitress",
    "uvicorn": "uvicorn",
    "gunicorn": "gunicorn",
}
"""Module -> the server whose processes load it, and its worker class. The first that is loaded counts: gunicorn loads
the module of one worker class only, and some of these bring uvicorn."""


def server() -> str:
    """The server and its worker class, such as ``gunicorn gthread``; empty for one that is not known here."""
    found = next((name for module, name in _WORKERS.items() if module in sys.modules), "")
    return f"{found} gevent" if found == "uwsgi" and "gevent" in _uwsgi().opt else found


def server_version() -> str:
    """Its version; empty where it is not known."""
    name = server().partition(" ")[0]
    if name == "uwsgi":
        return str(_uwsgi().version.decode())
    return version(name) if name else ""


def writes_access_log() -> bool:
    """Whether the server writes a line for each request."""
    name = server().partition(" ")[0]
    if name == "uwsgi":
        return "disable-logging" not in _uwsgi().opt
    if name == "daphne":  # not through Python's logging
        return any(argument.startswith("--access-log") for argument in sys.argv)
    return any(_is_written(logging.getLogger(log)) for log in ACCESS_LOGS if name and log.startswith(name))


def _is_written(log: logging.Logger) -> bool:
    return log.hasHandlers() and log.isEnabledFor(logging.INFO)


def patched_by_gevent() -> bool:
    """Whether this process's sockets are gevent's."""
    monkey: Any = sys.modules.get("gevent.monkey")
    return bool(monkey and monkey.is_module_patched("socket"))


def let_psycopg2_yield() -> None:
    """Where gevent has patched the process, has psycopg2 wait as a greenlet. psycopg 3 sees to it at its import."""
    if patched_by_gevent():
        from psycogreen.gevent import patch_psycopg

        patch_psycopg()


def blocking_drivers() -> list[str]:
    """Drivers that block all of gevent's greenlets while one waits for PostgreSQL; none without gevent."""
    if not patched_by_gevent():
        return []
    # Written in C, wait_c knows nothing of gevent. psycopg takes it when it is imported before gevent patches.
    blocks = {
        "psycopg2": psycopg2.extensions.get_wait_callback() is None,
        "psycopg": psycopg.waiting.wait is getattr(psycopg.waiting, "wait_c", None),
    }
    return [driver for driver, is_blocking in blocks.items() if is_blocking]


def _uwsgi() -> Any:
    return sys.modules["uwsgi"]
