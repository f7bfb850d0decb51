"""Sites that stand beside each other and say what failed in different ways, and what is made of it."""

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

DEADLINE_S = 30
INTERFACES = {"wsgi": "gunicorn-100-threads", "asgi": "uvicorn"}
PRESENTATIONS = {"problem": ("problem", "*/*"), "html": ("debug", "text/html"), "text": ("debug", "application/json")}
"""Name -> PRESENTED of the site (cause_settings), and what is asked of it with Accept."""

DRIVERS = tuple(f"orm_get/{name}" for name in ("sync", "async", "psycopg2", "psycopg", "psycopg_async", "asyncpg"))
"""A path per driver, the ORM's two first: one query."""


class Address(NamedTuple):
    """What is asked of which site. Its text is a line of the matrix of causes."""

    interface: str
    presentation: str
    path: str

    def __str__(self) -> str:
        return f"{self.path} on {self.interface} as {self.presentation}"


Sites = Mapping[tuple[str, str], str]
"""Interface and PRESENTED -> URL."""


@contextmanager
def sites(
    env: dict[str, str], logs: Path, presented: Collection[str] = ("problem", "debug")
) -> Iterator[dict[tuple[str, str], str]]:
    """A site for each interface and presentation. env: what names their services, and factors."""
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
    """Each path on each interface in each presentation."""
    return [Address(*address) for address in product(interfaces, PRESENTATIONS, paths)]


def told(urls: Sites, address: Address) -> str:
    """The kind of failure that the answer is, with its place; "" for a success."""
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


def all_told(
    asked: Collection[Address], ask: Callable[[Address], str], at_once: int = 8, meanwhile: Callable[[], object] = int
) -> dict[str, str]:
    """What each address told. meanwhile: done while they are asked."""
    with ThreadPoolExecutor(at_once) as pool:
        answers = {str(address): pool.submit(ask, address) for address in asked}
        meanwhile()
        return {address: answer.result() for address, answer in answers.items()}


def fixed_port() -> int:
    """A free port that the system gives to no outgoing connection, so that a service can come back to it."""
    while not port_is_free(port := 20_000 + secrets.randbelow(10_000)):
        pass
    return port
