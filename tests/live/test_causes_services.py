"""Each cause on PostgreSQL's side gets its kind: with any driver, on either interface, however the site says it."""

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
    DEADLINE_S,
    DRIVERS,
    Address,
    Sites,
    addresses,
    all_told,
    fixed_port,
    sites,
    told,
)
from tests.support.postgres_clusters import (
    ACCEPTS,
    MAX_CONNECTIONS,
    REJECTS,
    SITE_PASSWORD,
    Cluster,
    cluster,
)

ASKED = addresses(*DRIVERS)
WAITING = "wait_event_type = 'Lock'"


def asked_of(made: Cluster) -> list[Address]:
    """In other languages than English, Django's page for people on one interface and the one for programs on the other
    have to do."""
    spared = {("wsgi", "text"), ("asgi", "html")} if made.language else set()
    return [each for each in ASKED if (each.interface, each.presentation) not in spared]


@pytest.fixture(scope="module")
def port() -> int:
    """Where the database is, in all its flavours."""
    return fixed_port()


@pytest.fixture(scope="module")
def urls(port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sites]:
    """The sites, which connect to the database for each request."""
    env = {"DATABASE_URL": f"postgresql://site:{SITE_PASSWORD}@127.0.0.1:{port}/site"}
    with sites(env, tmp_path_factory.mktemp("sites")) as started:
        yield started


@pytest.fixture(
    scope="module",
    params=[
        pytest.param("", id="en", marks=pytest.mark.xdist_group("services in English")),
        pytest.param("de_DE", id="de", marks=pytest.mark.xdist_group("services in German")),
    ],
)
def made(
    request: pytest.FixtureRequest, port: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Cluster, ExitStack]]:
    """A cluster of the lab's PostgreSQL, which speaks English only, or of Debian's in another language; and what stops
    its server."""
    programs = None
    if request.param:
        programs = Path(debian.program("postgres", "postgresql", "locales")).parent
        if not Path("/usr/share/i18n/locales").is_dir():
            debian.skip("there are no sources of locales", "locales")
    with cluster(port, tmp_path_factory.mktemp("cluster"), request.param, programs) as made, ExitStack() as server:
        yield made, server


@pytest.fixture
def running(made: tuple[Cluster, ExitStack]) -> Cluster:
    """The cluster, whose server goes on running after the test."""
    found, server = made
    if found.ready() != ACCEPTS:
        server.enter_context(found.started("deadlock_timeout=100ms"))
    return found


@pytest.fixture
def stopped(made: tuple[Cluster, ExitStack]) -> Cluster:
    """The cluster without a server."""
    made[1].close()
    return made[0]


@contextmanager
def at_max_connections(made: Cluster) -> Iterator[None]:
    with made.held(MAX_CONNECTIONS):
        yield


@contextmanager
def reserved_left(made: Cluster) -> Iterator[None]:
    with made.held(MAX_CONNECTIONS - 3):
        yield


@contextmanager
def at_role_limit(made: Cluster) -> Iterator[None]:
    made.do("ALTER ROLE site CONNECTION LIMIT 1")
    with made.held(1, "site"):
        yield
    made.do("ALTER ROLE site CONNECTION LIMIT -1")


@contextmanager
def at_database_limit(made: Cluster) -> Iterator[None]:
    made.do("ALTER DATABASE site CONNECTION LIMIT 1")
    with made.held(1, "site"):
        yield
    made.do("ALTER DATABASE site CONNECTION LIMIT -1")


@contextmanager
def timing_out(made: Cluster, setting: str) -> Iterator[None]:
    made.do(f"ALTER ROLE site SET {setting} = '50ms'")
    with made.locked():
        yield
    made.do(f"ALTER ROLE site RESET {setting}")


def statement_timeout(made: Cluster) -> AbstractContextManager[None]:
    return timing_out(made, "statement_timeout")


def lock_timeout(made: Cluster) -> AbstractContextManager[None]:
    return timing_out(made, "lock_timeout")


@contextmanager
def wrong_password(made: Cluster) -> Iterator[None]:
    made.do("ALTER ROLE site PASSWORD 'another'")
    yield
    made.do(f"ALTER ROLE site PASSWORD $${SITE_PASSWORD}$$")


