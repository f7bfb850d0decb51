"""The slow API's responses."""

import asyncio
import json
from typing import Any

import pytest

from target_site.slow_api import application, response_to


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("ms=10001", "ms must be a whole number from 0 to 10000"),
        ("ms=-1", "ms must be a whole number from 0 to 10000"),
        ("ms=x", "ms must be a whole number from 0 to 10000"),
        ("seed=99999999999", "seed must be a whole number from 0 to 10000000000"),
    ],
)
def test_a_query_that_is_rejected(query: str, detail: str) -> None:
    problem = {"type": "about:blank", "title": "Bad Request", "status": 400, "detail": detail}
    assert response_to(query) == (400, problem)


def test_a_seed_gives_the_same_country_each_time() -> None:
    countries = [response_to(f"ms=0&seed={seed}")[1]["country"] for seed in (7, 7, 8, 9)]
    assert countries[0] == countries[1]
    assert len(set(countries)) > 1
    assert response_to("ms=5")[1]["ms"] == 5
    assert response_to("")[1]["ms"] == 300


def call(scope: dict[str, Any], *received: dict[str, Any]) -> list[Any]:
    """Return what the application sends."""
    sent: list[Any] = []
    messages = list(received)

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(application(scope, receive, send))
    return sent


def test_the_application_answers_and_has_a_lifespan() -> None:
    start, body = call({"type": "http", "query_string": b"ms=0&seed=1"})
    assert (start["status"], json.loads(body["body"])["ms"]) == (200, 0)
    assert (b"content-length", str(len(body["body"])).encode()) in start["headers"]
    events = call({"type": "lifespan"}, {"type": "lifespan.startup"}, {"type": "lifespan.shutdown"})
    assert [event["type"] for event in events] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
