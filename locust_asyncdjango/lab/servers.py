"""The servers: a table of how each is started. Adding one is adding a row."""

import os
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from locust_asyncdjango.lab.errors import TrialError
from locust_asyncdjango.lab.process import Program, python, running, wait_until

START_DEADLINE_S = 60

# Servers are on this machine: a proxy from the environment is not asked.
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True, slots=True)
class Server:
    """A way to run Django. slots: requests it can have in flight inside view code, None for unbounded."""

    name: str
    interface: str
    slots: int | None
    arguments: tuple[str, ...]

    def argv(self, port: int) -> list[str]:
        """The command line that makes it listen on a port of 127.0.0.1."""
        return python(*(argument.format(port=port) for argument in self.arguments))


_GUNICORN = ("-m", "gunicorn", "--bind=127.0.0.1:{port}", "--workers=1", "--graceful-timeout=3", "--log-level=warning")

SERVERS = {
    server.name: server
    for server in (
        Server("gunicorn-sync", "wsgi", 1, (*_GUNICORN, "--worker-class=sync", "target_site.wsgi")),
        Server(
            "gunicorn-uvicorn",
            "asgi",
            None,
            (*_GUNICORN, "--worker-class=uvicorn_worker.UvicornWorker", "target_site.asgi:application"),
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Serving:
    """A server that answers."""

    url: str
    program: Program


@contextmanager
def serving(server: Server, port: int, folder: Path, env: Mapping[str, str]) -> Iterator[Serving]:
    """A server that answers at its URL; its log goes to the folder. Raises TrialError when it does not start."""
    url = f"http://127.0.0.1:{port}"
    with running(server.argv(port), log=folder / "server.log", env=env) as program:
        if not wait_until(lambda: answers(f"{url}/healthz"), program, START_DEADLINE_S):
            raise TrialError(f"{server.name} did not start: {program.last_words()}")
        yield Serving(url, program)


def site_env(services: Mapping[str, str]) -> dict[str, str]:
    """The environment in which the target site runs: the user's, without what would change a server's settings, and
    the variables that name its services."""
    unwanted = ("GUNICORN_", "UVICORN_", "WEB_CONCURRENCY")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
    return {**kept, **services, "DJANGO_SETTINGS_MODULE": "target_site.settings"}


def answers(url: str) -> bool:
    """Whether a GET gets 200."""
    try:
        get(url)
    except OSError:
        return False
    return True


def get(url: str) -> bytes:
    """The body that a GET gets with 200. Raises OSError."""
    with _DIRECT.open(url, timeout=5) as response:
        body: bytes = response.read()
        return body
