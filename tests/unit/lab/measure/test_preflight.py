"""What holds a running server to its label."""

import json
from typing import Any

import pytest

from locust_asyncdjango.lab.environment.http_client import Site
from locust_asyncdjango.lab.environment.servers import SERVERS, Server
from locust_asyncdjango.lab.errors import TrialError
from locust_asyncdjango.lab.experiment.result import NO_PREFLIGHT
from locust_asyncdjango.lab.experiment.trial import Trial
from locust_asyncdjango.lab.measure.preflight import inspect_server, site_mismatches, site_record
from locust_asyncdjango.probe.protocol import PREFLIGHT_PATH, SLOTS_PATH
from tests.support.http_site import Responses, http_site

RIGHT = {
    "interface": "wsgi",
    "server": "gunicorn sync",
    "blocks": [],
    "settings": {
        "orm_driver": "psycopg2",
        "connections": "closed after each request",
        "middleware": ["target_site.problems.ProblemMiddleware"],
        "access_log": "off",
        "gevent": False,
        "debug": False,
    },
    "database": {"max_connections": 100, "round_trip_ms": 0.1},
}
PAGE = {
    "interface": "wsgi",
    "server": "gunicorn sync",
    "server_version": "27.0",
    "blocks": [],
    "gevent": False,
    "debug": False,
    "access_log": False,
    "middleware": [{"name": "target_site.problems.ProblemMiddleware", "async_capable": True}],
    "versions": {"python": "3.11", "django": "5.2", "gevent": "25.4"},
    "databases": {"default": {"engine": "django.db.backends.postgresql", "conn_max_age": 0, "pool": None}},
    "database": {"driver": "psycopg2", "server_version": "18", "max_connections": 100, "round_trip_ms": 0.1},
    "caches": {"default": {"backend": "django.core.cache.backends.redis.RedisCache", "locations": []}},
}
"""The probe's page on a server that is right."""
RECORD = {
    **RIGHT,
    "server_version": "27.0",
    "settings": {**RIGHT["settings"], "conn_max_age": 0, "cache": "RedisCache"},  # type: ignore[dict-item]
    "versions": {"python": "3.11", "django": "5.2"},
    "database": {"server_version": "18", "max_connections": 100, "round_trip_ms": 0.1},
}
"""What a trial's result says about it."""
TRIAL = Trial("io_read", "gunicorn-sync", 1000, 100)
SYNC = SERVERS["gunicorn-sync"]


@pytest.mark.parametrize(
    ("settings", "environ", "wrong"),
    [
        ({}, {}, []),
        ({"orm_driver": "psycopg"}, {"TARGET_SITE_ORM_DRIVER": "psycopg"}, []),
        ({"connections": "from a pool of 10"}, {"TARGET_SITE_CONNECTIONS": "pool"}, []),
        (
            {"connections": "from a pool of 10"},
            {"TARGET_SITE_CONNECTIONS": "pool", "TARGET_SITE_POOL_SIZE": "20"},
            ["connections is from a pool of 10, not from a pool of 20"],
        ),
        ({"connections": "persistent"}, {}, ["connections is persistent, not closed after each request"]),
        ({"gevent": True}, {}, ["it is patched by gevent"]),
        ({"middleware": ["another"]}, {}, ["its middleware is default, not none"]),
        ({"access_log": "on"}, {"TARGET_SITE_ACCESS_LOG": "on"}, []),
    ],
)
def test_settings_are_compared_with_the_factors(
    settings: dict[str, Any], environ: dict[str, str], wrong: list[str]
) -> None:
    site = {**RIGHT, "settings": {**RIGHT["settings"], **settings}}  # type: ignore[dict-item]
    assert site_mismatches(TRIAL, SYNC, site, environ) == wrong


@pytest.mark.parametrize(
    ("database", "text"),
    [
        ({"pool": None, "conn_max_age": 0}, "closed after each request"),
        ({"pool": None, "conn_max_age": None}, "persistent"),
        ({"pool": None, "conn_max_age": 60}, "persistent"),
        ({"pool": {"max_size": 3}, "conn_max_age": 0}, "from a pool of 3"),
        ({"pool": {}, "conn_max_age": 0}, "from a pool of 4, without max_size"),
    ],
)
def test_how_the_orm_connects(database: dict[str, Any], text: str) -> None:
    record = site_record({**PAGE, "databases": {"default": database}})
    assert record["settings"]["connections"] == text
    wrong = ["its pool has 4 connections; set max_size"] if "without" in text else []
    environ = {"TARGET_SITE_CONNECTIONS": "pool", "TARGET_SITE_POOL_SIZE": "4, without max_size"}
    mismatches = site_mismatches(TRIAL, SYNC, record, environ if wrong else {})
    assert [each for each in mismatches if each.startswith("its pool")] == wrong


