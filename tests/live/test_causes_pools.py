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
    DEADLINE_S,
    DRIVERS,
    Sites,
    addresses,
    all_told,
    fixed_port,
    sites,
    told,
)
from tests.support.postgres_clusters import MAX_CONNECTIONS, SITE_PASSWORD, Cluster, cluster
from tests.support.site_client import variants_of

# They share what their module starts.
pytestmark = pytest.mark.xdist_group("pools")

Cause = Callable[[int, Path], AbstractContextManager[None]]

CACHED = [f"cached/{variant}" for variant in variants_of(ROUTES["cached"])]
EXTERNAL = [f"external/{variant}" for variant in variants_of(ROUTES["external"])]
POOLED = ("orm_get/sync", *(f"orm_get/{name}" for name in ("psycopg2", "psycopg")))
POOLED_ON_ASGI = ("orm_get/async", *(f"orm_get/{name}" for name in ("psycopg_async", "asyncpg")))
"""On WSGI an async driver connects for each request."""


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A database that runs."""
    with cluster(fixed_port(), tmp_path_factory.mktemp("cluster")) as made, made.started():
        yield made


@pytest.fixture(scope="module")
def ports() -> dict[str, int]:
    """Where the services are that tests start."""
    return {name: fixed_port() for name in ("pgbouncer", "redis", "slow_api")}


@pytest.fixture(scope="module")
def urls(ports: dict[str, int], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sites]:
    """Sites that connect for each request, to PgBouncer."""
    env = {
        "DATABASE_URL": f"postgresql://site:{SITE_PASSWORD}@127.0.0.1:{ports['pgbouncer']}/site",
        "REDIS_URL": f"redis://127.0.0.1:{ports['redis']}/0",
        "SLOW_API_URL": f"http://127.0.0.1:{ports['slow_api']}",
    }
    with sites(env, tmp_path_factory.mktemp("sites")) as started:
        yield started


@contextmanager
def pgbouncer(database: Cluster, port: int, folder: Path, **settings: object) -> Iterator[Program]:
    """A pooler that logs in as the site and asks no client for a password. It refuses to run as root."""
    executable = debian.program("pgbouncer", "pgbouncer")
    given = {"listen_addr": "127.0.0.1", "listen_port": port, "unix_socket_dir": "", "auth_type": "any", **settings}
    lines = [
        "[databases]",
        f"site = host=127.0.0.1 port={database.port} dbname=site user=site password={SITE_PASSWORD}",
        "[pgbouncer]",
        *(f"{name} = {value}" for name, value in given.items()),
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


def asked_of_drivers(urls: Sites, at_once: int = 8) -> dict[str, str]:
    """What is told, whatever the driver."""
    return all_told(addresses(*DRIVERS), lambda address: told(urls, address), at_once)


@contextmanager
def client(port: int) -> Iterator[None]:
    """Another client of the pooler, with a query behind it."""
    login: dict[str, Any] = {"user": "site", "password": SITE_PASSWORD, "dbname": "site"}
    with closing(psycopg2.connect(host="127.0.0.1", port=port, **login)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        yield


def test_a_pooler_that_takes_no_more_clients(
    database: Cluster, ports: dict[str, int], urls: Sites, tmp_path: Path
) -> None:
    port = ports["pgbouncer"]
    with pgbouncer(database, port, tmp_path, max_client_conn=1), client(port):
        found = asked_of_drivers(urls)
    assert found == dict.fromkeys(found, "db_too_many_clients, pooler")


def test_a_pooler_whose_connections_are_all_in_use(
    database: Cluster, ports: dict[str, int], urls: Sites, tmp_path: Path
) -> None:
    port = ports["pgbouncer"]
    with pgbouncer(database, port, tmp_path, default_pool_size=1, query_wait_timeout=1), client(port):
        found = asked_of_drivers(urls, 36)
    # psycopg2 lets go of what PgBouncer says after the login, and only tells that the connection was closed.
    lost = ("orm_get/sync ", "orm_get/async ", "orm_get/psycopg2 ")
    assert found == {
        address: "db_unreachable" if address.startswith(lost) else "db_pool_timeout, pooler" for address in found
    }


def test_a_pooler_before_a_full_server(database: Cluster, ports: dict[str, int], urls: Sites, tmp_path: Path) -> None:
    with pgbouncer(database, ports["pgbouncer"], tmp_path, server_login_retry=0.1), database.held(MAX_CONNECTIONS):
        found = asked_of_drivers(urls, 36)
    assert found == dict.fromkeys(found, "db_too_many_clients, server")


@pytest.fixture(scope="module")
def pooled(database: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sites]:
    """Sites with pools of one connection, for which they wait a second."""
    env = {
        "DATABASE_URL": f"postgresql://site:{SITE_PASSWORD}@127.0.0.1:{database.port}/site",
        "TARGET_SITE_ORM_DRIVER": "psycopg",
        "TARGET_SITE_CONNECTIONS": "pool",
        "TARGET_SITE_POOL_SIZE": "1",
        "TARGET_SITE_POOL_WAIT_S": "1",
    }
    with sites(env, tmp_path_factory.mktemp("pooled")) as started:
        yield started


def test_pools_whose_connection_is_in_use(database: Cluster, pooled: Sites) -> None:
    asked = addresses(*POOLED) + addresses(*POOLED_ON_ASGI, interfaces=["asgi"])
    first = [address for address in asked if address.presentation != "text"]
    with ExitStack() as lock, ThreadPoolExecutor(len(first)) as pool:
        lock.enter_context(database.locked())
        # One request for each pool of each site waits for the table.
        kept = [pool.submit(told, pooled, address) for address in first if address.path != "orm_get/async"]
        try:
            database.wait_for_sessions(lambda waiting: waiting == len(kept), "wait_event_type = 'Lock'")
            found = all_told(asked, lambda address: told(pooled, address), len(asked))
        finally:
            lock.close()
        assert [each.result() for each in kept] == [""] * len(kept)
    assert found == dict.fromkeys(found, "db_pool_timeout, pool")


def reply(port: int, *words: str) -> str:
    """The first line that Redis answers; "" where it does not."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_S) as connection:
        connection.sendall((" ".join(words) + "\r\n").encode())
        return connection.makefile("r").readline().strip()
    return ""


