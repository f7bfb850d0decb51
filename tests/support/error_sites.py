"""Run sites that present the same error in different ways, and fetch the kind that their responses get."""

import secrets
import urllib.error
import urllib.request
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import product
from pathlib import Path
from typing import NamedTuple

from locust_asyncdjango.failures.classify import classify
from locust_asyncdjango.lab.environment.http_client import responds
from locust_asyncdjango.lab.environment.process import free_port, port_is_free, running, wait_until
from locust_asyncdjango.lab.environment.servers import SERVERS, site_env
from tests.support.programs import DEADLINE_S

INTERFACES = {"wsgi": "gunicorn-100-threads", "asgi": "uvicorn"}
PRESENTATIONS = {"problem": ("problem", "*/*"), "html": ("debug", "text/html"), "text": ("debug", "application/json")}
"""Name -> PRESENTED of the site (cause_settings), and the Accept field of the request."""

DRIVERS = tuple(f"orm_get/{name}" for name in ("sync", "async", "psycopg2", "psycopg", "psycopg_async", "asyncpg"))
"""A path for each driver, the ORM's two first. Each makes one query."""


class Address(NamedTuple):
    """A path of a site. Its text is a line of the matrix of causes.

    interface: a key of INTERFACES. presentation: a key of PRESENTATIONS.
    """

    interface: str
    presentation: str
    path: str

    def __str__(self) -> str:
        return f"{self.path} on {self.interface} as {self.presentation}"


Sites = Mapping[tuple[str, str], str]
"""Interface and PRESENTED -> URL."""


@contextmanager
def running_sites(
    env: dict[str, str], logs: Path, presented: Collection[str] = ("problem", "debug")
) -> Iterator[dict[tuple[str, str], str]]:
    """Run a site for each interface and presentation, and yield their URLs.

    env: names their services, and factors. presented: values of PRESENTED.
    """
    started, urls = [], {}
    with ExitStack() as stack:
        for interface, server in INTERFACES.items():
            for each in presented:
                port = free_port()
                site = {"PRESENTED": each, "PYTHONPATH": str(Path(__file__).parent / "sites")}
                log = logs / f"{interface}-{each}.log"
                program = stack.enter_context(
                    running(
                        SERVERS[server].command(port),
                        log=log,
                        env={**site_env(env), **site, "DJANGO_SETTINGS_MODULE": "cause_settings"},
                    )
                )
                urls[interface, each] = f"http://127.0.0.1:{port}"
                started.append((program, f"{urls[interface, each]}/healthz"))
        for program, url in started:
            assert wait_until(lambda url=url: responds(url), program, DEADLINE_S), program.log_lines()  # type: ignore[misc]
        yield urls


def addresses(*paths: str, interfaces: Collection[str] = ("wsgi", "asgi")) -> list[Address]:
    """Return the addresses of each path on each interface in each presentation."""
    return [Address(*address) for address in product(interfaces, PRESENTATIONS, paths)]


def fetch_kind(urls: Sites, address: Address) -> str:
    """Return the kind of failure that the response gets, with its place; "" for a success."""
    presented, accept = PRESENTATIONS[address.presentation]
    url = f"{urls[address.interface, presented]}/{address.path}"
    request = urllib.request.Request(url + ("" if "?" in url else "/"), headers={"Accept": accept})
    try:
        with urllib.request.urlopen(request, timeout=DEADLINE_S):
            return ""
    except urllib.error.HTTPError as error:
        with error:
            failure = classify(status=error.status or 0, headers=dict(error.headers), body=error.read())
    assert failure is not None
    return ", ".join(filter(None, (failure.kind, failure.where)))


def fetch_kinds(
    requested: Collection[Address],
    fetch: Callable[[Address], str],
    at_once: int = 8,
    meanwhile: Callable[[], object] = int,
) -> dict[str, str]:
    """Return the kind of each address, by its text. meanwhile: called while the requests run."""
    with ThreadPoolExecutor(at_once) as pool:
        futures = {str(address): pool.submit(fetch, address) for address in requested}
        meanwhile()
        return {address: future.result() for address, future in futures.items()}


def fixed_port() -> int:
    """Return a free port that the system gives to no outgoing connection, so that a service can come back to it."""
    while not port_is_free(port := 20_000 + secrets.randbelow(10_000)):
        pass
    return port
