"""How the site recognizes the server that it runs on."""

import logging
import sys
from importlib.metadata import version
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from target_site.site_info import server_info


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that makes the process look as if it had loaded these modules of servers, and no others."""

    def load(*names: str, **members: Any) -> None:
        for name in server_info._SERVER_BY_MODULE:
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
    ],
)
def test_the_server_is_known_by_the_modules_of_its_worker(loaded: Any, modules: tuple[str, ...], name: str) -> None:
    loaded(*modules)
    assert server_info.server_name() == name
    assert server_info.server_version() == (version(name.partition(" ")[0]) if name else "")


def test_uwsgi_reports_itself(loaded: Any) -> None:
    loaded("uwsgi", opt={"gevent": b"100", "disable-logging": True}, version=b"2.0.28")
    assert (server_info.server_name(), server_info.server_version()) == ("uwsgi gevent", "2.0.28")
    assert not server_info.writes_access_log()


def test_a_servers_access_log_is_on_if_its_logger_has_a_handler(loaded: Any) -> None:
    loaded("gunicorn", "gunicorn.workers.sync")
    log = logging.getLogger("gunicorn.access")
    before = (log.handlers, log.level, log.propagate)
    log.handlers, log.propagate = [], False
    try:
        assert not server_info.writes_access_log()
        log.addHandler(logging.NullHandler())
        log.setLevel(logging.INFO)
        assert server_info.writes_access_log()
    finally:
        log.handlers, log.level, log.propagate = before


def test_drivers_can_block_greenlets_only_where_gevent_has_patched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gevent.monkey", SimpleNamespace(is_module_patched=lambda _: False))
    assert not server_info.is_patched_by_gevent()
    assert server_info.blocking_drivers() == []
    monkeypatch.setitem(sys.modules, "gevent.monkey", SimpleNamespace(is_module_patched=lambda _: True))
    assert server_info.is_patched_by_gevent()
    assert "psycopg2" in server_info.blocking_drivers()  # nobody has given it a wait callback
