"""All variants of a route do the same work on both interfaces: same response, same queries, same rows."""

import urllib.parse
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import redis

from locust_asyncdjango.routes import ROUTES, Route
from target_site.slow_api import response_to
from tests.support.site_client import fetch, variants_of
from tests.support.site_fixtures import site_on
from tests.support.tcp_gate import PostgresGate, opened

TIMES = 3
"""Requests to each variant. A query that is sent after a response is counted with the next request."""

FORM = {"title": "Grüße", "content": "<b>bold</b>"}
QUERIES = {"cpu": "?n=1000", "external": "?ms=20&seed=7", "template": "?title=A%20title", "cached": "?key=same-work"}

WORK = {
    "template": [],
    "orm_get": ["SELECT 1"],
    "orm_post": ["INSERT 0 1"],
    "cached": [],
    "list_detail": ["SELECT 800", "SELECT 1"],
    "cpu": [],
    "io_create": ["INSERT 0 1"],
    "io_read": ["SELECT 25", "SELECT 1"],
    "external": [],
}
"""What PostgreSQL reports for one request: commands, with the number of rows of each."""

ARMS = {
    "wsgi": ("gunicorn-sync", {}),
    "asgi": ("gunicorn-uvicorn", {}),
    "wsgi, psycopg 3, persistent, default middleware": (
        "gunicorn-sync",
        {
            "TARGET_SITE_ORM_DRIVER": "psycopg",
            "TARGET_SITE_CONNECTIONS": "persistent",
            "TARGET_SITE_MIDDLEWARE": "default",
        },
    ),
    "asgi, psycopg 3, pool, default middleware and a sync one": (
        "gunicorn-uvicorn",
        {
            "TARGET_SITE_ORM_DRIVER": "psycopg",
            "TARGET_SITE_CONNECTIONS": "pool",
            "TARGET_SITE_POOL_SIZE": "3",
            "TARGET_SITE_MIDDLEWARE": "default+sync",
        },
    ),
}


@pytest.fixture(scope="module", params=[pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in ARMS])
def arm(
    request: pytest.FixtureRequest, services_env: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, PostgresGate]]:
    """Start the site behind a gate that counts commands. Yield the site's address and the gate."""
    server, variables = ARMS[request.param]
    database = urllib.parse.urlsplit(services_env["DATABASE_URL"])
    assert database.port is not None
    gate = PostgresGate(upstream=database.port)
    with opened(gate):
        through = services_env["DATABASE_URL"].replace(f":{database.port}/", f":{gate.port}/")
        env = {**services_env, **variables, "DATABASE_URL": through}
        with site_on(server, env, tmp_path_factory.mktemp("arm")) as url:
            yield url, gate
    if variables.get("TARGET_SITE_CONNECTIONS") != "persistent":
        assert gate.goodbyes == gate.connections, "a pool was not closed at shutdown"


def comparable(answer: tuple[int, str, Any]) -> tuple[int, str, Any]:
    """Return what is the same in each answer: a created post has a key and times of its own."""
    status, media_type, body = answer
    if status == 201:
        assert set(body) == {"id", "title", "content", "created_at", "updated_at"}
        body = {"title": body["title"], "content": body["content"]}
    return status, media_type, body


@pytest.mark.parametrize("route", ROUTES.values(), ids=ROUTES)
def test_all_variants_do_the_same_work(arm: tuple[str, PostgresGate], route: Route) -> None:
    url, gate = arm
    form = FORM if route.method == "POST" else None
    answers, work = {}, {}
    for variant in ("", *variants_of(route), "sync", "async"):
        address = f"{url}{route.path}{variant}{'/' if variant else ''}{QUERIES.get(route.name, '')}"
        first = fetch(address, form)
        gate.commands.clear()
        again = [fetch(address, form) for _ in range(TIMES)]
        answers[variant] = [comparable(answer) for answer in (first, *again)]
        work[variant] = Counter(gate.commands)
    expected = answers[""][0]
    assert expected[0] == route.expected_status
    assert answers == dict.fromkeys(answers, [expected] * (TIMES + 1))
    assert work == {variant: Counter(WORK[route.name] * TIMES) for variant in work}