@contextmanager
def redis_on(port: int, folder: Path, *settings: str) -> Iterator[Program]:
    """A Redis that answers, be it that it is loading."""
    fixed = ("--bind", "127.0.0.1", "--port", str(port), "--save", "", "--dir", str(folder), "--set-proc-title", "no")
    with running([str(redis_program()), *fixed, *settings], log=folder / "redis.log") as program:
        assert wait_until(lambda: bool(reply(port, "PING")), program, DEADLINE_S), program.log_lines()
        yield program


@contextmanager
def at_maxclients(port: int, folder: Path) -> Iterator[None]:
    with redis_on(port, folder, "--maxclients", "1"):
        deadline = time.monotonic() + DEADLINE_S
        with socket.create_connection(("127.0.0.1", port)):
            while not reply(port, "PING").startswith("-ERR max number"):  # until the one that asked before has left
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
        connection.makefile("r") as answers,
    ):
        connection.sendall(b"".join(b"SET key:%d %d\r\n" % (n, n) for n in range(20_000)) + b"SAVE\r\n")
        for _ in range(20_001):
            assert answers.readline() == "+OK\n"
    slowly = ("--key-load-delay", "2000", "--loading-process-events-interval-bytes", "1024")
    with redis_on(port, folder, *slowly):
        assert reply(port, "GET x").startswith("-LOADING")
        yield


@pytest.mark.parametrize("cause", [at_maxclients, killed, loading], ids=lambda cause: str(cause.__name__))
def test_a_cache_that_does_not_serve(cause: Cause, ports: dict[str, int], urls: Sites, tmp_path: Path) -> None:
    with cause(ports["redis"], tmp_path):
        found = all_told(addresses(*CACHED), lambda address: told(urls, address))
    assert found == dict.fromkeys(found, "cache_unavailable")


def test_an_api_that_is_not_there(urls: Sites) -> None:
    found = all_told(addresses(*EXTERNAL), lambda address: told(urls, address))
    assert found == dict.fromkeys(found, "upstream_failure")


def test_an_api_that_is_slow(ports: dict[str, int], urls: Sites, tmp_path: Path) -> None:
    asked = addresses(*(f"{path}/?ms=700" for path in EXTERNAL))
    with running_slow_api_on(ports["slow_api"], tmp_path):
        found = all_told(asked, lambda address: told(urls, address), 16)
    assert found == dict.fromkeys(found, "upstream_failure")


def test_the_sites_own_error(urls: Sites) -> None:
    asked = addresses("own_error/sync", "own_error/async", "limited")
    found = all_told(asked, lambda address: told(urls, address))
    assert found == {str(each): "overloaded" if each.path == "limited" else "app_error" for each in asked}


def test_an_error_that_the_site_hides(tmp_path: Path) -> None:
    with sites({}, tmp_path, ["bare"]) as bare:
        urls = {(interface, "problem"): url for (interface, _), url in bare.items()}
        asked = [each for each in addresses("own_error/sync", "own_error/async") if each.presentation == "problem"]
        found = all_told(asked, lambda address: told(urls, address))
    assert found == dict.fromkeys(found, "server_error_opaque")
