"""The sums of the requests of one name."""

from types import SimpleNamespace
from typing import Any

import pytest

from locust_asyncdjango.probe.recording.record import RequestRecord
from locust_asyncdjango.probe.recording.sums import FAILURES_LIMIT, Sums, describe_view


def ended(**members: Any) -> RequestRecord:
    """Return the record of a request that has ended."""
    record = RequestRecord("a", "GET", 0.5, 0.0)
    for name, value in members.items():
        setattr(record, name, value)
    return record


def test_all_figures_of_a_name() -> None:
    sums = Sums("a")
    sums.add(ended(status=200, view_s=0.25, events=[("query", 0.125), ("query", 0.125), ("connect", 1.0)]))
    sums.add(ended(status=500, view_s=0.25, failure="ValueError", hops=["view", "close"], events=[("http", 2.0)]))
    sums.add(ended(queued_s=None, status=200, is_disconnected=True, events=[("pool_wait", 3.0), ("commit", 0.5)]))
    assert sums.as_json() == {
        "name": "a",
        "route": "",
        "view": "",
        "is_async": False,
        "requests": 3,
        "failed": 1,
        "disconnected": 1,
        "queued": 2,
        "hops": 2,
        "queued_s": 1.0,
        "view_s": 0.5,
        "queries": 2,
        "query_s": 0.25,
        "connects": 1,
        "connect_s": 1.0,
        "pool_waits": 1,
        "pool_wait_s": 3.0,
        "commits": 1,
        "commit_s": 0.5,
        "http_calls": 1,
        "http_s": 2.0,
        "failures": {"ValueError": 1},
        "hop_names": {"view": 1, "close": 1},
    }


@pytest.mark.parametrize(
    ("members", "failures"),
    [
        ({"status": 404}, {"HTTP 404": 1}),
        ({"status": 0}, {"no response": 1}),
        ({"status": 200, "failure": "ValueError", "is_broken": True}, {"ValueError": 1}),
        ({"status": 200, "failure": "ValueError"}, {}),
        ({"status": 500, "failure": "A;B;sqlstate=53300;text=host 1"}, {"A;B;sqlstate=53300": 1}),
        ({"status": 500, "failure": "OSError;library=asyncpg;text=1"}, {"OSError": 1}),
    ],
)
def test_the_name_of_a_failure(members: dict[str, Any], failures: dict[str, int]) -> None:
    sums = Sums("a")
    sums.add(ended(**members))
    assert sums.as_json()["failures"] == failures


def test_different_failures_are_bounded() -> None:
    sums = Sums("a")
    for number in range(FAILURES_LIMIT + 3):
        sums.add(ended(status=500, failure=f"Error{number}"))
    failures = sums.as_json()["failures"]
    assert (len(failures), failures["other"]) == (FAILURES_LIMIT + 1, 3)


def test_an_async_view_is_described() -> None:
    pytest.importorskip("django", reason="needs Django: pip install 'locust-asyncdjango[target]'")

    async def view() -> None: ...

    match = SimpleNamespace(route="a/", func=view, _func_path="shop.views.view")
    assert describe_view(match) == {"route": "a/", "view": "shop.views.view", "is_async": True}