def test_the_slow_api_is_called_three_times(arm: tuple[str, PostgresGate]) -> None:
    countries = [response_to(f"ms=0&seed={seed}")[1]["country"] for seed in (7, 8, 9)]
    assert fetch(f"{arm[0]}/external/?ms=20&seed=7")[2] == {"countries": countries}


@pytest.mark.parametrize("variant", variants_of(ROUTES["cached"]))
def test_a_miss_fills_the_cache(arm: tuple[str, PostgresGate], services_env: dict[str, str], variant: str) -> None:
    with redis.from_url(services_env["REDIS_URL"]) as client:

        def calls() -> dict[str, int]:
            stats = client.info("commandstats")
            return {name: stats.get(f"cmdstat_{name}", {"calls": 0})["calls"] for name in ("get", "set")}

        client.flushall()
        client.config_resetstat()
        address = f"{arm[0]}/cached/{variant}/?key=filled"
        missed = fetch(address)
        after_miss = calls()
        hit = fetch(address)
        assert (after_miss, calls()) == ({"get": 1, "set": 1}, {"get": 2, "set": 1})
        assert missed == hit
        (key,) = client.keys("*target_site:cached:filled")
        assert 0 < client.ttl(key) <= 60


@pytest.mark.parametrize("variant", variants_of(ROUTES["orm_post"]))
def test_a_form_that_is_not_valid(arm: tuple[str, PostgresGate], variant: str) -> None:
    status, media_type, body = fetch(f"{arm[0]}/orm_post/{variant}/", {"title": "t" * 101, "content": " "})
    assert (status, media_type) == (400, "application/problem+json")
    assert {field: [error["code"] for error in errors] for field, errors in body["errors"].items()} == {
        "title": ["max_length"],
        "content": ["required"],
    }


@pytest.mark.parametrize("route", [ROUTES["orm_get"], ROUTES["list_detail"]], ids=lambda route: str(route.name))
def test_a_post_that_is_not_there(arm: tuple[str, PostgresGate], route: Route) -> None:
    for variant in variants_of(route):
        address = f"{arm[0]}{route.path}{variant}/?id=00000000-0000-0000-0000-000000000000"
        status, media_type, body = fetch(address)
        assert (status, media_type, body["detail"]) == (404, "application/problem+json", "there is no such post")


@pytest.mark.parametrize(
    ("route", "query", "detail"),
    [
        ("template", "title=" + "t" * 101, "title must have 1 to 100 characters"),
        ("orm_get", "id=1", "id must be a UUID, such as 123e4567-e89b-12d3-a456-426614174000"),
        ("list_detail", "id=" + "9" * 3000, "id must be a UUID, such as 123e4567-e89b-12d3-a456-426614174000"),
        ("cached", "key=a%20b", "key must have 1 to 64 letters, digits, _ or -"),
        ("cpu", "n=10000001", "n must be a whole number from 0 to 10000000"),
        ("external", "ms=5001", "ms must be a whole number from 0 to 5000"),
        ("external", "seed=-1", "seed must be a whole number from 0 to 1000000000"),
    ],
)
def test_every_parameter_has_its_bounds(arm: tuple[str, PostgresGate], route: str, query: str, detail: str) -> None:
    for variant in variants_of(ROUTES[route]):
        status, media_type, body = fetch(f"{arm[0]}/{route}/{variant}/?{query}")
        assert (status, media_type, body["detail"]) == (400, "application/problem+json", detail)


def test_html_is_escaped(arm: tuple[str, PostgresGate]) -> None:
    for variant in variants_of(ROUTES["template"]):
        _, _, page = fetch(f"{arm[0]}/template/{variant}/?title=%3C/script%3E%3Cscript%3Ealert(1)%3C/script%3E")
        assert "alert(1)" in page
        assert "<script>alert" not in page