@contextmanager
def no_such_database(made: Cluster) -> Iterator[None]:
    made.do("ALTER DATABASE site RENAME TO renamed")
    yield
    made.do("ALTER DATABASE renamed RENAME TO site")


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
def test_a_cause_while_the_server_runs(running: Cluster, urls: Sites, cause: Cause, kind: str) -> None:
    with cause(running):
        found = all_told(asked_of(running), lambda address: told(urls, address))
    assert found == dict.fromkeys(found, kind)
    running.wait_until_unused()


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
# Takes the lock that a session of the site has, as soon as it has it. That session is waiting for this one's by then,
# and finds the deadlock, since it looks earlier.
RIVAL = (
    "SET deadlock_timeout = '1min'; SET statement_timeout = '20s'; DO $$ BEGIN"
    " WHILE pg_try_advisory_lock(1, hashtext('{id}')) LOOP"
    " PERFORM pg_advisory_unlock(1, hashtext('{id}')); PERFORM pg_sleep(0.002); END LOOP;"
    " PERFORM pg_advisory_lock(1, hashtext('{id}')); PERFORM pg_advisory_unlock_all(); END $$"
)


def test_a_deadlock(running: Cluster, urls: Sites) -> None:
    # A row for each. Not the first: Django's debug page shows a QuerySet by asking for the first 21 of the table.
    rows = {address: n for n, address in enumerate(asked_of(running), 500)}

    def deadlocked(address: Address) -> str:
        key = str(uuid.UUID(hashlib.md5(f"post {rows[address]}".encode(), usedforsecurity=False).hexdigest()))
        with closing(running.connect("site")) as rival, rival.cursor() as cursor, ThreadPoolExecutor(1) as beside:
            cursor.execute(f"SELECT pg_advisory_lock(2, hashtext('{key}'))")
            ended = beside.submit(cursor.execute, RIVAL.format(id=key))
            kind = told(urls, address._replace(path=f"{address.path}/?id={key}"))
            ended.result()
        return kind

    running.do(*DEADLOCK, database="site")
    try:
        found = all_told(asked_of(running), deadlocked)
    finally:
        running.do(*NO_DEADLOCK, database="site")
    assert found == dict.fromkeys(found, "db_contention")
    running.wait_until_unused()


def test_sessions_that_the_administrator_ends(running: Cluster, urls: Sites) -> None:
    with ExitStack() as lock:
        lock.enter_context(running.locked())

        def end_all() -> None:
            running.wait_for_sessions(lambda waiting: waiting >= len(asked_of(running)), WAITING)
            running.end_sessions()
            lock.close()

        found = all_told(asked_of(running), lambda address: told(urls, address), len(asked_of(running)), end_all)
    assert found == dict.fromkeys(found, "db_unreachable")


@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGQUIT])
def test_a_server_that_is_killed_while_it_is_asked(stopped: Cluster, urls: Sites, signum: signal.Signals) -> None:
    with stopped.started() as program, suppress(psycopg2.OperationalError), stopped.locked():

        def kill() -> None:
            stopped.wait_for_sessions(lambda waiting: waiting >= len(asked_of(stopped)), WAITING)
            program.popen.send_signal(signum)
            program.wait()

        found = all_told(asked_of(stopped), lambda address: told(urls, address), len(asked_of(stopped)), kill)
    assert found == dict.fromkeys(found, "db_unreachable")


def test_a_server_that_is_not_there(stopped: Cluster, urls: Sites) -> None:
    found = all_told(asked_of(stopped), lambda address: told(urls, address))
    assert found == dict.fromkeys(found, "db_unreachable")


@pytest.mark.parametrize(
    "settings", [("hot_standby=off",), ("restore_command=sleep 100",)], ids=["not accepting", "starting up"]
)
def test_a_server_that_is_not_ready(stopped: Cluster, urls: Sites, settings: tuple[str, ...]) -> None:
    mark = stopped.data / "standby.signal"
    mark.touch()
    try:
        with stopped.started(*settings, until=REJECTS):
            found = all_told(asked_of(stopped), lambda address: told(urls, address))
    finally:
        mark.unlink()
    assert found == dict.fromkeys(found, "db_unreachable")


def test_a_server_that_is_shutting_down(stopped: Cluster, urls: Sites) -> None:
    with stopped.started() as program, stopped.held(1):
        program.popen.send_signal(signal.SIGTERM)  # waits for clients to leave
        assert wait_until(lambda: stopped.ready() == REJECTS, program, DEADLINE_S)
        found = all_told(asked_of(stopped), lambda address: told(urls, address))
    assert found == dict.fromkeys(found, "db_unreachable")
