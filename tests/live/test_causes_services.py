"""Each cause on PostgreSQL's side gets its kind: with each driver, on each interface, in each presentation."""

import hashlib
import signal
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, suppress
from pathlib import Path

import psycopg2
import pytest

from locust_asyncdjango.lab.environment.process import wait_until
from tests.support import debian
from tests.support.error_sites import (
    DRIVERS,
    Address,
    Sites,
    addresses,
    fetch_kind,
    fetch_kinds,
    fixed_port,
    running_sites,
)
from tests.support.postgres_clusters import (
    ACCEPTS,
    MAX_CONNECTIONS,
    REJECTS,
    SITE_PASSWORD,
    Cluster,
    new_cluster,
)
from tests.support.programs import DEADLINE_S

ADDRESSES = addresses(*DRIVERS)
WAITING = "wait_event_type = 'Lock'"


def addresses_for(database: Cluster) -> list[Address]:
    """Return the addresses to fetch. In German, each interface has one form of Django's debug page only."""
    skipped = {("wsgi", "text"), ("asgi", "html")} if database.language else set()
    return [each for each in ADDRESSES if (each.interface, each.presentation) not in skipped]


@pytest.fixture(scope="module")
def port() -> int:
    """Return the port of the database, in all its states."""
    return fixed_port()


@pytest.fixture(scope="module")
def urls(port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sites]:
    """Run sites that connect to the database for each request."""
    env = {"DATABASE_URL": f"postgresql://site:{SITE_PASSWORD}@127.0.0.1:{port}/site"}
    with running_sites(env, tmp_path_factory.mktemp("sites")) as started:
        yield started


@pytest.fixture(
    scope="module",
    params=[
        pytest.param("", id="en", marks=pytest.mark.xdist_group("services in English")),
        pytest.param(
            "de_DE", id="de", marks=[pytest.mark.xdist_group("services in German"), pytest.mark.without_debian]
        ),
    ],
)
def cluster_and_server(
    request: pytest.FixtureRequest, port: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Cluster, ExitStack]]:
    """Make a cluster of the lab's PostgreSQL, which speaks English only, or of Debian's in German.

    The stack beside it stops its server.
    """
    programs = None
    if request.param:
        programs = Path(debian.program("postgres", "postgresql", "locales")).parent
        if not Path("/usr/share/i18n/locales").is_dir():
            debian.skip("there are no sources of locales", "locales")
    with (
        new_cluster(port, tmp_path_factory.mktemp("cluster"), request.param, programs) as database,
        ExitStack() as server,
    ):
        yield database, server


@pytest.fixture
def running_database(cluster_and_server: tuple[Cluster, ExitStack]) -> Cluster:
    """Return the cluster with its server running. The server goes on running after the test."""
    database, server = cluster_and_server
    if database.ready() != ACCEPTS:
        server.enter_context(database.started("deadlock_timeout=100ms"))
    return database


@pytest.fixture
def stopped_database(cluster_and_server: tuple[Cluster, ExitStack]) -> Cluster:
    """Return the cluster without a server."""
    database, server = cluster_and_server
    server.close()
    return database


@contextmanager
def at_max_connections(database: Cluster) -> Iterator[None]:
    with database.using_connections(MAX_CONNECTIONS):
        yield


@contextmanager
def reserved_left(database: Cluster) -> Iterator[None]:
    with database.using_connections(MAX_CONNECTIONS - 3):
        yield


@contextmanager
def at_role_limit(database: Cluster) -> Iterator[None]:
    database.execute("ALTER ROLE site CONNECTION LIMIT 1")
    with database.using_connections(1, "site"):
        yield
    database.execute("ALTER ROLE site CONNECTION LIMIT -1")


@contextmanager
def at_database_limit(database: Cluster) -> Iterator[None]:
    database.execute("ALTER DATABASE site CONNECTION LIMIT 1")
    with database.using_connections(1, "site"):
        yield
    database.execute("ALTER DATABASE site CONNECTION LIMIT -1")


@contextmanager
def timing_out(database: Cluster, setting: str) -> Iterator[None]:
    database.execute(f"ALTER ROLE site SET {setting} = '50ms'")
    with database.locked_posts():
        yield
    database.execute(f"ALTER ROLE site RESET {setting}")


def statement_timeout(database: Cluster) -> AbstractContextManager[None]:
    return timing_out(database, "statement_timeout")


def lock_timeout(database: Cluster) -> AbstractContextManager[None]:
    return timing_out(database, "lock_timeout")


@contextmanager
def wrong_password(database: Cluster) -> Iterator[None]:
    database.execute("ALTER ROLE site PASSWORD 'another'")
    yield
    database.execute(f"ALTER ROLE site PASSWORD $${SITE_PASSWORD}$$")


@contextmanager
def no_such_database(database: Cluster) -> Iterator[None]:
    database.execute("ALTER DATABASE site RENAME TO renamed")
    yield
    database.execute("ALTER DATABASE renamed RENAME TO site")


Cause = Callable[[Cluster], AbstractContextManager[None]]
CAUSES: dict[Cause, str] = {
    at_max_connections: "db_too_many_clients, server",
    reserved_left: "db_too_many_clients, server",
    at_role_limit: "db_too_many_clients, role",
    at_database_limit: "db_too_many_clients, database",
    statement_timeout: "db_timeout",
    lock_timeout: "db_contention",
    wrong_password: "db_unreachable",
    no_such_database: "db_unreachable",
}


