"""Each cause in a pool, a pooler, the cache, the slow API or the site itself gets its kind."""

import signal
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from locust_asyncdjango.lab.environment.process import Program, running, wait_until
from locust_asyncdjango.lab.environment.services import redis_program, running_slow_api_on
from locust_asyncdjango.routes import ROUTES
from tests.support import debian
from tests.support.error_sites import (
    DRIVERS,
    Sites,
    addresses,
    fetch_kind,
    fetch_kinds,
    fixed_port,
    running_sites,
)
from tests.support.postgres_clusters import MAX_CONNECTIONS, SITE_PASSWORD, Cluster, new_cluster
from tests.support.programs import DEADLINE_S
from tests.support.site_client import variants_of

# The tests share the services that their module starts.
pytestmark = pytest.mark.xdist_group("pools")

Cause = Callable[[int, Path], AbstractContextManager[None]]

CACHED = [f"cached/{variant}" for variant in variants_of(ROUTES["cached"])]
EXTERNAL = [f"external/{variant}" for variant in variants_of(ROUTES["external"])]
POOLED = ("orm_get/sync", *(f"orm_get/{name}" for name in ("psycopg2", "psycopg")))
POOLED_ON_ASGI = ("orm_get/async", *(f"orm_get/{name}" for name in ("psycopg_async", "asyncpg")))
"""Without a pool on WSGI, where an async driver connects for each request."""


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Run a database."""
    with new_cluster(fixed_port(), tmp_path_factory.mktemp("cluster")) as started_cluster, started_cluster.started():
        yield started_cluster


@pytest.fixture(scope="module")
def ports() -> dict[str, int]:
    """Return a port for each service that the tests start."""
    return {name: fixed_port() for name in ("pgbouncer", "redis", "slow_api")}


@pytest.fixture(scope="module")
def urls(ports: dict[str, int], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sites]:
    """Run sites that connect to PgBouncer for each request."""
    env = {
        "DATABASE_URL": f"postgresql://site:{SITE_PASSWORD}@127.0.0.1:{ports['pgbouncer']}/site",
        "REDIS_URL": f"redis://127.0.0.1:{ports['redis']}/0",
        "SLOW_API_URL": f"http://127.0.0.1:{ports['slow_api']}",
    }
    with running_sites(env, tmp_path_factory.mktemp("sites")) as started:
        yield started


@contextmanager
def pgbouncer(database: Cluster, port: int, folder: Path, **settings: object) -> Iterator[Program]:
    """Run a pooler that logs in as the site and wants no password from clients. It refuses to run as root."""
    executable = debian.program("pgbouncer", "pgbouncer")
    options = {"listen_addr": "127.0.0.1", "listen_port": port, "unix_socket_dir": "", "auth_type": "any", **settings}
    lines = [
        "[databases]",
        f"site = host=127.0.0.1 port={database.port} dbname=site user=site password={SITE_PASSWORD}",
        "[pgbouncer]",
        *(f"{name} = {value}" for name, value in options.items()),
    ]
    file = database.folder / "pgbouncer.ini"
    file.write_text("\n".join(lines))
    with running(
        [executable, str(file)], log=folder / "pgbouncer.log", account=database.home.account, stop_signal=signal.SIGQUIT
    ) as program:
        assert wait_until(lambda: any("process up" in line for line in program.log_lines()), program, DEADLINE_S), (
            program.log_lines()
        )
        yield program


def kinds_by_driver(urls: Sites, at_once: int = 8) -> dict[str, str]:
    """Return the kind for each driver, by address."""
    return fetch_kinds(addresses(*DRIVERS), lambda address: fetch_kind(urls, address), at_once)


@contextmanager
def pooler_client(port: int) -> Iterator[None]:
    """Keep another client of the pooler connected, which has made a query."""
    login: dict[str, Any] = {"user": "site", "password": SITE_PASSWORD, "dbname": "site"}
    with closing(psycopg2.connect(host="127.0.0.1", port=port, **login)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        yield


@pytest.mark.without_debian
def test_a_pooler_that_takes_no_more_clients(
    database: Cluster, ports: dict[str, int], urls: Sites, tmp_path: Path
) -> None:
    port = ports["pgbouncer"]
    with pgbouncer(database, port, tmp_path, max_client_conn=1), pooler_client(port):
        kinds = kinds_by_driver(urls)
    assert kinds == dict.fromkeys(kinds, "db_too_many_clients, pooler")


@pytest.mark.without_debian
def test_a_pooler_whose_connections_are_all_in_use(
    database: Cluster, ports: dict[str, int], urls: Sites, tmp_path: Path
) -> None:
    port = ports["pgbouncer"]
    with pgbouncer(database, port, tmp_path, default_pool_size=1, query_wait_timeout=1), pooler_client(port):
        kinds = kinds_by_driver(urls, 36)
    # psycopg2 drops what PgBouncer says after the login, and only reports that the connection was closed.
    lost = ("orm_get/sync ", "orm_get/async ", "orm_get/psycopg2 ")
    assert kinds == {
        address: "db_unreachable" if address.startswith(lost) else "db_pool_timeout, pooler" for address in kinds
    }


@pytest.mark.without_debian
def test_a_pooler_before_a_full_server(database: Cluster, ports: dict[str, int], urls: Sites, tmp_path: Path) -> None:
    with (
        pgbouncer(database, ports["pgbouncer"], tmp_path, server_login_retry=0.1),
        database.using_connections(MAX_CONNECTIONS),
    ):
        kinds = kinds_by_driver(urls, 36)
    assert kinds == dict.fromkeys(kinds, "db_too_many_clients, server")


@pytest.fixture(scope="module")
def pooled(database: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sites]:
    """Run sites with pools of one connection, for which requests wait for a second."""
    env = {
        "DATABASE_URL": f"postgresql://site:{SITE_PASSWORD}@127.0.0.1:{database.port}/site",
        "TARGET_SITE_ORM_DRIVER": "psycopg",
        "TARGET_SITE_CONNECTIONS": "pool",
        "TARGET_SITE_POOL_SIZE": "1",
        "TARGET_SITE_POOL_WAIT_S": "1",
    }
    with running_sites(env, tmp_path_factory.mktemp("pooled")) as started:
        yield started


def test_pools_whose_connection_is_in_use(database: Cluster, pooled: Sites) -> None:
    requested = addresses(*POOLED) + addresses(*POOLED_ON_ASGI, interfaces=["asgi"])
    first = [address for address in requested if address.presentation != "text"]
    with ExitStack() as lock, ThreadPoolExecutor(len(first)) as pool:
        lock.enter_context(database.locked_posts())
        # One request for each pool of each site waits for the table.
        waiting_requests = [
            pool.submit(fetch_kind, pooled, address) for address in first if address.path != "orm_get/async"
        ]
        try:
            database.wait_for_sessions(lambda waiting: waiting == len(waiting_requests), "wait_event_type = 'Lock'")
            kinds = fetch_kinds(requested, lambda address: fetch_kind(pooled, address), len(requested))
        finally:
            lock.close()
        assert [each.result() for each in waiting_requests] == [""] * len(waiting_requests)
    assert kinds == dict.fromkeys(kinds, "db_pool_timeout, pool")


def reply(port: int, *words: str) -> str:
    """Return the first line of Redis' reply, or ""."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_S) as connection:
        connection.sendall((" ".join(words) + "\r\n").encode())
        return connection.makefile("r").readline().strip()
    return ""


