"""What holds a running server to its label."""

import json
from typing import Any

import pytest

from locust_asyncdjango.lab.environment.http_client import Site
from locust_asyncdjango.lab.environment.servers import SERVERS, Server
from locust_asyncdjango.lab.errors import TrialError
from locust_asyncdjango.lab.experiment.result import NO_PREFLIGHT
from locust_asyncdjango.lab.experiment.trial import Trial
from locust_asyncdjango.lab.measure.preflight import inspect_server, site_mismatches
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
            "gunicorn-sync cannot be checked: URL/.locust-asyncdjango/preflight.json is not the target site's",
        ),
        (
            {PREFLIGHT: (200, b'{"server": "another"}')},
            "gunicorn-sync cannot be checked: URL/.locust-asyncdjango/preflight.json is not the target site's",
        ),
        (
            {PREFLIGHT: (200, json.dumps({**RIGHT, "interface": "asgi"}).encode())},
            "gunicorn-sync is not what its label says: it serves asgi, not wsgi",
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
        pytest.param((200, json.dumps({**RIGHT, "settings": []}).encode()), id="a wrong type"),
        pytest.param((200, json.dumps({**RIGHT, "database": {"max_connections": 1}}).encode()), id="a missing member"),
    ],
)
def test_a_server_of_the_users_without_preflight_is_not_checked(response: tuple[int, bytes]) -> None:
    with http_site({PREFLIGHT: response}) as site:
        server = Server("mine", "wsgi", url=site.url)
        assert inspect_server(TRIAL, server, Site(site.url), {}) == {"preflight": NO_PREFLIGHT}


def test_a_right_server_is_recorded_with_its_slots() -> None:
    response = (200, b'{"process": 7, "in_flight": 1}')
    with http_site({PREFLIGHT: (200, json.dumps(RIGHT).encode()), f"{SLOTS_PATH}?ms=200": response}) as site:
        inspected = inspect_server(TRIAL, SYNC, Site(site.url), {})
    assert inspected == {**RIGHT, "slots": {"processes": 1, "most_in_flight": 1, "sent": 4}}
