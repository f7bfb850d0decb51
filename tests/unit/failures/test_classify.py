"""Answers -> kinds, whole values."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from locust.exception import CatchResponseError

from locust_asyncdjango.failures.classify import MESSAGE_LIMIT, advice, classify
from locust_asyncdjango.failures.kinds import KINDS
from locust_asyncdjango.failures.model import Failure, Rule
from locust_asyncdjango.failures.rules import RULES

PROBLEM = {"Content-Type": "application/problem+json"}


def problem(**members: str) -> bytes:
    return json.dumps({"type": "about:blank", "status": 500, **members}).encode()


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
def test_a_bad_answer(status: int, headers: dict[str, str], body: bytes, kind: str, message: str) -> None:
    failure = classify(exception=RuntimeError("bad status"), status=status, headers=headers, body=body)
    assert failure is not None
    assert (failure.kind, failure.origin, failure.message) == (kind, KINDS[kind].origin, message)
    assert failure.advice == advice(kind, failure.where)


def test_a_success_is_not_a_failure() -> None:
    assert classify(status=200, body=b"too many clients already") is None
    assert classify() is None  # a user that does not speak HTTP


HTML, JSON, TEXT = ({"Content-Type": kind} for kind in ("text/html; charset=utf-8", "application/json", "text/plain"))
SETTINGS = (
    b"<tr><td>DATABASES</td><td>{'ENGINE': 'django.db.backends.postgresql'}: sorry, too many clients already"
    b" redis.exceptions.ConnectionError httpx.ReadTimeout Error 111 connecting to 127.0.0.1:6379</td></tr>" * 200
)


def debug_page(name: str, value: str, place: str = "/site/mine/views.py", frames: tuple[str, ...] = ()) -> bytes:
    """As Django 5.2 lays it out, with what is anywhere in one."""
    return (
        f"<!DOCTYPE html><html><head><title>{name}\n          at /io_read/</title></head><body><h1>{name}</h1>"
        f'<pre class="exception_value">{value}</pre><table><tr><th scope="row">Exception Location:</th>'
        f'<td><span class="fname">{place}</span>, line 1, in get</td></tr></table>'
        + "".join(f'<code class="fname">{frame}</code>, line 1' for frame in frames)
    ).encode() + SETTINGS


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
            debug_page("OperationalError", "deadlock detected\nDETAIL:  Process 1"),
            "db_contention",
            "",
            id="deadlock",
        ),
        pytest.param(
            500,
            HTML,
            debug_page("OperationalError", "Verklemmung (Deadlock) entdeckt"),
            "db_contention",
            "",
            id="in another language",
        ),
        pytest.param(
            500,
            HTML,
            debug_page(
                "OperationalError",
                "connection to server at &quot;127.0.0.1&quot;, port 5432 failed: FATAL:  tut mir leid, schon zu viele"
                " Verbindungen",
            ),
            "db_too_many_clients",
            "server",
            id="libpq's words before those in another language",
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
            debug_page("TimeoutError", "", "/venv/lib/python3.13/site-packages/asyncpg/pool.py"),
            "db_pool_timeout",
            "pool",
            id="an exception without words, by its place",
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
        pytest.param(
            500,
            PROBLEM,
            problem(sqlstate="08P01", detail="no more connections allowed (max_client_conn)"),
            "db_too_many_clients",
            "pooler",
            id="PgBouncer, whose SQLSTATE tells nothing",
        ),
        pytest.param(500, TEXT, b"FATAL:  query_wait_timeout", "db_pool_timeout", "pooler", id="PgBouncer had to wait"),
        pytest.param(
            500,
            PROBLEM,
            problem(exception="django.db.utils.OperationalError", cause="psycopg_pool.PoolTimeout"),
            "db_pool_timeout",
            "pool",
            id="what Django has wrapped",
        ),
        pytest.param(
            500, PROBLEM, problem(exception="httpx.PoolTimeout"), "upstream_failure", "", id="another PoolTimeout"
        ),
        pytest.param(
            500,
            PROBLEM,
            problem(sqlstate="53300", detail='zu viele Verbindungen von Rolle "..."'),
            "db_too_many_clients",
            "role",
            id="the place of a SQLSTATE, by words in any language",
        ),
        pytest.param(
            500,
            PROBLEM,
            problem(sqlstate="08003", detail="connection was closed in the middle of operation: query_wait_timeout"),
            "db_pool_timeout",
            "pooler",
            id="what a pooler says as it ends a connection",
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
        pytest.param(
            502, JSON, b'{"detail": "the bank says no"}', "app_error", "", id="a JSON 502 is the application's"
        ),
        pytest.param(504, {}, b"", "gateway_bad", "", id="a proxy that says nothing"),
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
            500,
            JSON,
            b'{"status": 500, "error": "Internal Server Error", "exception": "#<ActiveRecord::ConnectionNotEstablished:'
            b' FATAL: sorry, too many clients already>"}',
            "db_too_many_clients",
            "server",
            id="Rails says the whole exception",
        ),
        pytest.param(
            500, TEXT, b"Error 1040: Too many connections", "db_too_many_clients", "server", id="MySQL from Go"
        ),
        pytest.param(
            503, TEXT, b"Too many connections from your address", "unavailable_503", "", id="not a database's"
        ),
        pytest.param(
            500,
            HTML,
            debug_page("OperationalError", "Too many connections"),
            "db_too_many_clients",
            "server",
            id="but where a driver raised it",
        ),
        pytest.param(
            500,
            PROBLEM,
            problem(exception="smtplib.SMTPServerDisconnected", detail="Connection already closed"),
            "app_error",
            "",
            id="nor this",
        ),
        pytest.param(
            500,
            PROBLEM,
            problem(exception="psycopg2.InterfaceError", detail="connection already closed"),
            "db_unreachable",
            "",
            id="but this",
        ),
        pytest.param(500, TEXT, b"error while reading from /data/file.csv", "app_error", "", id="a file, not Redis"),
        pytest.param(
            500, TEXT, b"Error while reading from 127.0.0.1:6379 : (104, 'reset')", "cache_unavailable", "", id="Redis"
        ),
        pytest.param(500, TEXT, b"cURL error 7: Could not connect to server", "app_error", "", id="curl, not libpq"),
        pytest.param(
            500, TEXT, b"the payment transaction timeout was reached", "app_error", "", id="a bank's transaction"
        ),
        pytest.param(404, JSON, b'{"library": "requests", "shelf": 7}', "client_error", "", id="a library with books"),
        pytest.param(500, JSON, b'{"detail": "bad \\ud800 char"}', "app_error", "", id="what no encoding can write"),
        pytest.param(503, {"retry-after": "5"}, b"", "overloaded", "", id="Retry-After"),
        pytest.param(404, {"Retry-After": "5"}, b"see our rate limits", "client_error", "", id="not with any status"),
        pytest.param(403, JSON, b'{"message": "API rate limit exceeded"}', "overloaded", "", id="words of a limit"),
        pytest.param(
            400,
            JSON,
            b'{"detail": "Request was throttled. Expected available in 3 seconds."}',
            "overloaded",
            "",
            id="DRF's",
        ),
        pytest.param(599, {}, b"", "app_error", "", id="a status nobody knows"),
    ],
)
def test_what_an_answer_says(status: int, headers: dict[str, str], body: bytes, kind: str, where: str) -> None:
    failure = classify(status=status, headers=headers, body=body)
    assert failure is not None
    assert (failure.kind, failure.where) == (kind, where), failure


def test_the_locustfiles_own_check() -> None:
    failure = classify(exception=AssertionError("no posts on page 7"), status=200)
    assert failure == Failure("check_failed", "check", "no posts on page N", advice("check_failed"))


@pytest.mark.parametrize(
    ("said", "status", "body", "kind"),
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
def test_a_failed_check_is_classified_by_its_answer_first(said: str, status: int, body: bytes, kind: str) -> None:
    failure = classify(exception=CatchResponseError(said), status=status, body=body)
    assert failure is not None
    assert failure.kind == kind


def test_a_message_can_be_written_and_sent() -> None:
    failure = classify(status=500, headers=JSON, body=b'{"detail": "bad \\ud800 char"}')
    assert failure is not None
    assert failure.message.encode() == b"HTTP 500, bad ? char"


def test_a_secret_that_is_cut_does_not_show() -> None:
    for said in (
        "x" * 380 + " password='hunter2 and more",
        "x" * 1980 + " password='hunter2",
        "x" * 385 + " http://me:hunter2@h/",
    ):
        failure = classify(status=500, headers=TEXT, body=said.encode())
        assert failure is not None
        assert "hunter" not in failure.message


GENERATORS = {kind for kind, about in KINDS.items() if about.origin in {"generator", "network"}}
RAISED = {row.kind for row in RULES if row.client_exceptions or row.errnos}


def test_what_an_answer_says_is_never_the_generators_own() -> None:
    signs_of_answers = {
        row.kind
        for row in RULES
        if row.phrases or row.exception_names or row.sqlstates or row.statuses or row.libraries
    }
    assert not signs_of_answers & (GENERATORS | RAISED)


WORDS = [words for row in RULES for words in row.phrases if isinstance(words, str)]


@pytest.mark.parametrize("row", [row for row in RULES if row.phrases], ids=lambda row: f"{row.kind} {row.where}")
def test_every_sign_in_words_is_found(row: Rule) -> None:
    for words in row.phrases:
        if isinstance(words, str):
            failure = classify(status=500, headers=TEXT, body=f"It says: {words}, and more".encode())
            assert failure is not None
            assert (failure.kind, failure.where) == (row.kind, row.where), words


@pytest.mark.parametrize(
    ("said", "kind"),
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


@given(
    status=st.integers(400, 599),
    body=st.one_of(
        st.binary(max_size=2000),
        st.lists(st.sampled_from([*WORDS, "<title>", "</title>", "<h1>", '{"detail": "', '"}', "\n", ":  "])).map(
            lambda parts: " ".join(parts).encode()
        ),
    ),
    content_type=st.one_of(st.text(max_size=40), st.sampled_from(["text/html", "application/json", "text/plain"])),
)
def test_no_answer_confuses_it(status: int, body: bytes, content_type: str) -> None:
    for headers in ({"content-type": content_type}, PROBLEM):
        failure = classify(exception=RuntimeError(), status=status, headers=headers, body=body)
        assert failure is not None
        assert failure.kind in set(KINDS) - GENERATORS - RAISED
        assert len(failure.message) <= MESSAGE_LIMIT + len("HTTP 500, ")
        assert "\n" not in failure.message


def test_every_kind_says_what_to_do() -> None:
    assert all(kind.origin and kind.advice for kind in KINDS.values())
    assert advice("a kind nobody knows") == ""
    assert "CONNECTION LIMIT" in advice("db_too_many_clients", "role")
    assert advice("db_too_many_clients", "server") == advice("db_too_many_clients")