@contextmanager
def redis_on(port: int, folder: Path, *settings: str) -> Iterator[Program]:
    """Run a Redis that replies, even if only that it is loading."""
    fixed = ("--bind", "127.0.0.1", "--port", str(port), "--save", "", "--dir", str(folder), "--set-proc-title", "no")
    with running([str(redis_program()), *fixed, *settings], log=folder / "redis.log") as program:
        assert wait_until(lambda: bool(reply(port, "PING")), program, DEADLINE_S), program.log_lines()
        yield program


@contextmanager
def at_maxclients(port: int, folder: Path) -> Iterator[None]:
    with redis_on(port, folder, "--maxclients", "1"):
        deadline = time.monotonic() + DEADLINE_S
        with socket.create_connection(("127.0.0.1", port)):
            while not reply(port, "PING").startswith("-ERR max number"):  # until the client before has left
                assert time.monotonic() < deadline
            yield


@contextmanager
def killed(port: int, folder: Path) -> Iterator[None]:
    with redis_on(port, folder) as program:
        program.popen.kill()
        program.wait()
        yield


@contextmanager
def loading(port: int, folder: Path) -> Iterator[None]:
    with (
        redis_on(port, folder),
        socket.create_connection(("127.0.0.1", port)) as connection,
        connection.makefile("r") as futures,
    ):
        connection.sendall(b"".join(b"SET key:%d %d\r\n" % (n, n) for n in range(20_000)) + b"SAVE\r\n")
        for _ in range(20_001):
            assert futures.readline() == "+OK\n"
    slowly = ("--key-load-delay", "2000", "--loading-process-events-interval-bytes", "1024")
    with redis_on(port, folder, *slowly):
        assert reply(port, "GET x").startswith("-LOADING")
        yield


@pytest.mark.without_debian
@pytest.mark.parametrize("cause", [at_maxclients, killed, loading], ids=lambda cause: str(cause.__name__))
def test_a_cache_that_does_not_serve(cause: Cause, ports: dict[str, int], urls: Sites, tmp_path: Path) -> None:
    with cause(ports["redis"], tmp_path):
        kinds = fetch_kinds(addresses(*CACHED), lambda address: fetch_kind(urls, address))
    assert kinds == dict.fromkeys(kinds, "cache_unavailable")


def test_an_api_that_is_not_there(urls: Sites) -> None:
    kinds = fetch_kinds(addresses(*EXTERNAL), lambda address: fetch_kind(urls, address))
    assert kinds == dict.fromkeys(kinds, "upstream_failure")


def test_an_api_that_is_slow(ports: dict[str, int], urls: Sites, tmp_path: Path) -> None:
    requested = addresses(*(f"{path}/?ms=700" for path in EXTERNAL))
    with running_slow_api_on(ports["slow_api"], tmp_path):
        kinds = fetch_kinds(requested, lambda address: fetch_kind(urls, address), 16)
    assert kinds == dict.fromkeys(kinds, "upstream_failure")


def test_the_sites_own_error(urls: Sites) -> None:
    requested = addresses("own_error/sync", "own_error/async", "limited")
    kinds = fetch_kinds(requested, lambda address: fetch_kind(urls, address))
    assert kinds == {str(each): "overloaded" if each.path == "limited" else "app_error" for each in requested}


def test_an_error_that_the_site_hides(tmp_path: Path) -> None:
    with running_sites({}, tmp_path, ["bare"]) as bare:
        urls = {(interface, "problem"): url for (interface, _), url in bare.items()}
        requested = [each for each in addresses("own_error/sync", "own_error/async") if each.presentation == "problem"]
        kinds = fetch_kinds(requested, lambda address: fetch_kind(urls, address))
    assert kinds == dict.fromkeys(kinds, "server_error_opaque, django")
