"""The times of queries."""

from types import SimpleNamespace
from typing import Any

import pytest

from locust_asyncdjango.probe.hooks.database import has_pool, time_queries_of, time_query
from locust_asyncdjango.probe.recording.record import CURRENT, RequestRecord


def run_query(sql: str, params: Any, _many: Any, _context: Any) -> Any:
    """Stand for Django's own function."""
    if not params:
        raise LookupError
    return sql, params


@pytest.fixture
def record() -> Any:
    """Be in a request."""
    record = RequestRecord("", "GET", None, 0.0)
    token = CURRENT.set(record)
    yield record
    CURRENT.reset(token)


def test_queries_are_timed_whatever_their_end(record: RequestRecord) -> None:
    assert time_query(run_query, "SELECT 1", [1], 0, {}) == ("SELECT 1", [1])
    with pytest.raises(LookupError):
        time_query(run_query, "SELECT 1", [], 0, {})
    assert [kind for kind, _ in record.events] == ["query", "query"]


def test_outside_of_a_request_nothing_is_timed() -> None:
    assert time_query(run_query, "SELECT 1", [1], 0, {}) == ("SELECT 1", [1])


def test_a_wrapper_of_the_project_stays_last() -> None:
    connection = SimpleNamespace(execute_wrappers=["the project's"])
    time_queries_of(connection)
    time_queries_of(connection)
    assert connection.execute_wrappers == [time_query, "the project's"]


@pytest.mark.parametrize(
    ("settings", "has"),
    [({}, False), ({"OPTIONS": None}, False), ({"OPTIONS": {"pool": True}}, True), ({"OPTIONS": {"pool": {}}}, False)],
)
def test_a_pool_of_django(settings: dict[str, Any], has: bool) -> None:
    assert has_pool(settings) is has
