"""What the lab reads before it measures."""

import asyncio
import json
import os
import threading
from typing import Any

import pytest
from django.test import RequestFactory

from target_site.problems import BadInputError
from target_site.site_info import preflight
from target_site.site_info.access import TOKEN_HEADER, TOKEN_VARIABLE
from target_site.site_info.preflight import InFlightCounter

FACTORY = RequestFactory(headers={TOKEN_HEADER: "t0ken"})


@pytest.fixture(autouse=True)
def _token(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start the server with a token."""
    monkeypatch.setenv(TOKEN_VARIABLE, "t0ken")


class FakeCursor:
    """A cursor that answers SHOW and SELECT."""

    def execute(self, query: str) -> None:
        answers = {"SHOW server_version": "18.0", "SHOW max_connections": "100", "SELECT 1": 1}
        self.row = (answers[query],)

    def fetchone(self) -> tuple[Any, ...]:
        return self.row

    def __enter__(self) -> "FakeCursor":
        return self

    def __exit__(self, *_: object) -> None:
        pass


class FakeConnection:
    """A database connection of Django with a FakeCursor."""

    def cursor(self) -> FakeCursor:
        return FakeCursor()


def test_the_database_is_described(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "connection", FakeConnection())
    described = preflight._describe_database()
    assert 0 <= described.pop("round_trip_ms") < 1000
    assert described == {"server_version": "18.0", "max_connections": 100}


def test_the_counter_counts_requests_of_all_threads() -> None:
    counter = InFlightCounter()
    counts: list[int] = []

    def request() -> None:
        with counter.count_request() as count:
            counts.append(count)

    with counter.count_request() as first, counter.count_request() as second:
        thread = threading.Thread(target=request)
        thread.start()
        thread.join()
    with pytest.raises(ZeroDivisionError), counter.count_request() as third:
        1 / 0  # noqa: B018
    assert (first, second, counts, third) == (1, 2, [3], 1)


def test_slots_reports_process_and_requests() -> None:
    request = FACTORY.get("/slots/", {"ms": "0"})
    responses = (preflight.slots_sync(request), asyncio.run(preflight.slots_async(request)))
    assert [json.loads(response.content) for response in responses] == [{"process": os.getpid(), "in_flight": 1}] * 2


def test_slots_bounds_the_time() -> None:
    with pytest.raises(BadInputError, match="ms must be a whole number from 0 to 5000"):
        preflight.slots_sync(FACTORY.get("/slots/", {"ms": "5001"}))
