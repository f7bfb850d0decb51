"""How a process recognizes the server that it runs on."""

import logging
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from locust_asyncdjango.probe.project import server


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that makes the process look as if it had loaded these modules of servers, and no others."""

    def load(*names: str, **members: Any) -> None:
        for name in server._SERVER_BY_MODULE:
            monkeypatch.delitem(sys.modules, name, raising=False)
        for name in names:
            module = ModuleType(name)
            vars(module).update(members)
            monkeypatch.setitem(sys.modules, name, module)

    return load


@pytest.mark.parametrize(
    ("modules", "name"),
    [
        ((), ""),
        (("gunicorn", "gunicorn.workers.gthread"), "gunicorn gthread"),
        (("gunicorn", "uvicorn", "uvicorn_worker"), "gunicorn uvicorn"),
        (("uvicorn",), "uvicorn"),
        (("uvicorn", "daphne", "daphne.server"), "uvicorn"),
        (("daphne", "daphne.server", "daphne.cli"), "daphne"),
    ],
)
def test_the_server_is_known_by_the_modules_of_its_worker(loaded: Any, modules: tuple[str, ...], name: str) -> None:
    loaded(*modules)
    assert server.server_name() == name
    assert server.server_version() == server.package_version(name.partition(" ")[0] or "none")


def test_uwsgi_reports_itself(loaded: Any) -> None:
    loaded("uwsgi", opt={"gevent": b"100", "disable-logging": True}, version=b"2.0.28")
    assert (server.server_name(), server.server_version()) == ("uwsgi gevent", "2.0.28")
    assert not server.writes_access_log()


def test_a_servers_access_log_is_on_if_its_logger_has_a_handler(loaded: Any) -> None:
    loaded("gunicorn", "gunicorn.workers.sync")
    log = logging.getLogger("gunicorn.access")
    before = (log.handlers, log.level, log.propagate)
    log.handlers, log.propagate = [], False
    try:
        assert not server.writes_access_log()
        log.addHandler(logging.NullHandler())
        log.setLevel(logging.INFO)
        assert server.writes_access_log()
    finally:
        log.handlers, log.level, log.propagate = before


def test_drivers_can_block_greenlets_only_where_gevent_has_patched(monkeypatch: pytest.MonkeyPatch) -> None:
    without_callback = SimpleNamespace(get_wait_callback=lambda: None)
    in_c = SimpleNamespace(wait=len, wait_c=len)
    monkeypatch.setitem(sys.modules, "psycopg2.extensions", without_callback)
    monkeypatch.setitem(sys.modules, "psycopg.waiting", in_c)
    monkeypatch.setitem(sys.modules, "gevent.monkey", SimpleNamespace(is_module_patched=lambda _: False))
    assert (server.is_patched_by_gevent(), server.blocking_drivers()) == (False, [])
    monkeypatch.setitem(sys.modules, "gevent.monkey", SimpleNamespace(is_module_patched=lambda _: True))
    assert (server.is_patched_by_gevent(), server.blocking_drivers()) == (True, ["psycopg2", "psycopg"])
    monkeypatch.setitem(sys.modules, "psycopg2.extensions", SimpleNamespace(get_wait_callback=lambda: len))
    monkeypatch.setitem(sys.modules, "psycopg.waiting", SimpleNamespace(wait=len, wait_c=max))
    assert server.blocking_drivers() == []


@pytest.mark.parametrize(
    ("arguments", "slots"),
    [("--threads=8", 8), ("--worker-connections 50", 50), ("--blocking-threads=4", 4), ("--workers=2", None)],
)
def test_slots_on_the_command_line(
    loaded: Any, monkeypatch: pytest.MonkeyPatch, arguments: str, slots: int | None
) -> None:
    loaded("gunicorn")
    monkeypatch.setattr(sys, "argv", ["gunicorn", *arguments.split()])
    assert server.slots_setting() == slots


def test_slots_of_uwsgi(loaded: Any) -> None:
    loaded("uwsgi", opt={"threads": b"4"}, version=b"2")
    assert server.slots_setting() == 4
