"""The table of rules: each criterion finds its kind."""

import pytest

from locust_asyncdjango.failures.classify import classify
from locust_asyncdjango.failures.kinds import KINDS
from locust_asyncdjango.failures.model import Rule
from locust_asyncdjango.failures.rules import RULES
from locust_asyncdjango.probe.protocol import FAILURE_HEADER, ServerFailure, write_failure
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
        pytest.param(500, PROBLEM, problem(sqlstate="53100"), "server_exhausted", "", id="a full disk by SQLSTATE"),
        pytest.param(500, PROBLEM, problem(sqlstate="23505"), "app_error", "", id="a code that says nothing more"),
        pytest.param(500, HTML, b"<h1>Server Error (500)</h1>", "server_error_opaque", "django", id="Django's page"),
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
def test_the_error_of_a_response_is_recognised(
    status: int, headers: dict[str, str], body: bytes, kind: str, where: str
) -> None:
    failure = classify(status=status, headers=headers, body=body)
    assert failure is not None
    assert (failure.kind, failure.where) == (kind, where), failure


GENERATOR_KINDS = {kind for kind, details in KINDS.items() if details.origin in {"generator", "network"}}
CLIENT_KINDS = {rule.kind for rule in RULES if rule.client_exceptions or rule.errnos}


def test_a_response_is_never_the_generators_own_failure() -> None:
    kinds_of_responses = {
        rule.kind
        for rule in RULES
        if rule.phrases or rule.exception_names or rule.sqlstates or rule.statuses or rule.libraries
    }
    assert not kinds_of_responses & (GENERATOR_KINDS | CLIENT_KINDS)


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.phrases], ids=lambda rule: f"{rule.kind} {rule.where}")
def test_every_phrase_is_recognised(rule: Rule) -> None:
    for phrase in rule.phrases:
        if isinstance(phrase, str):
            failure = classify(status=500, headers=TEXT, body=f"It says: {phrase}, and more".encode())
            assert failure is not None
            assert (failure.kind, failure.where) == (rule.kind, rule.where), phrase


@pytest.mark.parametrize(
    ("error", "kind", "where"),
    [
        ((1040, "Too many connections"), "db_too_many_clients", "server"),
        (
            (1203, "User lab already has more than 'max_user_connections' active connections"),
            "db_too_many_clients",
            "role",
        ),
        (
            (1226, "User 'lab' has exceeded the 'max_user_connections' resource (current value: 5)"),
            "db_too_many_clients",
            "role",
        ),
        (
            (1226, "User 'lab' has exceeded the 'max_connections_per_hour' resource (current value: 5)"),
            "db_too_many_clients",
            "role",
        ),
        (
            (1226, "User 'lab' has exceeded the 'max_queries_per_hour' resource (current value: 5)"),
            "db_error",
            "",
        ),
        ((1205, "Lock wait timeout exceeded; try restarting transaction"), "db_contention", ""),
        ((1213, "Deadlock found when trying to get lock; try restarting transaction"), "db_contention", ""),
        ((1020, "Record has changed since last read in table 'blog_article'"), "db_contention", ""),
        (
            (3572, "Statement aborted because lock(s) could not be acquired immediately and NOWAIT is set."),
            "db_contention",
            "",
        ),
        ((1969, "Query execution was interrupted (max_statement_time exceeded)"), "db_timeout", ""),
        (
            (3024, "Query execution was interrupted, maximum statement execution time exceeded"),
            "db_timeout",
            "",
        ),
        ((1317, "Query execution was interrupted"), "db_timeout", ""),
        ((1045, "Access denied for user 'lab'@'localhost' (using password: YES)"), "db_unreachable", ""),
        ((1049, "Unknown database 'lab'"), "db_unreachable", ""),
        ((1053, "Server shutdown in progress"), "db_unreachable", ""),
        ((1129, "Host '10.0.0.1' is blocked because of many connection errors"), "db_unreachable", ""),
        ((1130, "Host '10.0.0.1' is not allowed to connect to this MariaDB server"), "db_unreachable", ""),
        ((1927, "Connection was killed"), "db_unreachable", ""),
        ((2003, "Can't connect to MySQL server on '127.0.0.1' ([Errno 111] Connection refused)"), "db_unreachable", ""),
        ((2005, "Unknown server host 'db' (-2)"), "db_unreachable", ""),
        ((2006, "Server has gone away"), "db_unreachable", ""),
        ((2013, "Lost connection to server during query"), "db_unreachable", ""),
        ((1114, "The table 'blog_article' is full"), "server_exhausted", ""),
        ((1135, 'Can\'t create a new thread (errno 11 "Resource temporarily unavailable")'), "server_exhausted", ""),
        ((1054, "Unknown column 'x' in 'field list'"), "db_error", ""),
    ],
    ids=lambda value: str(value[0]) if isinstance(value, tuple) else None,
)
def test_mysqls_errors_are_recognised_as_the_probe_names_them(error: tuple[int, str], kind: str, where: str) -> None:
    names = ("django.db.utils.OperationalError", "pymysql.err.OperationalError")
    header = write_failure(ServerFailure(names, text=str(error)))
    failure = classify(status=500, headers={FAILURE_HEADER: header}, body=b"")
    assert failure is not None
    assert (failure.kind, failure.where) == (kind, where), failure


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Resource ID : 1. The request limit for the database is 30 and has been reached.", "db_too_many_clients"),
        ("the pool 'pool-1' has already 10 requests waiting", "db_pool_timeout"),
        ("Can't connect to MySQL server on 'db'", "db_unreachable"),
        ("Can't connect to local server through socket", "db_unreachable"),
        ('database "web" does not exist', "db_unreachable"),
        ('database "web" is not currently accepting connections', "db_unreachable"),
        ('permission denied for database "web"', "db_unreachable"),
        ('cannot connect to invalid database "web"', "db_unreachable"),
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
def test_every_pattern_is_recognised(text: str, kind: str) -> None:
    failure = classify(status=500, headers=TEXT, body=text.encode())
    assert failure is not None
    assert failure.kind == kind
