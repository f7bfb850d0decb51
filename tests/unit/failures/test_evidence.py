"""What is read of a response or an exception."""

import errno
import ssl

import pytest

from locust_asyncdjango.failures.classify import classify
from locust_asyncdjango.failures.evidence import (
    BODY_LIMIT,
    SHORT_TEXT,
    TEXT_LIMIT,
    Evidence,
    ExceptionEvidence,
    exception_chain,
    exception_message,
    header_value,
    read_chain,
    read_exception,
    read_one_exception,
    read_response,
)
from tests.support.failure_examples import (
    HTML,
    JSON,
    PROBLEM,
    SETTINGS,
    TEXT,
    chained,
    debug_page,
    driver_error,
    problem,
)


@pytest.mark.parametrize(
    ("status", "headers", "body", "kind", "where"),
    [
        pytest.param(
            500,
            HTML,
            debug_page("OperationalError", "connection failed: FATAL:  sorry, too many clients already"),
            "db_too_many_clients",
            "server",
            id="a debug page's exception value",
        ),
        pytest.param(
            500, HTML, debug_page("KeyError", "&#x27;title&#x27;"), "app_error", "", id="and nothing else of it"
        ),
        pytest.param(
            500,
            HTML,
            debug_page("TimeoutError", "", "/venv/lib/python3.13/site-packages/asyncpg/pool.py"),
            "db_pool_timeout",
            "pool",
            id="an exception without words, by its place",
        ),
        pytest.param(
            500,
            TEXT,
            b"OperationalError at /io_read/\nsorry, too many clients already\n\nRequest Method: GET\n" + SETTINGS,
            "db_too_many_clients",
            "server",
            id="the debug answer for programs",
        ),
        pytest.param(
            500,
            TEXT,
            b'Traceback (most recent call last):\n  File "x.py", line 1, in <module>\n    redis()\n'
            b"redis.exceptions.MaxConnectionsError: Too many connections\n",
            "cache_unavailable",
            "",
            id="a traceback's last line",
        ),
        pytest.param(
            500,
            HTML,
            b"<html><head><title>sqlalchemy.exc.TimeoutError: QueuePool limit of size 5 overflow 10 reached\n"
            b"// Werkzeug Debugger</title></head>" + SETTINGS,
            "db_pool_timeout",
            "pool",
            id="Flask's debugger",
        ),
        pytest.param(
            500, JSON, b'{"errors": [{"message": "database is locked"}]}', "db_contention", "", id="GraphQL's errors"
        ),
        pytest.param(
            500,
            PROBLEM,
            problem(title="Internal Server Error", exception="redis.exceptions.ConnectionError"),
            "cache_unavailable",
            "",
            id="an exception's name, not the problem's title",
        ),
        pytest.param(
            500,
            HTML,
            debug_page(
                "TimeoutError",
                "",
                "/usr/lib/python3.13/asyncio/timeouts.py",
                ("/site/mine/views.py", "/venv/lib/python3.13/site-packages/asyncpg/pool.py"),
            ),
            "db_pool_timeout",
            "pool",
            id="raised by Python's own code, for a library",
        ),
        pytest.param(
            500,
            HTML,
            debug_page(
                "ConnectionRefusedError",
                "[Errno 111] Connection refused",
                "uvloop/loop.pyx",
                ("/venv/lib/python3.13/site-packages/asyncpg/connect_utils.py", "uvloop/loop.pyx"),
            ),
            "db_unreachable",
            "",
            id="or by what is compiled",
        ),
        pytest.param(
            500,
            HTML,
            debug_page(
                "TimeoutError",
                "",
                "/usr/lib/python3.13/asyncio/timeouts.py",
                ("/venv/lib/python3.13/site-packages/asyncpg/pool.py", "/site/mine/views.py"),
            ),
            "app_error",
            "",
            id="or for the application",
        ),
        pytest.param(
            500,
            TEXT,
            b"TimeoutError at /\n\n\nRequest Method: GET\n\nTraceback (most recent call last):\n"
            b'  File "/site/views.py", line 1, in get\n'
            b'  File "/v/lib/python3.11/site-packages/asyncpg/pool.py", line 1, in _acquire\n'
            b'  File "/v/lib/python3.11/site-packages/asyncpg/_asyncio_compat.py", line 1, in wait_for\n',
            "db_pool_timeout",
            "pool",
            id="for programs too, past asyncpg's copy of asyncio",
        ),
        pytest.param(
            500,
            JSON,
            b'{"status": 500, "error": "Internal Server Error", "exception": "#<ActiveRecord::ConnectionNotEstablished:'
            b' FATAL: sorry, too many clients already>"}',
            "db_too_many_clients",
            "server",
            id="Rails says the whole exception",
        ),
        pytest.param(500, JSON, b'{"detail": "bad \\ud800 char"}', "app_error", "", id="what no encoding can write"),
    ],
)
def test_the_error_in_a_response_is_read(
    status: int, headers: dict[str, str], body: bytes, kind: str, where: str
) -> None:
    failure = classify(status=status, headers=headers, body=body)
    assert failure is not None
    assert (failure.kind, failure.where) == (kind, where), failure


