"""What a client learns about an exception, and what it does not learn."""

from typing import Any

import asyncpg
import psycopg_pool
import pytest
from asgiref.sync import async_to_sync
from django.db import OperationalError

from target_site.problems.exception_details import describe_exception

CONNECTING = 'connection to server at "10.1.2.3", port 5432 failed: '


def operational_error(message: str, cause: Exception | None = None) -> OperationalError:
    """Return an error as Django raises it from a driver's."""
    error = OperationalError(message)
    error.__cause__ = cause
    return error


class DriverError(Exception):
    """An error of a driver that knows its SQLSTATE."""

    def __init__(self, message: str, sqlstate: str) -> None:
        super().__init__(message)
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    ("phrase", "sqlstate"),
    [
        ("sorry, too many clients already", "53300"),
        ("remaining connection slots are reserved for roles with the SUPERUSER attribute", "53300"),
        ("the database system is starting up", "57P03"),
        ("the database system is in recovery mode", "57P03"),
    ],
)
def test_a_refused_connection_gets_the_sqlstate_that_its_driver_does_not_give(phrase: str, sqlstate: str) -> None:
    message = f"{CONNECTING}FATAL:  {phrase}\n"
    assert describe_exception(operational_error(message, Exception(message))) == {
        "exception": "django.db.utils.OperationalError",
        "sqlstate": sqlstate,
        "detail": phrase,
    }


@pytest.mark.parametrize(
    ("message", "detail"),
    [
        (f"{CONNECTING}Connection refused\n\tIs the server running on that host?", "Connection refused"),
        (
            "server closed the connection unexpectedly\n\tThis probably means",
            "server closed the connection unexpectedly",
        ),
    ],
)
def test_a_lost_connection_is_described_by_its_phrase_only(message: str, detail: str) -> None:
    described = describe_exception(operational_error(message))
    assert (described["sqlstate"], described["detail"]) == ("08006", detail)


@pytest.mark.parametrize(
    ("message", "detail"),
    [
        ("ВАЖНО:  роль «алиса» не существует", 'роль "..." не существует'),
        (
            "FATAL:  Passwort-Authentifizierung für Benutzer »alice« fehlgeschlagen",
            'Passwort-Authentifizierung für Benutzer "..." fehlgeschlagen',
        ),
        ('FATAL:  ロール"alice"からの接続が多すぎます', 'ロール"..."からの接続が多すぎます'),
        (
            'FATAL:  ホスト"10.1.2.3", ユーザー"alice, データベース"shop"',
            'ホスト"...", ユーザー"...", データベース"..."',
        ),
        ("FATAL:  sorry\nDETAIL:  Key (name)=(alice)", "sorry"),
    ],
)
def test_a_refusal_in_any_language_is_passed_on_without_names(message: str, detail: str) -> None:
    described = describe_exception(operational_error(f"{CONNECTING}{message}\n"))
    assert described == {"exception": "django.db.utils.OperationalError", "detail": detail}


@pytest.mark.parametrize(
    ("error", "described"),
    [
        (
            DriverError('duplicate key value violates unique constraint "post_pkey"', "23505"),
            {"sqlstate": "23505"},
        ),
        (
            DriverError('password authentication failed for user "alice"', "28P01"),
            {"sqlstate": "28P01", "detail": 'password authentication failed for user "..."'},
        ),
        (DriverError("x" * 500, "53300"), {"sqlstate": "53300", "detail": "x" * 200}),
    ],
    ids=["data", "connection", "long"],
)
def test_the_message_is_passed_on_for_connections_only(error: DriverError, described: dict[str, str]) -> None:
    name = "django.db.utils.OperationalError"
    assert describe_exception(operational_error(str(error), error)) == {"exception": name, **described}


def test_the_librarys_own_exception_is_named_behind_djangos() -> None:
    message = "couldn't get a connection after 1.00 sec"
    assert describe_exception(operational_error(message, psycopg_pool.PoolTimeout(message))) == {
        "exception": "django.db.utils.OperationalError",
        "cause": "psycopg_pool.PoolTimeout",
    }


def test_the_module_that_raised_a_builtin_exception_is_named() -> None:
    async def connect() -> None:
        pool: Any = asyncpg.create_pool("postgresql://127.0.0.1:1/x", min_size=0, max_size=1)
        async with pool:
            await pool.acquire(timeout=5)

    with pytest.raises(OSError, match="Connect") as caught:
        async_to_sync(connect)()
    described = describe_exception(caught.value)
    assert (described["exception"], described["library"]) == ("ConnectionRefusedError", "asyncpg.connect_utils")


def test_any_other_exception_gives_its_name_only() -> None:
    assert describe_exception(RuntimeError("SELECT secret FROM settings")) == {"exception": "RuntimeError"}