@pytest.mark.parametrize(("cause", "kind"), CAUSES.items(), ids=lambda each: getattr(each, "__name__", ""))
def test_a_cause_while_the_server_runs(running_database: Cluster, urls: Sites, cause: Cause, kind: str) -> None:
    with cause(running_database):
        kinds = fetch_kinds(addresses_for(running_database), lambda address: fetch_kind(urls, address))
    assert kinds == dict.fromkeys(kinds, kind)
    running_database.wait_until_unused()


DEADLOCK = (
    "CREATE FUNCTION both_locks(id uuid) RETURNS bool LANGUAGE plpgsql COST 1000000 AS $$ BEGIN"
    " PERFORM pg_advisory_xact_lock(1, hashtext(id::text)); PERFORM pg_advisory_xact_lock(2, hashtext(id::text));"
    " RETURN true; END $$",
    "ALTER TABLE target_site_post ENABLE ROW LEVEL SECURITY",
    "CREATE POLICY both_locks ON target_site_post TO site USING (both_locks(id))",
)
NO_DEADLOCK = (
    "DROP POLICY both_locks ON target_site_post",
    "ALTER TABLE target_site_post DISABLE ROW LEVEL SECURITY",
    "DROP FUNCTION both_locks",
)
# Takes the lock of a session of the site as soon as that session has it. By then that session waits for the lock of
# this one, and it is the first to notice the deadlock, as its deadlock_timeout is shorter.
RIVAL = (
    "SET deadlock_timeout = '1min'; SET statement_timeout = '20s'; DO $$ BEGIN"
    " WHILE pg_try_advisory_lock(1, hashtext('{id}')) LOOP"
    " PERFORM pg_advisory_unlock(1, hashtext('{id}')); PERFORM pg_sleep(0.002); END LOOP;"
    " PERFORM pg_advisory_lock(1, hashtext('{id}')); PERFORM pg_advisory_unlock_all(); END $$"
)


def test_a_deadlock(running_database: Cluster, urls: Sites) -> None:
    # A row for each address, but none of the first 21: Django's debug page reads them to show a QuerySet.
    rows = {address: n for n, address in enumerate(addresses_for(running_database), 500)}

    def deadlocked(address: Address) -> str:
        key = str(uuid.UUID(hashlib.md5(f"post {rows[address]}".encode(), usedforsecurity=False).hexdigest()))
        with (
            closing(running_database.connect("site")) as rival,
            rival.cursor() as cursor,
            ThreadPoolExecutor(1) as executor,
        ):
            cursor.execute(f"SELECT pg_advisory_lock(2, hashtext('{key}'))")
            ended = executor.submit(cursor.execute, RIVAL.format(id=key))
            kind = fetch_kind(urls, address._replace(path=f"{address.path}/?id={key}"))
            ended.result()
        return kind

    running_database.execute(*DEADLOCK, database="site")
    try:
        kinds = fetch_kinds(addresses_for(running_database), deadlocked)
    finally:
        running_database.execute(*NO_DEADLOCK, database="site")
    assert kinds == dict.fromkeys(kinds, "db_contention")
    running_database.wait_until_unused()


def test_sessions_that_the_administrator_ends(running_database: Cluster, urls: Sites) -> None:
    with ExitStack() as lock:
        lock.enter_context(running_database.locked_posts())

        def end_all() -> None:
            running_database.wait_for_sessions(lambda waiting: waiting >= len(addresses_for(running_database)), WAITING)
            running_database.end_sessions()
            lock.close()

        kinds = fetch_kinds(
            addresses_for(running_database),
            lambda address: fetch_kind(urls, address),
            len(addresses_for(running_database)),
            end_all,
        )
    assert kinds == dict.fromkeys(kinds, "db_unreachable")


@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGQUIT])
def test_a_server_that_is_killed_during_queries(stopped_database: Cluster, urls: Sites, signum: signal.Signals) -> None:
    with stopped_database.started() as program, suppress(psycopg2.OperationalError), stopped_database.locked_posts():

        def kill() -> None:
            stopped_database.wait_for_sessions(lambda waiting: waiting >= len(addresses_for(stopped_database)), WAITING)
            program.popen.send_signal(signum)
            program.wait()

        kinds = fetch_kinds(
            addresses_for(stopped_database),
            lambda address: fetch_kind(urls, address),
            len(addresses_for(stopped_database)),
            kill,
        )
    assert kinds == dict.fromkeys(kinds, "db_unreachable")


def test_a_server_that_is_not_there(stopped_database: Cluster, urls: Sites) -> None:
    kinds = fetch_kinds(addresses_for(stopped_database), lambda address: fetch_kind(urls, address))
    assert kinds == dict.fromkeys(kinds, "db_unreachable")


@pytest.mark.parametrize(
    "settings", [("hot_standby=off",), ("restore_command=sleep 100",)], ids=["not accepting", "starting up"]
)
def test_a_server_that_is_not_ready(stopped_database: Cluster, urls: Sites, settings: tuple[str, ...]) -> None:
    mark = stopped_database.data / "standby.signal"
    mark.touch()
    try:
        with stopped_database.started(*settings, until=REJECTS):
            kinds = fetch_kinds(addresses_for(stopped_database), lambda address: fetch_kind(urls, address))
    finally:
        mark.unlink()
    assert kinds == dict.fromkeys(kinds, "db_unreachable")


def test_a_server_that_is_shutting_down(stopped_database: Cluster, urls: Sites) -> None:
    with stopped_database.started() as program, stopped_database.using_connections(1):
        program.popen.send_signal(signal.SIGTERM)  # waits for clients to leave
        assert wait_until(lambda: stopped_database.ready() == REJECTS, program, DEADLINE_S)
        kinds = fetch_kinds(addresses_for(stopped_database), lambda address: fetch_kind(urls, address))
    assert kinds == dict.fromkeys(kinds, "db_unreachable")