def test_the_connection_limit_is_the_users_where_the_database_is() -> None:
    site = {**RIGHT, "database": {"max_connections": 42, "round_trip_ms": 0.1}}
    assert site_mismatches(TRIAL, SYNC, site, {}) == ["max_connections is 42, not 100"]
    assert site_mismatches(TRIAL, SYNC, site, {"DATABASE_URL": "postgresql://mine"}) == []


PREFLIGHT = PREFLIGHT_PATH


@pytest.mark.parametrize(
    ("responses", "reason"),
    [
        ({}, "gunicorn-sync fails before any load: HTTP 404"),
        (
            {PREFLIGHT: (500, b'{"exception": "OperationalError", "detail": "no such host"}')},
            "gunicorn-sync fails before any load: HTTP 500 OperationalError no such host",
        ),
        ({PREFLIGHT: (500, b"<h1>Server Error</h1>")}, "gunicorn-sync fails before any load: HTTP 500"),
        (
            {PREFLIGHT: (200, b"<html>")},
            "gunicorn-sync cannot be checked: URL/.locust-asyncdjango/preflight.json is not the probe's",
        ),
        (
            {PREFLIGHT: (200, b'{"server": "another"}')},
            "gunicorn-sync cannot be checked: URL/.locust-asyncdjango/preflight.json is not the probe's",
        ),
        (
            {PREFLIGHT: (200, json.dumps({**PAGE, "interface": "asgi"}).encode())},
            "gunicorn-sync is not what its label says: it serves asgi, not wsgi",
        ),
        (
            {
                PREFLIGHT: (
                    200,
                    json.dumps(
                        {**PAGE, "database": {"error": {"exceptions": ["a.Error"], "text": "refused"}}}
                    ).encode(),
                )
            },
            "gunicorn-sync fails before any load: its database does not accept a connection: a.Error refused",
        ),
        (
            {PREFLIGHT: (200, json.dumps({**PAGE, "database": {"vendor": "sqlite"}}).encode())},
            "gunicorn-sync fails before any load: its database is sqlite, and the bundled site needs PostgreSQL",
        ),
    ],
)
def test_a_server_that_is_not_what_it_should_be_is_refused(responses: Responses, reason: str) -> None:
    with http_site(responses) as site, pytest.raises(TrialError) as refused:
        inspect_server(TRIAL, SYNC, Site(site.url), {})
    assert str(refused.value).replace(site.url, "URL").startswith(reason)


@pytest.mark.parametrize(
    "response",
    [
        pytest.param((404, b""), id="no such page"),
        pytest.param((403, b""), id="a login for all pages"),
        pytest.param((405, b""), id="another method"),
        pytest.param((200, b"<html>a page for all paths</html>"), id="a page for all paths"),
        pytest.param((200, b'"\xff"'), id="no text"),
        pytest.param((200, b"[" * 100_000), id="too deep"),
        pytest.param((200, b'{"server": "another"}'), id="JSON of its own"),
        pytest.param((200, json.dumps({**PAGE, "versions": []}).encode()), id="a wrong type"),
        pytest.param((200, json.dumps({**PAGE, "databases": {}}).encode()), id="a missing member"),
    ],
)
def test_a_server_of_the_users_without_preflight_is_not_checked(response: tuple[int, bytes]) -> None:
    with http_site({PREFLIGHT: response}) as site:
        server = Server("mine", "wsgi", url=site.url)
        assert inspect_server(TRIAL, server, Site(site.url), {}) == {"preflight": NO_PREFLIGHT}


def test_a_right_server_is_recorded_with_its_slots() -> None:
    response = (200, b'{"process": 7, "in_flight": 1}')
    with http_site({PREFLIGHT: (200, json.dumps(PAGE).encode()), f"{SLOTS_PATH}?ms=200": response}) as site:
        inspected = inspect_server(TRIAL, SYNC, Site(site.url), {})
    assert inspected == {**RECORD, "slots": {"processes": 1, "most_in_flight": 1, "sent": 4}}
