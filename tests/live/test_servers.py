"""Every server starts, is what its label says, and leaves nothing behind. A server that is not is refused."""

import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from locust_asyncdjango.lab.environment.http_client import Site
from locust_asyncdjango.lab.environment.process import free_port, port_is_free
from locust_asyncdjango.lab.environment.servers import SERVERS, Server, running_server, server_env, site_env
from locust_asyncdjango.lab.errors import TrialError
from locust_asyncdjango.lab.experiment.result import NO_PREFLIGHT
from locust_asyncdjango.lab.experiment.trial import Trial
from locust_asyncdjango.lab.measure import preflight
from locust_asyncdjango.probe.protocol import PREFLIGHT_PATH
from tests.support.programs import BIN, MARK, done, left_behind
from tests.support.site_client import fetch

STARTS = int(os.environ.get("STARTS", "1"))
"""How often each server is started in a row."""
WSGI = "locust_asyncdjango.probe.wsgi:application"
GUNICORN = ("{python}", "-P", "-m", "gunicorn", "--bind=127.0.0.1:{port}", "--no-control-socket", "--log-level=warning")
SITES = Path(__file__).parents[1] / "support" / "sites"
PLANTED = {"PYTHONPATH": str(SITES), "DJANGO_SETTINGS_MODULE": "mistaken_settings"}


def trial_on(server: Server, **changes: Any) -> Trial:
    """The one whose database is services_env's."""
    return replace(Trial("io_read", server.name, 1000, max_connections=50), **changes)


@contextmanager
def up(server: Server, env: Mapping[str, str], logs: Path, workers: int = 1) -> Iterator[Site]:
    """What a server serves, which leaves no process and no port taken."""
    mark, port = uuid.uuid4().hex, free_port()
    with running_server(server, port, logs, {**site_env(env), **env, MARK: mark}, workers) as served:
        yield Site(served.url, served.token)
    assert left_behind(mark) == []
    assert port_is_free(port)


@pytest.mark.parametrize("name", SERVERS)
def test_a_server_is_what_its_label_says_and_leaves_nothing(
    name: str, services_env: dict[str, str], tmp_path: Path
) -> None:
    server = SERVERS[name]
    for _ in range(STARTS):
        with up(server, services_env, tmp_path) as site:
            inspected = preflight.inspect_server(trial_on(server), server, site, {})
        assert (inspected["server"], inspected["interface"]) == (server.identity, server.interface)
        assert inspected["server_version"][0].isdigit()
        assert inspected["slots"]["most_in_flight"] == min(server.slots or 120, 120)
        assert inspected["database"]["max_connections"] == 50
        assert inspected["blocks"] == []


WITH_A_LOG = (
    *("gunicorn-sync", "gunicorn-uvicorn", "gunicorn-asgi", "uvicorn", "uwsgi-2-threads", "granian-asgi", "hypercorn"),
    "daphne",
)
"""One of all servers that have the same program and the same flags for processes and access log. waitress has none."""


@pytest.mark.parametrize("name", WITH_A_LOG)
def test_a_server_has_the_requested_processes_and_access_log(
    name: str, services_env: dict[str, str], tmp_path: Path
) -> None:
    server, on = SERVERS[name], {"TARGET_SITE_ACCESS_LOG": "on"}
    workers = 2 if server.has_workers else 1
    env = {**services_env, **on, "XDG_RUNTIME_DIR": str(tmp_path)}
    with up(server, env, tmp_path, workers) as site:
        inspected = preflight.inspect_server(trial_on(server, workers=workers), server, site, on)
        assert list(tmp_path.glob("*.ctl")) == []  # all gunicorns of a user would share it
    assert inspected["slots"]["processes"] == workers
    assert PREFLIGHT_PATH in (tmp_path / f"{name}.log").read_text()


def users_server(*arguments: str, **changes: Any) -> Server:
    """A server of a user's users_server, on gunicorn."""
    return replace(Server("mine", "wsgi", argv=(*GUNICORN, *arguments, WSGI)), **changes)


PSYCOPG_FIRST = ("{python}", "-P", "-c", "import psycopg; from gunicorn.app.wsgiapp import run; run()", *GUNICORN[4:])


