"""What this process runs on: the server, whether gevent has patched it, and whether drivers block gevent."""

import logging
import re
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Any

ACCESS_LOGS = ("gunicorn.access", "uvicorn.access", "hypercorn.access", "granian.access", "django.server")
"""The loggers to which servers write a line for each request."""

_SERVER_BY_MODULE = {
    "gunicorn.workers.sync": "gunicorn sync",
    "gunicorn.workers.gthread": "gunicorn gthread",
    "gunicorn.workers.ggevent": "gunicorn gevent",
    "gunicorn.workers.gasgi": "gunicorn asgi",
    "uvicorn_worker": "gunicorn uvicorn",
    "uvicorn.workers": "gunicorn uvicorn",
    "uwsgi": "uwsgi",
    "granian": "granian",
    "hypercorn": "hypercorn",
    "daphne.cli": "daphne",
    "waitress": "waitress",
    "uvicorn": "uvicorn",
    "gunicorn": "gunicorn",
}
"""A module -> the server whose processes load it, and its worker class. The first loaded module counts: gunicorn loads
the module of one worker class only, and some of these modules import uvicorn. daphne is an app of Django too, which a
project may have on any server; its command line is loaded where it is the server."""
_SLOTS_ARGUMENT = re.compile(r"--(?:threads|worker-connections|blocking-threads)(?:=|\s)(\d+)")


def server_name() -> str:
    """Return the server and its worker class, such as ``gunicorn gthread``; "" for a server that is not known here."""
    name = next((name for module, name in _SERVER_BY_MODULE.items() if module in sys.modules), "")
    return f"{name} gevent" if name == "uwsgi" and "gevent" in _uwsgi().opt else name


def server_version() -> str:
    """Return the server's version; "" for a server that is not known here."""
    name = server_name().partition(" ")[0]
    if name == "uwsgi":
        return str(_uwsgi().version.decode())
    return package_version(name) if name else ""


def package_version(package: str) -> str:
    """Return the version of an installed package, "" without one."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def slots_setting() -> int | None:
    """Return the requests at once that the server's command line sets for a process; None where it does not say so."""
    if server_name().startswith("uwsgi"):
        value = _uwsgi().opt.get("gevent") or _uwsgi().opt.get("threads")
        return int(value) if value else None
    match = _SLOTS_ARGUMENT.search(" ".join(sys.argv[1:]))
    return int(match[1]) if match else None


def writes_access_log() -> bool:
    """Return whether the server writes a line for each request."""
    name = server_name().partition(" ")[0]
    if name == "uwsgi":
        return "disable-logging" not in _uwsgi().opt
    if name == "daphne":  # it does not log through Python's logging
        return any(argument.startswith("--access-log") for argument in sys.argv)
    return any(_is_enabled(logging.getLogger(log)) for log in ACCESS_LOGS if name and log.startswith(name))


def _is_enabled(log: logging.Logger) -> bool:
    return log.hasHandlers() and log.isEnabledFor(logging.INFO)


def is_patched_by_gevent() -> bool:
    """Return whether the sockets of this process are gevent's."""
    monkey: Any = sys.modules.get("gevent.monkey")
    return bool(monkey and monkey.is_module_patched("socket"))


def blocking_drivers() -> list[str]:
    """Return the drivers that block all greenlets of gevent while one waits for a database. Empty without gevent."""
    if not is_patched_by_gevent():
        return []
    psycopg2, waiting = sys.modules.get("psycopg2.extensions"), sys.modules.get("psycopg.waiting")
    is_blocking = {
        "psycopg2": psycopg2 and psycopg2.get_wait_callback() is None,
        # wait_c is written in C and does not use gevent. psycopg chooses it if it is imported before gevent patches
        # Python. One that is not imported yet will choose another.
        "psycopg": waiting and waiting.wait is getattr(waiting, "wait_c", None),
        # It is written in C; PyMySQL, which may stand in for MySQLdb, is not.
        "mysqlclient": sys.modules.get("MySQLdb._mysql"),
    }
    return [driver for driver, blocks in is_blocking.items() if blocks]


def _uwsgi() -> Any:
    return sys.modules["uwsgi"]
