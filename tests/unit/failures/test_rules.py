"""The table of rules: each criterion finds its kind."""

import pytest

from locust_asyncdjango.failures.classify import classify
from locust_asyncdjango.failures.kinds import KINDS
from locust_asyncdjango.failures.model import Rule
from locust_asyncdjango.failures.rules import RULES
from tests.support.failure_examples import HTML, JSON, PROBLEM, TEXT, debug_page, problem


@pytest.mark.parametrize(
    ("status", "headers", "body", "kind", "where"),
    [
        pytest.param(
            500,
            HTML,
            debug_page("OperationalError", "deadlock detected\nDETAIL:  Process 1"),
            "db_contention",
            "",
            id="deadlock",
        ),
        pytest.param(
            500,
            HTML,
            debug_page("ConnectionError", "Error 111 connecting to 127.0.0.1:6379. Connection refused."),
            "cache_unavailable",
            "",
            id="redis-py's words",
        ),
        pytest.param(
            500,
            HTML,
            debug_page("OperationalError", "[Errno 111] Connection refused", "/v/site-packages/kombu/connection.py"),
            "broker_unavailable",
            "",
            id="Celery's OperationalError",
        ),
        pytest.param(
            500, JSON, b'{"detail": "(1040, \'Too many connections\')"}', "db_too_many_clients", "server", id="MySQL"
        ),
        pytest.param(
            500,
            TEXT,
            b'FATAL:  too many connections for role "web"',
            "db_too_many_clients",
            "role",
            id="a role's limit",
        ),
        pytest.param(
            500,
            TEXT,
            b'FATAL:  too many connections for database "web"',
            "db_too_many_clients",
            "database",
            id="a database's limit",
        ),
        pytest.param(500, TEXT, b"FATAL:  query_wait_timeout", "db_pool_timeout", "pooler", id="PgBouncer had to wait"),
        pytest.param(500, PROBLEM, problem(sqlstate="57014"), "db_timeout", "", id="statement_timeout"),
        pytest.param(500, PROBLEM, problem(sqlstate="40P01"), "db_contention", "", id="a deadlock by SQLSTATE"),
        pytest.param(
            500, TEXT, b"OSError: [Errno 24] Too many open files", "server_exhausted", "", id="the server's files"
        ),
        pytest.param(
            500,
            JSON,
            b'{"detail": "HTTPConnectionPool(host=\'api\', port=80): Read timed out."}',
            "upstream_failure",
            "",
            id="requests",
        ),
        pytest.param(
            500, HTML, b"<html>Internal Server Error</html>", "server_error_opaque", "", id="others' bare page"
        ),
        pytest.param(
            500,
            HTML,
            b"<html><body>We wrote of internal server error pages, and of deadlocks</body></html>",
            "app_error",
            "",
            id="no bare page",
        ),
        pytest.param(522, HTML, b"<title>522: Connection timed out</title>", "gateway_bad", "", id="Cloudflare"),
        pytest.param(
            503,
            HTML,
            b"<html><body><h1>503 Service Unavailable</h1>\nNo server is available to handle this request.\n</body>",
            "gateway_bad",
            "",
            id="HAProxy",
        ),
        pytest.param(
            503,
            HTML,
            b"<html><head><title>503 Service Temporarily Unavailable</title></head><body><center><h1>503 Service"
            b" Temporarily Unavailable</h1></center><hr><center>nginx/1.22.1</center></body></html>",
            "overloaded",
            "gateway",
            id="nginx's own limit",
        ),
        pytest.param(
            500,
            HTML,
            b"<html><head><title>500 Internal Server Error</title></head><body><h1>500 Internal Server Error</h1>"
            b"<hr><center>nginx/1.22.1</center></body></html>",
            "gateway_bad",
            "",
            id="nginx's own error",
        ),
        pytest.param(
            503,
            HTML,
            b"<title>Oops</title><h1>503 Service Temporarily Unavailable</h1><hr>nginx",
            "overloaded",
            "gateway",
            id="whatever stands before nginx's words",
        ),
        pytest.param(
            500, TEXT, b"Error 1040: Too many connections", "db_too_many_clients", "server", id="MySQL from Go"
        ),
        pytest.param(500, TEXT, b"error while reading from /data/file.csv", "app_error", "", id="a file, not Redis"),
        pytest.param(
            500, TEXT, b"Error while reading from 127.0.0.1:6379 : (104, 'reset')", "cache_unavailable", "", id="Redis"
        ),
        pytest.param(500, TEXT, b"cURL error 7: Could not connect to server", "app_error", "", id="curl, not libpq"),
        pytest.param(
            500, TEXT, b"the payment transaction timeout was reached", "app_error", "", id="a bank's transaction"
        ),
    ],
)
def test_what_a_response_says_is_recognised(
    status: int, headers: dict[str, str], body: bytes, kind: str, where: str
) -> None:
    failure = classify(status=status, headers=headers, body=body)
    assert failure is not None
    assert (failure.kind, failure.where) == (kind, where), failure


GENERATORS = {kind for kind, about in KINDS.items() if about.origin in {"generator", "network"}}
RAISED = {row.kind for row in RULES if row.client_exceptions or row.errnos}


def test_what_an_answer_says_is_never_the_generators_own() -> None:
    signs_of_answers = {
        row.kind
        for row in RULES
        if row.phrases or row.exception_names or row.sqlstates or row.statuses or row.libraries
    }
    assert not signs_of_answers & (GENERATORS | RAISED)


@pytest.mark.parametrize("rule", [row for row in RULES if row.phrases], ids=lambda row: f"{row.kind} {row.where}")
def test_every_sign_in_words_is_found(row: Rule) -> None:
    for words in row.phrases:
        if isinstance(words, str):
            failure = classify(status=500, headers=TEXT, body=f"It says: {words}, and more".encode())
            assert failure is not None
            assert (failure.kind, failure.where) == (row.kind, row.where), words


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Resource ID : 1. The request limit for the database is 30 and has been reached.", "db_too_many_clients"),
        ("the pool 'pool-1' has already 10 requests waiting", "db_pool_timeout"),
        ("Can't connect to MySQL server on 'db'", "db_unreachable"),
        ("Can't connect to local server through socket", "db_unreachable"),
        ('database "web" does not exist', "db_unreachable"),
        ("Error -2 connecting to cache:6379. Name or service not known.", "cache_unavailable"),
        ("Timeout reading from 127.0.0.1:6379", "cache_unavailable"),
        ("Timeout reading from socket", "cache_unavailable"),
        ("LOADING Redis is loading the dataset in memory", "cache_unavailable"),
        ("LOADING Valkey is loading the dataset in memory", "cache_unavailable"),
        ("MISCONF Valkey is configured to save RDB snapshots", "cache_unavailable"),
        ("Cannot connect to host api:80 ssl:default [Connect call failed]", "upstream_failure"),
        ("500 Internal Server Error", "server_error_opaque"),
        ("<title>Internal Server Error</title><h1>Internal Server Error</h1>", "server_error_opaque"),
    ],
)
def test_every_sign_that_is_a_pattern_is_found(said: str, kind: str) -> None:
    failure = classify(status=500, headers=TEXT, body=said.encode())
    assert failure is not None
    assert failure.kind == kind
