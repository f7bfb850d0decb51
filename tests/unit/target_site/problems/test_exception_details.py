"""What a client learns about an exception, and what it does not learn."""

from typing import Any

import asyncpg
import httpx
import psycopg2
import psycopg_pool
import pytest
from asgiref.sync import async_to_sync
from django.db import IntegrityError, OperationalError

from target_site.problems.exception_details import describe_exception

SECRET = "carol@example.com"


def wrapped(outer: Exception, inner: BaseException) -> Exception:
    """Return the outer exception, raised from the inner one."""
    outer.__cause__ = inner
    return outer


def raised(outer: Exception, inner: Exception) -> Exception:
    """Return the outer exception, raised while the inner one was handled."""
    try:
        try:
            raise inner
        except Exception:  # noqa: BLE001 - any
            raise outer  # noqa: B904 - without from, as a project may have it
    except Exception as error:  # noqa: BLE001 - any
        return error


class DriverError(Exception):
    """An error of a driver that knows its SQLSTATE."""

    def __init__(self, message: str, sqlstate: str) -> None:
        super().__init__(message)
        self.sqlstate = sqlstate


class SilentError(Exception):
    """An exception of a project whose text and attributes cannot be had."""

    def __str__(self) -> str:
        raise RuntimeError(SECRET)

    @property
    def sqlstate(self) -> str:
        raise RuntimeError(SECRET)


class Shop:
    """A class of a project with an exception."""

    class SoldOutError(Exception):
        """An exception with a name of two parts."""


def odd_class(name: str, module: str, base: type[Exception] = ValueError) -> Any:
    """Return an exception class with this name and module."""
    return type(name, (base,), {"__module__": module})


NAMES = [
    (RuntimeError(SECRET), "RuntimeError"),
    (Shop.SoldOutError(SECRET), f"{__name__}.Shop.SoldOutError"),
    (SilentError(), f"{__name__}.SilentError"),
    (odd_class("Error", "shop.errors")(SECRET), "shop.errors.Error"),
    (odd_class(f"Error for {SECRET}", "shop")(), "ValueError"),
    (odd_class("Error", f"shop {SECRET}")(), "ValueError"),
    (odd_class("Error\x1b[31m", "shop")(), "ValueError"),
    (odd_class("E" * 1000, "shop")(), "ValueError"),
]


@pytest.mark.parametrize(("exception", "name"), NAMES, ids=range(len(NAMES)))
def test_an_exception_gives_its_name_only(exception: Exception, name: str) -> None:
    assert describe_exception(exception) == {"exception": name}


def test_a_class_within_a_function_has_a_name_too() -> None:
    class LocalError(Exception):
        """A local class."""

    assert describe_exception(LocalError()) == {"exception": f"{__name__}.LocalError"}


DJANGOS = "django.db.utils.OperationalError"
DRIVERS = "psycopg2.OperationalError"
LIBPQ = 'connection to server at "10.1.2.3", port 5432 failed: '
TEXTS = [
    (f"{LIBPQ}FATAL:  sorry, too many clients already\n", "53300", "sorry, too many clients already"),
    (f"{LIBPQ}FATAL:  the database system is starting up\n", "57P03", "the database system is starting up"),
    (f"{LIBPQ}Connection refused\n\tIs the server running on that host?", "08006", "Connection refused"),
    ('could not translate host name "db.example" to address: x', "08006", "the host's name is not known"),
    ("server closed the connection unexpectedly\n\tThis", "08006", "server closed the connection unexpectedly"),
    (
        f"{LIBPQ}FATAL:  no more connections allowed (max_client_conn)",
        "08P01",
        "no more connections allowed (max_client_conn)",
    ),
    (f"{LIBPQ}FATAL:  {SECRET} may not come in", "08006", None),
    (SECRET * 100_000, "08006", None),
    (f"\x1b[2J\x00\r{SECRET}\udcff", "08006", None),
]


@pytest.mark.parametrize(("text", "sqlstate", "detail"), TEXTS, ids=range(len(TEXTS)))
def test_a_driver_that_gives_no_sqlstate_gets_one(text: str, sqlstate: str, detail: str | None) -> None:
    expected = {"exception": DRIVERS, "sqlstate": sqlstate, **({"detail": detail} if detail else {})}
    error = psycopg2.OperationalError(text)
    assert describe_exception(error) == expected
    assert describe_exception(wrapped(OperationalError(text), error)) == {
        **expected,
        "exception": DJANGOS,
        "cause": DRIVERS,
    }


