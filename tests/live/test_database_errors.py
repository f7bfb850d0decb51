"""Each error of a real PostgreSQL has its SQLSTATE in the site's response, with each driver, and no word of its own."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

import psycopg2
import psycopg2.errorcodes
import pytest

from tests.support.error_sites import Sites, running_sites
from tests.support.programs import DEADLINE_S

pytestmark = pytest.mark.xdist_group("database errors")

PLANTED = ("carol@example.com", "GB33BUKB20201555555555", "tbl_secret", "hint_secret", "col_secret")
# As the first line, after a severity, and in each of the fields that an error has.
RAISE = """
DO $do$ BEGIN RAISE EXCEPTION USING ERRCODE = '{sqlstate}',
    MESSAGE = E'carol@example.com:  carol@example.com\\nFATAL:  "carol@example.com" carol@example.com SSL timed out',
    DETAIL = 'Key (iban)=(GB33BUKB20201555555555) already exists', HINT = 'hint_secret:  hint_secret',
    COLUMN = 'col_secret', TABLE = 'tbl_secret', CONSTRAINT = 'tbl_secret', SCHEMA = 'tbl_secret',
    DATATYPE = 'tbl_secret';
END $do$
"""
TABLE = """
CREATE TEMP TABLE tbl_secret (email text UNIQUE, iban text NOT NULL, col_secret int CHECK (col_secret < 150));
INSERT INTO tbl_secret VALUES ('carol@example.com', 'GB33BUKB20201555555555', 1);
"""
LOCK = 4711
ENDED = ("57P01", "08003", "08006")
"""A driver may miss what the server says at the end, and report a lost connection."""
CASES = {
    "unique": ("INSERT INTO tbl_secret VALUES ('carol@example.com', 'x', 1)", "23505"),
    "not null": ("INSERT INTO tbl_secret VALUES ('x', NULL, 1)", "23502"),
    "check": ("INSERT INTO tbl_secret VALUES ('x', 'GB33BUKB20201555555555', 999)", "23514"),
    "no column": ("SELECT email_secret FROM tbl_secret", "42703"),
    "no table": ("SELECT tbl_secrets.iban FROM target_site_post", "42P01"),
    "syntax": ("SELECT 'carol@example.com' FRM tbl_secret", "42601"),
    "no number": ("SELECT 'carol@example.com'::int", "22P02"),
    "no date": ("SELECT '2024-13-45'::date", "22008"),
    "too long": ("ALTER TABLE tbl_secret ALTER email TYPE varchar(3)", "22001"),
    "division": ("SELECT 1 / 0", "22012"),
    "read only": ("SET TRANSACTION READ ONLY; DELETE FROM target_site_post", "25006"),
    "statement timeout": ("SET statement_timeout = 20; SELECT pg_sleep(100), 'carol@example.com'", "57014"),
    "lock timeout": (f"SET lock_timeout = 20; SELECT pg_advisory_lock({LOCK}), 'carol@example.com'", "55P03"),
    "no role": ("SET ROLE tbl_secret", "22023"),
    "ended by the administrator": ("SELECT pg_terminate_backend(pg_backend_pid()), 'carol@example.com'", *ENDED),
}
DETAILS = {
    "57P01": "terminating connection due to administrator command",
    "08003": "connection was closed in the middle of operation",
    "08006": "server closed the connection unexpectedly",
    "22023": 'role "..." does not exist',
}
DRIVERS = {"wsgi": ("sync", "psycopg2", "psycopg"), "asgi": ("async", "psycopg_async", "asyncpg")}
ORM_DRIVERS = ("psycopg2", "psycopg")
ADDRESSES = [
    (orm_driver, interface, driver)
    for orm_driver in ORM_DRIVERS
    for interface, drivers in DRIVERS.items()
    for driver in drivers
    if orm_driver == ORM_DRIVERS[0] or driver in ("sync", "async")
]
"""The driver below the ORM, and where an SQL statement goes. Only the ORM's routes depend on the first."""


def sqlstates() -> list[str]:
    """Return the codes of all errors that PostgreSQL knows, of each class."""
    codes = {str(code) for name, code in vars(psycopg2.errorcodes).items() if name.isupper() and len(str(code)) == 5}
    return sorted(codes - {psycopg2.errorcodes.SUCCESSFUL_COMPLETION})  # of which no exception can be raised


@pytest.fixture(scope="module")
def urls(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Sites]]:
    """Run the site on each interface, with each driver below the ORM. Yield the URLs by that driver."""
    started: dict[str, Sites] = {}
    with ExitStack() as stack:
        for driver in ORM_DRIVERS:
            env = {"DATABASE_URL": database_url, "TARGET_SITE_ORM_DRIVER": driver}
            started[driver] = stack.enter_context(running_sites(env, tmp_path_factory.mktemp("sites"), ["problem"]))
        yield started


def response_to(url: str, sql: str) -> tuple[str, str]:
    """Return the headers and the body of the response of status 500 to an SQL statement."""
    with (
        pytest.raises(urllib.error.HTTPError) as caught,
        urllib.request.urlopen(urllib.request.Request(url, sql.encode()), timeout=DEADLINE_S),
    ):
        pass
    with caught.value as error:
        assert error.status == 500
        return f"{error.headers}", error.read().decode()


def assert_says_no_more(url: str, sql: str, *sqlstates: str, details: Mapping[str, str]) -> None:
    """Fail unless the response to an SQL statement has one of these SQLSTATEs, names, and no planted word."""
    headers, body = response_to(url, sql)
    assert [word for word in PLANTED if word in headers + body] == []
    assert "content-type: application/problem+json" in headers.lower()
    problem = json.loads(body)
    # asyncpg raises a TypeError in place of its classes of warnings.
    names = [problem.pop(name) for name in ("exception", "cause", "library") if name in problem]
    assert {name.partition(".")[0] for name in names} <= {"django", "psycopg2", "psycopg", "asyncpg", "TypeError"}
    sqlstate = problem["sqlstate"]
    assert sqlstate in sqlstates
    expected = {"type": "about:blank", "title": "Internal Server Error", "status": 500, "sqlstate": sqlstate}
    assert problem == {**expected, **({"detail": details[sqlstate]} if sqlstate in details else {})}


@pytest.mark.parametrize(("orm_driver", "interface", "driver"), ADDRESSES)
def test_each_sqlstate_of_postgresql(urls: dict[str, Sites], orm_driver: str, interface: str, driver: str) -> None:
    codes = sqlstates()
    assert len({code[:2] for code in codes}) > 35
    assert len(codes) > 220
    url = f"{urls[orm_driver][interface, 'problem']}/sql/{driver}/"
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda code: assert_says_no_more(url, RAISE.format(sqlstate=code), code, details={}), codes))


@pytest.fixture(scope="module")
def locked(database_url: str) -> Iterator[None]:
    """Hold the lock for which a statement waits in vain."""
    with closing(psycopg2.connect(database_url)) as connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_lock({LOCK})")
        yield


@pytest.mark.usefixtures("locked")
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(("orm_driver", "interface", "driver"), ADDRESSES)
def test_a_real_error(urls: dict[str, Sites], orm_driver: str, interface: str, driver: str, case: str) -> None:
    sql, *sqlstates = CASES[case]
    assert_says_no_more(
        f"{urls[orm_driver][interface, 'problem']}/sql/{driver}/", TABLE + sql, *sqlstates, details=DETAILS
    )
