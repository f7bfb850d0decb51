"""What is passed on of an exception."""

from typing import Any

import pytest

from locust_asyncdjango.probe.hooks.exception_details import CHAIN_LIMIT, describe_failure, exception_chain
from locust_asyncdjango.probe.protocol import ServerFailure


def library_error(
    module: str, name: str, text: str = "", base: type[Exception] = Exception, **members: Any
) -> Exception:
    """Return an exception of a class that a library has."""
    error: Exception = type(name, (base,), {"__module__": module})(text)
    vars(error).update(members)
    return error


def raised(
    error: BaseException, cause: BaseException | None = None, context: BaseException | None = None
) -> BaseException:
    """Return an exception as if it had been raised from a cause, or while another one was handled."""
    if cause is not None:
        error.__cause__ = cause
    error.__context__ = context
    return error


DRIVERS_TEXT = 'connection to server at "10.0.0.1", port 5432 failed: FATAL:  sorry, too many clients already'
DRIVERS = library_error("psycopg", "OperationalError", DRIVERS_TEXT)
DJANGOS = raised(library_error("django.db.utils", "OperationalError", DRIVERS_TEXT), cause=DRIVERS)
NAMES = ("django.db.utils.OperationalError", "psycopg.OperationalError")


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        pytest.param(ValueError("a secret"), ServerFailure(("ValueError",)), id="a name, no message"),
        pytest.param(
            raised(
                library_error("django.db.utils", "OperationalError", "x"),
                cause=library_error("psycopg.errors", "TooManyConnections", "y", sqlstate="53300"),
            ),
            ServerFailure(("django.db.utils.OperationalError", "psycopg.errors.TooManyConnections"), "53300"),
            id="an SQLSTATE, so no message",
        ),
        pytest.param(
            library_error("psycopg2.errors", "UndefinedTable", pgcode="42P01"),
            ServerFailure(("psycopg2.errors.UndefinedTable",), "42P01"),
            id="psycopg2 calls it pgcode",
        ),
        pytest.param(DJANGOS, ServerFailure(NAMES, text=DRIVERS_TEXT), id="a refused connection has no SQLSTATE"),
        pytest.param(
            library_error("django.db.utils", "IntegrityError", "Key (email)=(me@example.org) already exists"),
            ServerFailure(("django.db.utils.IntegrityError",)),
            id="no message with a row",
        ),
        pytest.param(
            library_error("psycopg", "OperationalError", "postgresql://me:s3cret@db/ password=s3cret x"),
            ServerFailure(("psycopg.OperationalError",), text="postgresql://me:...@db/ password=... x"),
            id="no password",
        ),
        pytest.param(
            raised(KeyError("shop"), context=DJANGOS),
            ServerFailure(("KeyError", *NAMES), text=DRIVERS_TEXT),
            id="what the project was handling is the cause",
        ),
        pytest.param(
            raised(library_error("redis.exceptions", "ConnectionError"), context=DJANGOS),
            ServerFailure(("redis.exceptions.ConnectionError",)),
            id="what a library was handling is another error",
        ),
        pytest.param(
            library_error("shop.errors", "OperationalError", "of the shop"),
            ServerFailure(("shop.errors.OperationalError",)),
            id="a message of the project's own class is kept back",
        ),
    ],
)
def test_what_the_header_says(error: BaseException, failure: ServerFailure) -> None:
    assert describe_failure(error) == failure


def test_a_cause_that_was_taken_away_does_not_count() -> None:
    error = raised(ValueError(), context=DJANGOS)
    error.__suppress_context__ = True
    assert describe_failure(error).names == ("ValueError",)


def test_the_first_of_a_group_counts() -> None:
    assert describe_failure(ExceptionGroup("two", [KeyError("a"), ValueError("b")])).names == (
        "ExceptionGroup",
        "KeyError",
    )


def test_a_chain_without_end_is_cut() -> None:
    first, second = ValueError(), KeyError()
    first.__context__, second.__context__ = second, first
    assert exception_chain(first) == [first, second]
    chain: BaseException = ValueError()
    for _ in range(2 * CHAIN_LIMIT):
        chain = raised(ValueError(), cause=chain)
    assert len(exception_chain(chain)) == CHAIN_LIMIT


def test_a_class_with_mistakes_is_survived() -> None:
    class MuteError(Exception):
        @property
        def sqlstate(self) -> str:
            raise RuntimeError

        def __str__(self) -> str:
            raise RuntimeError

    MuteError.__module__, MuteError.__name__ = "psycopg", "OperationalError"
    assert describe_failure(MuteError()).text == ""


def test_the_library_that_raised_a_common_exception() -> None:
    code = compile("def connect(): raise ConnectionRefusedError(111, 'refused')", "connect_utils.py", "exec")
    module: dict[str, Any] = {"__name__": "asyncpg.connect_utils"}
    exec(code, module)  # noqa: S102
    with pytest.raises(ConnectionRefusedError) as refused:
        module["connect"]()
    assert describe_failure(refused.value) == ServerFailure(
        ("ConnectionRefusedError",), library="asyncpg.connect_utils"
    )
