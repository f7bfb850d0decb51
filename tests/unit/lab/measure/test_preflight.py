"""What holds a running server to its label."""

from typing import Any

import pytest

from locust_asyncdjango.lab.environment.servers import SERVERS, Server
from locust_asyncdjango.lab.experiment.spec import Trial
from locust_asyncdjango.lab.measure.preflight import Slots, requests_to_send, site_mismatches, slot_mismatches

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
def test_settings_are_held_against_the_factors(
    settings: dict[str, Any], environ: dict[str, str], wrong: list[str]
) -> None:
    site = {**RIGHT, "settings": {**RIGHT["settings"], **settings}}  # type: ignore[dict-item]
    assert site_mismatches(TRIAL, SYNC, site, environ) == wrong


def test_the_connection_limit_is_the_users_where_the_database_is() -> None:
    site = {**RIGHT, "database": {"max_connections": 42, "round_trip_ms": 0.1}}
    assert site_mismatches(TRIAL, SYNC, site, {}) == ["max_connections is 42, not 100"]
    assert site_mismatches(TRIAL, SYNC, site, {"DATABASE_URL": "postgresql://mine"}) == []


@pytest.mark.parametrize(
    ("name", "workers", "seen", "wrong"),
    [
        ("gunicorn-sync", 1, Slots(1, 1, 4), []),
        ("gunicorn-sync", 2, Slots(2, 1, 5), []),
        ("gunicorn-sync", 2, Slots(1, 1, 5), ["1 processes answer, not 2"]),
        ("gunicorn-sync", 1, Slots(1, 2, 4), ["a process had 2 requests in flight, more than 1"]),
        ("gunicorn-gevent", 1, Slots(1, 120, 120), []),
        ("uvicorn", 2, Slots(2, 60, 120), []),
        ("uvicorn", 1, Slots(1, 40, 120), ["of 120 requests at once a process had 40 in flight, not 120"]),
    ],
)
def test_slots_are_held_against_the_table(name: str, workers: int, seen: Slots, wrong: list[str]) -> None:
    assert slot_mismatches(SERVERS[name], workers, seen) == wrong


def test_a_few_more_requests_are_sent_than_there_should_be_slots() -> None:
    assert requests_to_send(SYNC, 1) == 4
    assert requests_to_send(SERVERS["uwsgi-100-threads"], 1) == 103
    assert requests_to_send(SERVERS["uvicorn"], 1) == 120
    assert requests_to_send(Server("mine", "wsgi"), 1) == 10
