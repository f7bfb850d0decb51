"""Causes -> kinds, whole values."""

import errno
import json
import socket
import ssl

import pytest
from geventhttpclient.useragent import RetriesExceeded
from hypothesis import given
from hypothesis import strategies as st

from locust_asyncdjango.failures import KINDS, MESSAGE_LIMIT, Failure, advice, classify

PROBLEM = {"Content-Type": "application/problem+json"}


def problem(**members: str) -> bytes:
    return json.dumps({"type": "about:blank", "status": 500, **members}).encode()


class HTTPParseError(Exception):
    """geventhttpclient's, known by its name alone."""


def wrapping(cause: BaseException) -> Exception:
    error = RuntimeError("retries exceeded")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("exception", "kind", "message"),
    [
        (
            ConnectionRefusedError(errno.ECONNREFUSED, "x"),
            "connect_refused",
            "ConnectionRefusedError: Connection refused",
        ),
        (OSError(errno.EHOSTUNREACH, "x"), "unreachable", "OSError: No route to host"),
        (
            ConnectionResetError(errno.ECONNRESET, "x"),
            "connection_dropped",
            "ConnectionResetError: Connection reset by peer",
        ),
        (OSError(errno.EMFILE, "x"), "client_exhausted", "OSError: Too many open files"),
        (TimeoutError("timed out"), "timeout", "TimeoutError: timed out"),
        (
            socket.gaierror(-2, "Name or service not known"),
            "dns_failure",
            "gaierror: [Errno -N] Name or service not known",
        ),
        (ssl.SSLError("bad record"), "tls_failure", "SSLError: ('bad record',)"),
        (HTTPParseError("garbage at byte 17"), "protocol_error", "HTTPParseError: garbage at byte N"),
        (
            wrapping(ConnectionRefusedError(errno.ECONNREFUSED, "x")),
            "connect_refused",
            "ConnectionRefusedError: Connection refused",
        ),
        (RetriesExceeded("/", 0, original=TimeoutError("timed out")), "timeout", "TimeoutError: timed out"),
        (RuntimeError(), "no_response", "RuntimeError"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_a_request_without_an_answer(exception: Exception, kind: str, message: str) -> None:
    origin, what_to_do = KINDS[kind]
    assert classify(exception=exception) == Failure(kind, origin, message, what_to_do)


@pytest.mark.parametrize(
    ("status", "headers", "body", "kind", "message"),
    [
        pytest.param(
            500,
            PROBLEM,
            problem(
                exception="django.db.utils.OperationalError", sqlstate="53300", detail="sorry, too many clients already"
            ),
            "db_too_many_clients",
            "HTTP 500, django.db.utils.OperationalError: sorry, too many clients already",
            id="our target says it by SQLSTATE",
        ),
        pytest.param(
            503,
            {"content-type": "application/problem+json; charset=utf-8"},
            problem(sqlstate="53300"),
            "db_too_many_clients",
            "HTTP 503",
            id="whatever status the site gives it",
        ),
        pytest.param(
            500,
            {"Content-Type": "text/html"},
            b'<pre>connection to server at "10.0.0.1", port 5432 failed: FATAL:  sorry, too many clients already</pre>',
            "db_too_many_clients",
            "HTTP 500",
            id="another site says it in its page",
        ),
        pytest.param(
            500,
            {},
            b"FATAL: remaining connection slots are reserved for roles with the SUPERUSER attribute",
            "db_too_many_clients",
            "HTTP 500",
            id="slots kept back for superusers",
        ),
        pytest.param(
            500, PROBLEM, problem(sqlstate="57P03"), "db_unreachable", "HTTP 500", id="the database is starting up"
        ),
        pytest.param(
            500,
            PROBLEM,
            problem(exception="django.db.utils.ProgrammingError", sqlstate="42P01"),
            "db_error",
            "HTTP 500, django.db.utils.ProgrammingError",
            id="another error of the database",
        ),
        pytest.param(
            500,
            PROBLEM,
            problem(exception="redis.exceptions.ConnectionError"),
            "cache_unavailable",
            "HTTP 500, redis.exceptions.ConnectionError",
            id="Redis is away",
        ),
        pytest.param(
            500,
            PROBLEM,
            problem(exception="ConnectionRefusedError", library="aioredis"),
            "cache_unavailable",
            "HTTP 500, ConnectionRefusedError",
            id="a library that raises what Python does",
        ),
        pytest.param(
            500,
            PROBLEM,
            problem(exception="httpx.ReadTimeout"),
            "upstream_failure",
            "HTTP 500, httpx.ReadTimeout",
            id="the API is too slow",
        ),
        pytest.param(
            500,
            PROBLEM,
            problem(exception="ValueError"),
            "app_error",
            "HTTP 500, ValueError",
            id="the view's own error",
        ),
        pytest.param(500, PROBLEM, b"[1]", "app_error", "HTTP 500", id="a problem that is not an object"),
        pytest.param(500, PROBLEM, b"{", "app_error", "HTTP 500", id="a problem that is cut"),
        pytest.param(
            500,
            {},
            b"<!doctype html><h1>Server Error (500)</h1><p></p>",
            "server_error_opaque",
            "HTTP 500",
            id="Django's bare page",
        ),
        pytest.param(502, {}, b"<h1>Bad Gateway</h1>", "gateway_bad", "HTTP 502", id="a proxy without its server"),
        pytest.param(503, {}, b"", "unavailable_503", "HTTP 503", id="shedding load"),
        pytest.param(429, {}, b"", "overloaded", "HTTP 429", id="limiting"),
        pytest.param(404, {}, b"too many clients already", "client_error", "HTTP 404", id="text counts in a 5xx only"),
    ],
)
def test_a_bad_answer(status: int, headers: dict[str, str], body: bytes, kind: str, message: str) -> None:
    origin, what_to_do = KINDS[kind]
    failure = classify(exception=RuntimeError("bad status"), status=status, headers=headers, body=body)
    assert failure == Failure(kind, origin, message, what_to_do)


def test_a_success_is_not_a_failure() -> None:
    assert classify(status=200, body=b"too many clients already") is None
    assert classify() is None  # a user that does not speak HTTP


def test_the_locustfiles_own_check() -> None:
    failure = classify(exception=AssertionError("no posts"), status=200)
    assert failure == Failure("check_failed", "check", "no posts", advice("check_failed"))


def test_a_body_that_breaks_off_is_not_a_failed_check() -> None:
    failure = classify(exception=ConnectionResetError(errno.ECONNRESET, "x"), status=200)
    assert failure is not None
    assert failure.kind == "connection_dropped"


@given(status=st.integers(400, 599), body=st.binary(max_size=2000), content_type=st.text(max_size=40))
def test_no_answer_confuses_it(status: int, body: bytes, content_type: str) -> None:
    for headers in ({"content-type": content_type}, PROBLEM):
        failure = classify(exception=RuntimeError(), status=status, headers=headers, body=body)
        assert failure is not None
        assert failure.kind in KINDS
        assert len(failure.message) <= MESSAGE_LIMIT + len("HTTP 500, ")


def test_every_kind_says_what_to_do() -> None:
    assert all(origin and what_to_do for origin, what_to_do in KINDS.values())
    assert advice("a kind of the user's own") == ""