@pytest.mark.parametrize(
    ("server", "env", "changes", "reason"),
    [
        (
            replace(SERVERS["gunicorn-gevent"], argv=(*PSYCOPG_FIRST, "--worker-class=gevent", WSGI)),
            {},
            {},
            "psycopg blocks all greenlets: gevent patched after its import",
        ),
        (
            users_server(),
            {**PLANTED, "PLANTED": "pool", "TARGET_SITE_ORM_DRIVER": "psycopg"},
            {},
            "its pool has 4 connections",
        ),
        (users_server(), {**PLANTED, "PLANTED": "debug"}, {}, "DEBUG is on"),
        (users_server("--access-logfile=-"), {"TARGET_SITE_ACCESS_LOG": "on"}, {}, "its access log is on, not off"),
        (users_server(interface="asgi"), {}, {}, "it serves wsgi, not asgi"),
        (users_server("--threads=3", slots=2), {}, {}, "a process had 3 requests in flight, more than 2"),
        (users_server("--threads=2", slots=3), {}, {}, "of 6 requests at once a process had 2 in flight, not 3"),
        (
            replace(SERVERS["gunicorn-sync"], argv=users_server("--worker-class=gthread").argv),
            {},
            {},
            "it runs on gunicorn gthread, not on gunicorn sync",
        ),
        (users_server(), {}, {"max_connections": 1000}, "max_connections is 50, not 1000"),
        (users_server(), {}, {"latency_ms": 100}, "ms away, not 100"),
        (SERVERS["gunicorn-sync"], {"TARGET_SITE_ORM_DRIVER": "psycopg"}, {}, "orm_driver is psycopg, not psycopg2"),
        (SERVERS["gunicorn-sync"], {"TARGET_SITE_MIDDLEWARE": "default"}, {}, "its middleware is default, not none"),
    ],
)
def test_an_arm_that_is_not_what_its_label_says_is_refused(
    server: Server,
    env: dict[str, str],
    changes: dict[str, Any],
    reason: str,
    services_env: dict[str, str],
    tmp_path: Path,
) -> None:
    with up(server, {**services_env, **env}, tmp_path) as site, pytest.raises(TrialError) as refused:
        preflight.inspect_server(trial_on(server, **changes), server, site, {})
    assert str(refused.value).startswith(f"{server.name} is not what its label says: ")
    assert reason in str(refused.value)


def test_a_server_without_a_number_of_slots_is_recorded_as_it_is(services_env: dict[str, str], tmp_path: Path) -> None:
    server = users_server("--threads=3")
    with up(server, services_env, tmp_path) as site:
        inspected = preflight.inspect_server(trial_on(server), server, site, {})
    assert inspected["slots"] == {"processes": 1, "most_in_flight": 3, "sent": 10}


def test_a_site_that_is_not_ours_is_taken_as_it_is(other_url: str) -> None:
    server = Server("other", "wsgi", url=other_url)
    assert preflight.inspect_server(trial_on(server), server, Site(other_url), {}) == {"preflight": NO_PREFLIGHT}


@pytest.mark.parametrize("name", ["gunicorn-sync", "gunicorn-uvicorn", "uvicorn", "uwsgi-2-threads", "granian-wsgi"])
def test_a_server_that_does_not_start_says_why(name: str, tmp_path: Path) -> None:
    (tmp_path / "incomplete_settings.py").write_text(
        "from target_site.settings import *\nimport a_module_that_is_not_there\n"
    )
    env = {"PYTHONPATH": str(tmp_path), "DJANGO_SETTINGS_MODULE": "incomplete_settings"}
    reason = rf"^{name} did not start: ModuleNotFoundError: No module named 'a_module_that_is_not_there'"
    with pytest.raises(TrialError, match=reason), up(SERVERS[name], env, tmp_path):
        pass


@pytest.mark.parametrize("settings", ["mysite.settings", None])
def test_a_server_of_the_users_with_settings_of_its_own_is_not_turned_into_the_target_site(
    settings: str | None, services_env: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE")
    assert done(BIN / "django-admin", "startproject", "mysite", tmp_path)[0] == 0
    if settings:
        monkeypatch.setenv("DJANGO_SETTINGS_MODULE", settings)
    server = Server("mine", "wsgi", argv=(*GUNICORN, f"--chdir={tmp_path}", "mysite.wsgi"))
    with running_server(server, free_port(), tmp_path, server_env(server, services_env)) as served:
        assert fetch(f"{served.url}/admin/login/")[:2] == (200, "text/html")
        assert fetch(f"{served.url}/routes.json")[0] == 404
        inspected = preflight.inspect_server(trial_on(server), server, Site(served.url, served.token), {})
    assert inspected == {"preflight": NO_PREFLIGHT}


def test_a_site_whose_database_is_gone_is_refused_with_the_reason(tmp_path: Path) -> None:
    server = SERVERS["gunicorn-sync"]
    env = {"DATABASE_URL": f"postgresql://127.0.0.1:{free_port()}/none"}
    with (
        up(server, env, tmp_path) as site,
        pytest.raises(
            TrialError, match=r"its database does not accept a connection: django.+OperationalError .*refused"
        ),
    ):
        preflight.inspect_server(trial_on(server), server, site, {})
