"""What is made of the page on which a project's server says what it runs."""

import json
from typing import Any

import pytest

from locust_asyncdjango.lab.environment.http_client import Site
from locust_asyncdjango.lab.environment.servers import Server
from locust_asyncdjango.lab.errors import TrialError
from locust_asyncdjango.lab.experiment.trial import Trial
from locust_asyncdjango.lab.measure.project_preflight import inspect_project_server, read_probe
from locust_asyncdjango.probe.protocol import PREFLIGHT_FORMAT, PREFLIGHT_PATH, SLOTS_PATH
from tests.support.http_site import http_site

SERVER = Server("gunicorn-sync", "wsgi", slots=1, identity="gunicorn sync")
TRIAL = Trial("home", SERVER.name, 0, 100)
PAGE: dict[str, Any] = {
    "format": PREFLIGHT_FORMAT,
    "interface": "wsgi",
    "server": "gunicorn sync",
    "gevent": False,
    "debug": True,
    "databases": {"default": {"engine": "django.db.backends.postgresql", "pool": {"min_size": 1}}},
}


def test_the_page_of_a_server_is_read_once() -> None:
    pages = {PREFLIGHT_PATH: PAGE, f"{SLOTS_PATH}?ms=200": {"process": 7, "in_flight": 1}}
    with http_site({path: (200, json.dumps(page).encode()) for path, page in pages.items()}) as server:
        site = Site(server.url)
        page = read_probe(SERVER, site)
        assert page == PAGE
        assert inspect_project_server(TRIAL, SERVER, site, page) == {
            **PAGE,
            "slots": {"processes": 1, "most_in_flight": 1, "sent": 4},
            "caveats": [
                "DEBUG is on, which slows each request and keeps all queries in memory; set it off",
                "the pool has 4 connections a process, psycopg's default; set max_size",
            ],
        }
    assert [path for _, path, _ in server.requests].count(PREFLIGHT_PATH) == 1


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"interface": "asgi"}, "it serves asgi, not wsgi"),
        ({"server": ""}, "it runs on another, not on gunicorn sync"),
        ({"gevent": True}, "it is patched by gevent"),
        ({"blocks": ["psycopg2"]}, "psycopg2 blocks all greenlets while it waits; install psycogreen"),
    ],
)
def test_a_server_that_is_not_what_its_label_says_is_refused(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(TrialError) as refused:
        inspect_project_server(TRIAL, SERVER, Site("http://127.0.0.1:1"), {**PAGE, **changes})
    assert str(refused.value) == f"gunicorn-sync is not what its label says: {reason}"


def test_a_page_that_is_not_the_probes_is_refused() -> None:
    with http_site({PREFLIGHT_PATH: (200, b"[]")}) as server, pytest.raises(TrialError, match="with the probe; leave"):
        read_probe(SERVER, Site(server.url))
    with pytest.raises(TrialError, match=r"gunicorn-sync does not say what it runs: .*; see its log in the trial"):
        read_probe(SERVER, Site(server.url))
