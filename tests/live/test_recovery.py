"""A database or a cache that goes away and comes back, while requests come in: the site goes on without a restart."""

import itertools
import json
import threading
import urllib.parse
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from locust_asyncdjango.failures.classify import classify
from locust_asyncdjango.lab.environment import services
from locust_asyncdjango.lab.environment.databases.home import scratch_folder
from locust_asyncdjango.lab.environment.databases.templates import copy_cluster, filled_template
from locust_asyncdjango.lab.environment.postgres.cluster import PostgreSQL, running_cluster
from locust_asyncdjango.lab.environment.postgres.installation import find_installation
from locust_asyncdjango.lab.environment.postgres.posts import posts_template
from locust_asyncdjango.routes import ROUTES
from tests.support.programs import wait_for
from tests.support.site_client import fetch, variants_of
from tests.support.site_fixtures import POSTS, site_on
from tests.support.tcp_gate import Gate, opened

ARMS = {
    "wsgi, persistent": ("gunicorn-sync", {"TARGET_SITE_CONNECTIONS": "persistent"}),
    "asgi, pool": ("gunicorn-uvicorn", {"TARGET_SITE_CONNECTIONS": "pool", "TARGET_SITE_ORM_DRIVER": "psycopg"}),
}


def port_of(url: str) -> int:
    port = urllib.parse.urlsplit(url).port
    assert port is not None
    return port


def kind_of(answer: tuple[int, str, Any]) -> str:
    """The kind of failure that an answer is, "" for a success."""
    status, media_type, body = answer
    failure = classify(status=status, headers={"content-type": media_type}, body=json.dumps(body).encode())
    return failure.kind if failure else ""


class Load:
    """Asks for addresses in turn, from several threads, and knows what was answered: kinds of failure, "" for none."""

    THREADS = 4

    def __init__(self, addresses: list[str]) -> None:
        self.addresses = addresses
        self.answers: dict[str, list[str]] = {address: [] for address in addresses}
        self.over = threading.Event()

    def run(self, first: int) -> None:
        for address in itertools.islice(itertools.cycle(self.addresses), first, None):
            if self.over.is_set():
                return
            self.answers[address].append(kind_of(fetch(address)))
            self.over.wait(0.02)  # leaves the machine time for other tests

    def wait_until_all(self, *kinds: str) -> None:
        """Until each address has got two answers in a row, from now on, of these kinds."""
        begun = {address: len(answers) for address, answers in self.answers.items()}

        def all_have_recovered() -> bool:
            return all(
                len(answers) >= begun[address] + 2 and set(answers[-2:]) <= set(kinds)
                for address, answers in self.answers.items()
            )

        def describe_last_responses() -> str:
            last = {address: answers[-3:] for address, answers in self.answers.items()}
            return f"not {kinds}: {last}"

        wait_for(all_have_recovered, describe_last_responses)


@contextmanager
def loading(addresses: list[str]) -> Iterator[Load]:
    load = Load(addresses)
    with ThreadPoolExecutor(Load.THREADS) as pool:
        futures = [pool.submit(load.run, n) for n in range(Load.THREADS)]
        try:
            yield load
        finally:
            load.over.set()
    for future in futures:
        future.result()


@pytest.mark.parametrize(("server", "factors"), ARMS.values(), ids=ARMS)
def test_a_database_that_was_restarted(server: str, factors: dict[str, str], tmp_path: Path) -> None:
    home = find_installation()
    with scratch_folder(home.cache / "runs") as scratch, ExitStack() as stack:
        template = stack.enter_context(filled_template(PostgreSQL(home), posts_template(POSTS), tmp_path))
        cluster = scratch / "cluster"
        copy_cluster(home, template, cluster)
        running = stack.enter_context(ExitStack())
        url = running.enter_context(running_cluster(home, cluster, tmp_path / "postgres.log"))
        gate = Gate(upstream=port_of(url))
        stack.enter_context(opened(gate))
        env = {
            **factors,
            "TARGET_SITE_POOL_WAIT_S": "1",
            "DATABASE_URL": url.replace(f":{gate.upstream}/", f":{gate.port}/"),
        }
        site = stack.enter_context(site_on(server, env, tmp_path))
        routes = (ROUTES[name] for name in ("orm_get", "list_detail", "io_read"))
        addresses = [f"{site}{route.path}{variant}/" for route in routes for variant in variants_of(route)]
        load = stack.enter_context(loading(addresses))
        load.wait_until_all("")
        running.close()
        # A pool that waits for a connection does not say why none came.
        load.wait_until_all("db_unreachable", "db_error", "db_pool_timeout")
        gate.upstream = port_of(running.enter_context(running_cluster(home, cluster, tmp_path / "postgres.log")))
        load.wait_until_all("")


@pytest.mark.without_debian
@pytest.mark.parametrize("server", ["gunicorn-sync", "gunicorn-uvicorn"])
def test_a_cache_that_was_restarted(server: str, database_url: str, tmp_path: Path) -> None:
    with ExitStack() as stack:
        running = stack.enter_context(ExitStack())
        gate = Gate(upstream=port_of(running.enter_context(services.running_redis(tmp_path))))
        stack.enter_context(opened(gate))
        env = {"DATABASE_URL": database_url, "REDIS_URL": f"redis://127.0.0.1:{gate.port}/0"}
        site = stack.enter_context(site_on(server, env, tmp_path))
        load = stack.enter_context(loading([f"{site}/cached/{variant}/" for variant in variants_of(ROUTES["cached"])]))
        load.wait_until_all("")
        running.close()
        load.wait_until_all("cache_unavailable")
        gate.upstream = port_of(running.enter_context(services.running_redis(tmp_path)))
        load.wait_until_all("")
