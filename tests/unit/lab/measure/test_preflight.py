"""What holds a running server to its label."""

from typing import Any

import pytest

from locust_asyncdjango.lab.environment.servers import SERVERS
from locust_asyncdjango.lab.experiment.spec import Trial
from locust_asyncdjango.lab.measure.preflight import site_mismatches

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