@pytest.mark.parametrize(
    ("media_type", "body", "evidence"),
    [
        pytest.param(
            "application/problem+json",
            problem(exception="psycopg.OperationalError", library="psycopg", sqlstate="53300", detail="too many"),
            Evidence(("psycopg.OperationalError",), "psycopg", "53300", "too many", "json"),
            id="a problem with all that the target site says",
        ),
        pytest.param(
            "application/json",
            b'{"errors": [{"message": "a"}, {"message": "b"}]}',
            Evidence(text="a; b", form="json"),
            id="a list of errors",
        ),
        pytest.param("application/json", b'{"cut', Evidence(text='{"cut', form="json"), id="JSON that is cut"),
        pytest.param("", b'["a", "b"]', Evidence(text="a b", form="json"), id="JSON without a media type"),
        pytest.param(
            "text/html",
            debug_page("KeyError", "&#x27;title&#x27;", "/v/site-packages/psycopg/x.py"),
            Evidence(("KeyError",), "psycopg.x", "", "'title'", "html"),
            id="a debug page",
        ),
        pytest.param(
            "text/html",
            b"<html><style>p {}</style><!-- no --><h1>Bad &amp; <b>worse</b></h1></html>",
            Evidence(text="Bad &  worse", form="html"),
            id="a page without its markup",
        ),
        pytest.param(
            "text/html",
            b"<title>Oops</title><h1>It broke</h1>" + b"<p>sorry, too many clients already</p>" * 200,
            Evidence(text="Oops It broke", form="html"),
            id="title and headings of a long page",
        ),
        pytest.param(
            "text/plain",
            b'Traceback (most recent call last):\n  File "x.py", line 1, in f\n    f()\nmine.Error: it broke\n',
            Evidence(("mine.Error",), text="it broke", form="text"),
            id="a traceback",
        ),
        pytest.param("text/plain", b" one \n\n two ", Evidence(text="one\ntwo", form="text"), id="lines of text"),
        pytest.param("", b"", Evidence(form="text"), id="nothing"),
    ],
)
def test_the_evidence_of_a_response(media_type: str, body: bytes, evidence: Evidence) -> None:
    assert read_response(media_type, body) == evidence


@pytest.mark.parametrize(
    ("media_type", "body", "evidence"),
    [
        ("application/json", b'{"error": "full"}', Evidence(text="full", form="json")),
        ("application/json", b'{"message": "how to avoid a full database"}', Evidence(form="json")),
        ("text/html", b"<h1>How to avoid a full database</h1>", Evidence()),
        ("text/plain", b"full", Evidence(text="full", form="text")),
        ("text/plain", b"x" * (SHORT_TEXT + 1), Evidence()),
    ],
)
def test_a_successful_response_is_evidence_only_by_its_error_members(
    media_type: str, body: bytes, evidence: Evidence
) -> None:
    assert read_response(media_type, body, success=True) == evidence


def test_no_more_than_the_limits_is_read() -> None:
    assert len(read_response("text/plain", b"x" * 10_000).text) == TEXT_LIMIT
    assert read_response("application/json", b'{"detail": "' + b"x" * BODY_LIMIT + b'"}').text.startswith(
        '{"detail": "x'
    )


def test_the_evidence_of_an_exception_and_its_causes() -> None:
    inner = driver_error("psycopg.errors.TooManyConnections", "too many", sqlstate="53300")
    assert read_exception(chained(RuntimeError("it broke"), inner)) == Evidence(
        (
            "builtins.RuntimeError",
            "builtins.Exception",
            "builtins.BaseException",
            "builtins.object",
            "psycopg.errors.TooManyConnections",
        ),
        "",
        "53300",
        "it broke\ntoo many",
        "text",
    )


def test_the_chain_of_an_exception() -> None:
    error = chained(RuntimeError("outer"), ConnectionRefusedError(111, "inner"))
    bases = ("builtins.Exception", "builtins.BaseException", "builtins.object")
    refused = ("builtins.ConnectionRefusedError", "builtins.ConnectionError", "builtins.OSError", *bases)
    assert list(read_chain(error)) == [
        ExceptionEvidence(("builtins.RuntimeError", *bases), 0, "", "outer", "RuntimeError: outer"),
        ExceptionEvidence(refused, 111, "", "[Errno 111] inner", "ConnectionRefusedError: Connection refused"),
    ]


@pytest.mark.parametrize(
    ("exception", "description"),
    [
        pytest.param(OSError(errno.EMFILE, "x"), "OSError: Too many open files", id="a number of the system"),
        pytest.param(OSError(-2, "not known"), "OSError: [Errno -2] not known", id="another number"),
        pytest.param(ssl.SSLError(1, "wrong version"), "SSLError: wrong version", id="a number of OpenSSL"),
        pytest.param(RuntimeError(), "RuntimeError", id="no message"),
    ],
)
def test_the_description_of_an_exception(exception: Exception, description: str) -> None:
    assert read_one_exception(exception).description == description


def test_an_error_number_that_is_no_number_counts_as_none() -> None:
    error = RuntimeError("x")
    error.errno = []  # type: ignore[attr-defined]
    assert read_one_exception(error).errno == 0


def test_a_chain_that_ends_where_it_began_is_read_once() -> None:
    outer, inner = RuntimeError("outer"), ValueError("inner")
    outer.__cause__, inner.__cause__ = inner, outer
    assert list(exception_chain(outer)) == [outer, inner]


class MuteError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no")


def test_an_exception_without_a_message_has_its_name() -> None:
    assert exception_message(MuteError()) == "MuteError"


@pytest.mark.parametrize(
    ("headers", "value"),
    [({"Content-Type": "Text/HTML"}, "Text/HTML"), ({"content-type": "a"}, "a"), ({"X": "a"}, ""), ({}, "")],
)
def test_a_header_field_in_any_case(headers: dict[str, str], value: str) -> None:
    assert header_value(headers, "content-type") == value


def test_evidence_for_people_and_without_numbers() -> None:
    evidence = Evidence(("mine.Error",), text="it broke in 12 s\nDETAIL: 3")
    assert evidence.summary == "mine.Error: it broke in 12 s"
    assert evidence.zeroed == Evidence(("mine.Error",), text="it broke in 00 s\nDETAIL: 0")
    assert Evidence(text="(1040, 'Too many')").zeroed == Evidence(text="(1040, 'Too many')")
