"""What of the target site needs no database."""

import json
import subprocess
import sys
from typing import Any

import asyncpg
import django
import psycopg.conninfo
import psycopg_pool
import pytest
from asgiref.sync import async_to_sync
from django.core.exceptions import SuspiciousOperation
from django.db import OperationalError, connections
from django.http import Http404, HttpRequest, HttpResponse
from django.test import RequestFactory

from locust_asyncdjango.failures.classify import classify
from locust_asyncdjango.routes import ROUTES as CLIENT_ROUTES

django.setup()

from target_site.database.connections import database_dsn  # noqa: E402
from target_site.problems import BadInputError, ProblemMiddleware  # noqa: E402
from target_site.routes import ROUTES, cpu, io_create  # noqa: E402
from target_site.routes.parameters import read_integer  # noqa: E402

FACTORY = RequestFactory()
SIDES = ("sync", "async")
OPTIONS = {"options": "-c search_path=x", "assume_role": "r", "pool": {"max_size": 3}}


def answer(exception: Exception) -> tuple[int, dict[str, object]] | None:
    """Status and problem with which the middleware answers an exception."""
    response = ProblemMiddleware(lambda _: HttpResponse()).process_exception(HttpRequest(), exception)
    return (response.status_code, json.loads(response.content)) if response else None


@pytest.fixture
def refused() -> OperationalError:
    """As Django raises it from psycopg2's."""
    cause = Exception('connection to server at "10.1.2.3", port 5432 failed: FATAL:  sorry, too many clients already\n')
    error = OperationalError(*cause.args)
    error.__cause__ = cause
    return error


def test_a_refused_connection_is_named_without_settings(refused: OperationalError) -> None:
    assert answer(refused) == (
        500,
        {
            "type": "about:blank",
            "title": "Internal Server Error",
            "status": 500,
            "exception": "django.db.utils.OperationalError",
            "sqlstate": "53300",
            "detail": "sorry, too many clients already",
        },
    )


def test_the_generator_knows_it_by_that(refused: OperationalError) -> None:
    given = answer(refused)
    assert given is not None
    failure = classify(
        status=given[0], headers={"content-type": "application/problem+json"}, body=json.dumps(given[1]).encode()
    )
    assert failure is not None
    assert failure.kind == "db_too_many_clients"


@pytest.mark.parametrize(
    ("message", "detail"),
    [
        ("ВАЖНО:  роль «алиса» не существует", 'роль "..." не существует'),
        ("FATAL:  Passwort-Authentifizierung für Benutzer »alice« fehlgeschlagen", None),
        ('FATAL:  ロール"alice"からの接続が多すぎます', 'ロール"..."からの接続が多すぎます'),
        (
            'FATAL:  ホスト"10.1.2.3", ユーザー"alice, データベース"shop"',
            'ホスト"...", ユーザー"...", データベース"..."',
        ),
        ("FATAL:  sorry\nDETAIL:  Key (name)=(alice)", "sorry"),
    ],
)
def test_a_refusal_in_any_language_is_passed_on_without_names(message: str, detail: str | None) -> None:
    given = answer(OperationalError(f'connection to server at "10.1.2.3", port 5432 failed: {message}\n'))
    assert given is not None
    assert given[1].get("detail") == (detail or 'Passwort-Authentifizierung für Benutzer "..." fehlgeschlagen')
    assert "alice" not in str(given)
    assert "10.1.2.3" not in str(given)


def test_what_django_has_wrapped_is_named() -> None:
    error = OperationalError("couldn't get a connection after 1.00 sec")
    error.__cause__ = psycopg_pool.PoolTimeout(*error.args)
    given = answer(error)
    assert given is not None
    assert (given[1]["exception"], given[1]["cause"]) == (
        "django.db.utils.OperationalError",
        "psycopg_pool.PoolTimeout",
    )


def test_the_module_that_raised_what_python_does_is_named() -> None:
    async def hurried() -> None:
        pool: Any = asyncpg.create_pool("postgresql://127.0.0.1:1/x", min_size=0, max_size=1)
        async with pool:
            await pool.acquire(timeout=5)

    with pytest.raises(OSError, match="Connect") as caught:
        async_to_sync(hurried)()
    given = answer(caught.value)
    assert given is not None
    assert given[1]["library"] == "asyncpg.connect_utils"


def test_other_exceptions_give_their_name_and_nothing_else() -> None:
    given = answer(RuntimeError("SELECT secret FROM settings"))
    assert given == (
        500,
        {"type": "about:blank", "title": "Internal Server Error", "status": 500, "exception": "RuntimeError"},
    )