@pytest.mark.parametrize(
    ("error", "described"),
    [
        (DriverError(f"duplicate key value\nDETAIL:  Key (email)=({SECRET})", "23505"), {"sqlstate": "23505"}),
        (
            DriverError('role "carol" does not exist', "42704"),
            {"sqlstate": "42704", "detail": 'role "..." does not exist'},
        ),
        (
            DriverError('password authentication failed for user "alice"', "28P01"),
            {"sqlstate": "28P01", "detail": 'password authentication failed for user "..."'},
        ),
        (DriverError(SECRET, "53300"), {"sqlstate": "53300"}),
        (
            DriverError(f"query_wait_timeout {SECRET}", "08P01"),
            {"sqlstate": "08P01", "detail": "query_wait_timeout"},
        ),
        (DriverError("x", SECRET), {}),
        (DriverError("x", "2350"), {}),
        (SilentError(), {}),
    ],
    ids=["row", "name", "login", "unknown", "pooler", "no code", "short code", "raises"],
)
def test_of_an_error_with_an_sqlstate_that_is_passed_on(error: Exception, described: dict[str, str]) -> None:
    assert describe_exception(wrapped(IntegrityError(str(type(error))), error)) == {
        "exception": "django.db.utils.IntegrityError",
        **described,
    }


def test_an_sqlstate_counts_in_an_error_of_a_database_only() -> None:
    assert describe_exception(DriverError("x", "AB123")) == {"exception": f"{__name__}.DriverError"}


UNIQUE = wrapped(IntegrityError(SECRET), asyncpg.UniqueViolationError(SECRET))
OF_UNIQUE = {"cause": "asyncpg.exceptions.UniqueViolationError", "sqlstate": "23505"}
CACHE = httpx.ConnectError(SECRET)


@pytest.mark.parametrize(
    ("exception", "described"),
    [
        (wrapped(Shop.SoldOutError(SECRET), UNIQUE), {"exception": f"{__name__}.Shop.SoldOutError", **OF_UNIQUE}),
        (raised(Shop.SoldOutError(SECRET), UNIQUE), {"exception": f"{__name__}.Shop.SoldOutError", **OF_UNIQUE}),
        (ExceptionGroup(SECRET, [KeyError(SECRET), UNIQUE]), {"exception": "ExceptionGroup", **OF_UNIQUE}),
        (
            ExceptionGroup(SECRET, [ExceptionGroup(SECRET, [ValueError(SECRET), UNIQUE]), CACHE]),
            {"exception": "ExceptionGroup", **OF_UNIQUE},
        ),
        (ExceptionGroup(SECRET, [KeyError(SECRET)]), {"exception": "ExceptionGroup"}),
        # What was handled when a query failed is another matter.
        (raised(wrapped(OperationalError(SECRET), UNIQUE), CACHE), {"exception": DJANGOS, **OF_UNIQUE}),
    ],
    ids=["from", "during", "group", "nested groups", "group of others", "during another"],
)
def test_the_librarys_own_exception_is_named_behind_others(exception: Exception, described: dict[str, str]) -> None:
    assert describe_exception(exception) == described


def test_a_pools_timeout_is_named_behind_djangos() -> None:
    message = "couldn't get a connection after 1.00 sec"
    assert describe_exception(wrapped(OperationalError(message), psycopg_pool.PoolTimeout(message))) == {
        "exception": DJANGOS,
        "cause": "psycopg_pool.PoolTimeout",
    }


def test_endless_chains_and_groups_end() -> None:
    first, second = ValueError(SECRET), KeyError(SECRET)
    first.__cause__, second.__cause__ = second, first
    assert describe_exception(first) == {"exception": "ValueError"}
    deep: Exception = ValueError(SECRET)
    for _ in range(5000):
        deep = ExceptionGroup(SECRET, [wrapped(RuntimeError(SECRET), deep)])
    assert describe_exception(deep) == {"exception": "ExceptionGroup"}


@pytest.mark.parametrize(
    ("dsn", "described"),
    [
        ("postgresql://127.0.0.1:1/x", {"exception": "ConnectionRefusedError", "detail": "Connection refused"}),
        ("postgresql://db.invalid/x", {"exception": "socket.gaierror", "detail": "the host's name is not known"}),
        ("postgresql:///x?host=/nowhere", {"exception": "FileNotFoundError", "detail": "there is no such socket"}),
    ],
    ids=["refused", "no host", "no socket"],
)
def test_the_module_that_raised_pythons_own_exception_is_named(dsn: str, described: dict[str, str]) -> None:
    async def connect() -> None:
        pool: Any = asyncpg.create_pool(dsn, user="u", min_size=0, max_size=1)
        async with pool:
            await pool.acquire(timeout=30)

    with pytest.raises(OSError, match=r"\[Errno") as caught:
        async_to_sync(connect)()
    expected = {"library": "asyncpg.connect_utils", "sqlstate": "08006", **described}
    assert describe_exception(caught.value) == expected


def test_what_a_project_raises_within_a_librarys_call_is_the_projects() -> None:
    def fail(_request: httpx.Request) -> httpx.Response:
        raise OSError(SECRET)

    with pytest.raises(OSError, match=SECRET) as caught, httpx.Client(transport=httpx.MockTransport(fail)) as client:
        client.get("http://localhost/")
    assert describe_exception(caught.value) == {"exception": "OSError"}
