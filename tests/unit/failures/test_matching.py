"""Which rule fits the evidence, where several might."""

import pytest

from locust_asyncdjango.failures.classify import classify
from locust_asyncdjango.failures.evidence import Evidence, exception_names, read_chain
from locust_asyncdjango.failures.matching import (
    is_check,
    is_from_service,
    is_status_error,
    rule_for_broken_connection,
    rule_for_client_exception,
    rule_for_evidence,
    rule_for_limit,
    rule_for_status,
)
from tests.support.failure_examples import HTML, JSON, PROBLEM, TEXT, chained, debug_page, driver_error, problem


@pytest.mark.parametrize(
    ("status", "headers", "body", "kind", "where"),
    [
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
            PROBLEM,
            problem(sqlstate="08P01", detail="no more connections allowed (max_client_conn)"),
            "db_too_many_clients",
            "pooler",
            id="PgBouncer, whose SQLSTATE tells nothing",
        ),
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
            502, JSON, b'{"detail": "the bank says no"}', "app_error", "", id="a JSON 502 is the application's"
        ),
        pytest.param(504, {}, b"", "gateway_bad", "", id="a proxy that says nothing"),
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
        pytest.param(404, JSON, b'{"library": "requests", "shelf": 7}', "client_error", "", id="a library with books"),
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
def test_the_rule_that_fits_best(status: int, headers: dict[str, str], body: bytes, kind: str, where: str) -> None:
    failure = classify(status=status, headers=headers, body=body)
    assert failure is not None
    assert (failure.kind, failure.where) == (kind, where), failure


@pytest.mark.parametrize(
    ("evidence", "kind"),
    [
        pytest.param(
            Evidence(("psycopg.errors.QueryCanceled",), sqlstate="53300", text="deadlock detected"),
            "db_too_many_clients",
            id="SQLSTATE before name",
        ),
        pytest.param(
            Evidence(("psycopg.errors.QueryCanceled",), text="deadlock detected"), "db_timeout", id="name before phrase"
        ),
        pytest.param(
            Evidence(("redis.ConnectionError",), text="deadlock detected"), "db_contention", id="phrase before library"
        ),
        pytest.param(Evidence(("redis.ConnectionError",), text="it broke"), "cache_unavailable", id="library"),
        pytest.param(Evidence(("ValueError",), text="it broke"), "", id="nothing"),
        pytest.param(Evidence(), "", id="no evidence"),
    ],
)
def test_the_precedence_of_criteria(evidence: Evidence, kind: str) -> None:
    rule = rule_for_evidence(evidence)
    assert (rule.kind if rule else "") == kind


def test_phrases_can_be_left_out() -> None:
    evidence = Evidence(("redis.ConnectionError",), text="deadlock detected")
    rule = rule_for_evidence(evidence, by_phrases=False)
    assert rule is not None
    assert rule.kind == "cache_unavailable"


def test_a_text_about_limits() -> None:
    rule = rule_for_limit("you are rate limited")
    assert rule is not None
    assert rule.kind == "overloaded"
    assert rule_for_limit("deadlock detected") is None


@pytest.mark.parametrize(
    ("status", "form", "kind"),
    [(404, "", "client_error"), (502, "html", "gateway_bad"), (502, "json", "app_error"), (999, "", "app_error")],
)
def test_a_status_alone(status: int, form: str, kind: str) -> None:
    assert rule_for_status(status, form).kind == kind


def test_the_exception_of_a_chain_that_decides() -> None:
    refused = ConnectionRefusedError(111, "x")
    match = rule_for_client_exception(list(read_chain(chained(RuntimeError("it broke"), refused))))
    assert match is not None
    rule, description = match
    assert (rule.kind, description) == ("connect_refused", "ConnectionRefusedError: Connection refused")


def test_exceptions_of_drivers_are_not_the_generators_own() -> None:
    chain = list(read_chain(driver_error("redis.exceptions.TimeoutError", "connection refused")))
    assert rule_for_client_exception(chain) is None
    assert is_from_service(chain)
    assert not is_from_service(read_chain(driver_error("requests.exceptions.Timeout", "x")))


def test_a_broken_connection_is_known_by_class_only() -> None:
    assert rule_for_broken_connection(read_chain(RuntimeError("connection reset by peer"))) is None
    match = rule_for_broken_connection(read_chain(ConnectionResetError("x")))
    assert match is not None
    rule, description = match
    assert (rule.kind, description) == ("connection_dropped", "ConnectionResetError: x")


def test_checks_and_errors_of_a_status() -> None:
    assert is_check(exception_names(AssertionError()))
    assert not is_check(exception_names(ValueError()))
    assert is_status_error("HTTPError")
    assert not is_status_error("ValueError")
