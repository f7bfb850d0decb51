"""Answers -> kinds, whole values."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st
from locust.exception import CatchResponseError

from locust_asyncdjango.failures.classify import MESSAGE_LIMIT, advice, classify
from locust_asyncdjango.failures.kinds import KINDS
from locust_asyncdjango.failures.model import Failure
from locust_asyncdjango.failures.rules import RULES
from tests.support.failure_examples import JSON, PROBLEM, TEXT, problem


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
            'HTTP 500, connection to server at "...", port N failed: FATAL: sorry, too many clients already',
            id="another site says it in its page",
        ),
        pytest.param(
            500,
            {},
            b"FATAL: remaining connection slots are reserved for roles with the SUPERUSER attribute",
            "db_too_many_clients",
            "HTTP 500, FATAL: remaining connection slots are reserved for roles with the SUPERUSER attribute",
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
        pytest.param(500, PROBLEM, b"{", "app_error", "HTTP 500, {", id="a problem that is cut"),
        pytest.param(
            500,
            {},
            b"<!doctype html><h1>Server Error (500)</h1><p></p>",
            "server_error_opaque",
            "HTTP 500, Server Error (N)",
            id="Django's bare page",
        ),
        pytest.param(
            502, {}, b"<h1>Bad Gateway</h1>", "gateway_bad", "HTTP 502, Bad Gateway", id="a proxy without its server"
        ),
        pytest.param(503, {}, b"", "unavailable_503", "HTTP 503", id="shedding load"),
        pytest.param(429, {}, b"", "overloaded", "HTTP 429", id="limiting"),
        pytest.param(
            404,
            {},
            b"too many clients already",
            "client_error",
            "HTTP 404, too many clients already",
            id="text counts in a 5xx only",
        ),
    ],
)
def test_the_failure_of_a_response(status: int, headers: dict[str, str], body: bytes, kind: str, message: str) -> None:
    failure = classify(exception=RuntimeError("bad status"), status=status, headers=headers, body=body)
    assert failure is not None
    assert (failure.kind, failure.origin, failure.message) == (kind, KINDS[kind].origin, message)
    assert failure.advice == advice(kind, failure.where)


OPAQUE = b"<!doctype html><title>Server Error (500)</title><h1>Server Error (500)</h1><p></p>"
REFUSED = (
    "django.db.utils.OperationalError;psycopg.OperationalError;text=connection to server at %22db%22, port 5432 failed:"
    " FATAL:  sorry, too many clients already"
)


@pytest.mark.parametrize(
    ("status", "header", "body", "kind", "message"),
    [
        pytest.param(
            500,
            "django.db.utils.OperationalError;psycopg.errors.TooManyConnections;sqlstate=53300",
            OPAQUE,
            "db_too_many_clients",
            "HTTP 500, django.db.utils.OperationalError",
            id="an SQLSTATE",
        ),
        pytest.param(
            500,
            REFUSED,
            OPAQUE,
            "db_too_many_clients",
            'HTTP 500, django.db.utils.OperationalError: connection to server at "...", port N failed:'
            " FATAL: sorry, too many clients already",
            id="a refused connection has no SQLSTATE",
        ),
        pytest.param(
            500,
            "django.db.utils.OperationalError;psycopg_pool.PoolTimeout",
            OPAQUE,
            "db_pool_timeout",
            "HTTP 500, django.db.utils.OperationalError",
            id="the cause counts",
        ),
        pytest.param(
            500,
            "ConnectionRefusedError;library=asyncpg.connect_utils",
            OPAQUE,
            "db_unreachable",
            "HTTP 500, ConnectionRefusedError",
            id="the library that raised a common exception",
        ),
        pytest.param(
            500,
            "shop.errors.TotalError",
            OPAQUE,
            "app_error",
            "HTTP 500, shop.errors.TotalError",
            id="the project's own",
        ),
        pytest.param(
            500,
            "ValueError",
            b"FATAL:  sorry, too many clients already",
            "db_too_many_clients",
            "HTTP 500, FATAL: sorry, too many clients already",
            id="a page that says more than a common exception",
        ),
        pytest.param(
            500,
            REFUSED,
            problem(exception="shop.Busy", detail="busy"),
            "db_too_many_clients",
            "HTTP 500, shop.Busy: busy",
            id="the message is the response's where it names an exception",
        ),
        pytest.param(
            404,
            "django.http.response.Http404",
            b"<h1>Not Found</h1>",
            "client_error",
            "HTTP 404, Not Found",
            id="a client's mistake",
        ),
        pytest.param(502, "ValueError", b"", "app_error", "HTTP 502, ValueError", id="no proxy made this response"),
        pytest.param(
            500, ";;=;", OPAQUE, "server_error_opaque", "HTTP 500, Server Error (N) Server Error (N)", id="empty"
        ),
    ],
)
def test_the_header_of_the_probe_names_a_failure(
    status: int, header: str, body: bytes, kind: str, message: str
) -> None:
    failure = classify(status=status, headers={"x-locust-asyncdjango-failure": header}, body=body)
    assert failure is not None
    assert (failure.kind, failure.message) == (kind, message)


def test_a_success_is_not_a_failure() -> None:
    assert classify(status=200, body=b"too many clients already") is None
    assert classify() is None  # a user that does not speak HTTP


def test_a_failed_check_of_the_locustfile() -> None:
    failure = classify(exception=AssertionError("no posts on page 7"), status=200)
    assert failure == Failure("check_failed", "check", "no posts on page N", advice("check_failed"))


@pytest.mark.parametrize(
    ("text", "status", "body", "kind"),
    [
        pytest.param("no good", 200, b"fine", "check_failed", id="a check of its own"),
        pytest.param(
            "no good",
            200,
            b'{"errors": [{"message": "too many clients already"}]}',
            "db_too_many_clients",
            id="the answer says why",
        ),
        pytest.param("deadlock detected", 200, b"fine", "db_contention", id="or the check"),
        pytest.param(
            "no good",
            200,
            b"<html><h1>How to fix 'deadlock detected'</h1></html>",
            "check_failed",
            id="not what a page is about",
        ),
        pytest.param("no good", 200, b'{"message": "Learn what a rate limit is"}', "check_failed", id="nor a message"),
        pytest.param(
            "deadlock detected", 500, b"<h1>Server Error (500)</h1>", "db_contention", id="where the answer does not"
        ),
        pytest.param("no good", 500, b"<h1>Server Error (500)</h1>", "server_error_opaque", id="nor the check"),
        pytest.param(
            "deadlock detected", 500, b"sorry, too many clients already", "db_too_many_clients", id="answer first"
        ),
        pytest.param("not there", 404, b"", "client_error", id="a status is an answer too"),
        pytest.param("wrong total", 0, b"", "check_failed", id="of what is not HTTP"),
    ],
)
def test_a_failed_check_is_classified_by_its_answer_first(text: str, status: int, body: bytes, kind: str) -> None:
    failure = classify(exception=CatchResponseError(text), status=status, body=body)
    assert failure is not None
    assert failure.kind == kind


def test_a_message_can_be_written_and_sent() -> None:
    failure = classify(status=500, headers=JSON, body=b'{"detail": "bad \\ud800 char"}')
    assert failure is not None
    assert failure.message.encode() == b"HTTP 500, bad ? char"


def test_a_secret_that_is_cut_does_not_show() -> None:
    for text in (
        "x" * 380 + " password='hunter2 and more",
        "x" * 1980 + " password='hunter2",
        "x" * 385 + " http://me:hunter2@h/",
    ):
        failure = classify(status=500, headers=TEXT, body=text.encode())
        assert failure is not None
        assert "hunter" not in failure.message


GENERATOR_KINDS = {kind for kind, details in KINDS.items() if details.origin in {"generator", "network"}}
CLIENT_KINDS = {rule.kind for rule in RULES if rule.client_exceptions or rule.errnos}


PHRASES = [phrase for rule in RULES for phrase in rule.phrases if isinstance(phrase, str)]


@given(
    status=st.integers(400, 599),
    body=st.one_of(
        st.binary(max_size=2000),
        st.lists(st.sampled_from([*PHRASES, "<title>", "</title>", "<h1>", '{"detail": "', '"}', "\n", ":  "])).map(
            lambda parts: " ".join(parts).encode()
        ),
    ),
    content_type=st.one_of(st.text(max_size=40), st.sampled_from(["text/html", "application/json", "text/plain"])),
)
def test_any_response_gets_a_kind_of_a_response(status: int, body: bytes, content_type: str) -> None:
    for headers in ({"content-type": content_type}, PROBLEM):
        failure = classify(exception=RuntimeError(), status=status, headers=headers, body=body)
        assert failure is not None
        assert failure.kind in set(KINDS) - GENERATOR_KINDS - CLIENT_KINDS
        assert len(failure.message) <= MESSAGE_LIMIT + len("HTTP 500, ")
        assert "\n" not in failure.message


@pytest.mark.parametrize("documented", [classify, Failure], ids=lambda each: str(each.__name__))
def test_the_examples_of_the_documentation(documented: object) -> None:
    examples = doctest.DocTestFinder().find(documented, globs={"classify": classify})
    assert sum(len(each.examples) for each in examples) > 0
    assert sum(doctest.DocTestRunner().run(each).failed for each in examples) == 0