def test_bad_input_is_told_to_the_client() -> None:
    assert answer(BadInputError("n must be small")) == (
        400,
        {"type": "about:blank", "title": "Bad Request", "status": 400, "detail": "n must be small"},
    )


@pytest.mark.parametrize("exception", [Http404("x"), SuspiciousOperation("x")])
def test_djangos_own_answers_go_their_own_way(exception: Exception) -> None:
    assert answer(exception) is None


@pytest.mark.parametrize(("n", "total"), [("0", 0), ("1", 0), ("4", 14), ("1000", 332833500)])
def test_both_twins_sum_the_squares(n: str, total: int) -> None:
    request = FACTORY.get("/cpu/", {"n": n})
    for response in (cpu.cpu_sync(request), async_to_sync(cpu.cpu_async)(request)):
        assert json.loads(response.content) == {"n": int(n), "sum": total}


@pytest.mark.parametrize("n", ["", "-1", "1e3", "10.5", "10000001", "9" * 5000, "٣", " 1"])
def test_n_is_bounded(n: str) -> None:
    with pytest.raises(BadInputError, match="n must be a whole number from 0 to 10000000"):
        read_integer(FACTORY.get("/cpu/", {"n": n}), "n", cpu.LARGEST_N, cpu.DEFAULT_N)


def test_n_by_default() -> None:
    assert read_integer(FACTORY.get("/cpu/"), "n", cpu.LARGEST_N, cpu.DEFAULT_N) == 10**7


def test_a_posts_fields() -> None:
    request = FACTORY.post("/io_create/", {"title": "t" * 100, "content": "c", "other": "x"})
    assert io_create.post_fields(request) == {"title": "t" * 100, "content": "c"}


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({}, "the form field title must have 1 to 100 characters"),
        ({"title": "t" * 101, "content": "c"}, "the form field title must have 1 to 100 characters"),
        ({"title": "t"}, "the form field content must have 1 to 100000 characters"),
        ({"title": "t", "content": "c" * 100_001}, "the form field content must have 1 to 100000 characters"),
        ({"title": "\x00", "content": "c"}, "the form field title must not hold a NUL character"),
    ],
)
def test_a_post_that_is_refused(form: dict[str, str], message: str) -> None:
    with pytest.raises(BadInputError, match=message):
        io_create.post_fields(FACTORY.post("/io_create/", form))


def test_the_clients_table_of_routes_is_the_sites() -> None:
    assert [
        (route.name, route.method, *(tuple(v.name for v in route.variants if v.side == side) for side in SIDES))
        for route in ROUTES
    ] == [(route.name, route.method, route.sync_variants, route.async_variants) for route in CLIENT_ROUTES.values()]


def test_every_route_knows_sync_and_async() -> None:
    assert {(route.variant("sync").side, route.variant("async").side) for route in ROUTES} == {("sync", "async")}


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("DATABASE_URL", "nonsense", "DATABASE_URL must look like postgresql://user:password@host:port/name"),
        ("DATABASE_URL", "sqlite:///x", "DATABASE_URL must name a PostgreSQL database"),
        ("TARGET_SITE_INTERFACE", "cgi", "TARGET_SITE_INTERFACE must be wsgi or asgi"),
    ],
)
def test_a_wrong_setting_is_one_line_and_exit_code_2(variable: str, value: str, message: str) -> None:
    done = site_command({variable: value}, "check")
    assert done.returncode == 2
    assert done.stderr.startswith(f"CommandError: {message}")
    assert done.stderr.count("\n") == 1


def test_migrations_are_up_to_date() -> None:
    done = site_command({}, "makemigrations", "--check", "--dry-run")
    assert done.stdout == "No changes detected\n"


def test_the_drivers_read_the_address_that_django_has() -> None:
    database = {"USER": "a b", "PASSWORD": "p@ss/", "HOST": "::1", "PORT": 5432, "NAME": "ü", "OPTIONS": OPTIONS}
    before = connections["default"].settings_dict
    connections["default"].settings_dict = {**before, **database}
    try:
        read = psycopg.conninfo.conninfo_to_dict(database_dsn())
    finally:
        connections["default"].settings_dict = before
    assert read == {
        "user": "a b",
        "password": "p@ss/",
        "host": "::1",
        "port": "5432",
        "dbname": "ü",
        "options": "-c search_path=x",
    }


@pytest.mark.parametrize("posts", ["-1", "100000001"])
def test_how_many_posts_is_bounded(posts: str) -> None:
    done = site_command({}, "seed_posts", "--posts", posts)
    assert (done.returncode, done.stderr) == (2, "CommandError: --posts must be from 0 to 100000000\n")


def site_command(env: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    import os

    return subprocess.run(
        [sys.executable, "-m", "target_site", *arguments],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=False,
    )
