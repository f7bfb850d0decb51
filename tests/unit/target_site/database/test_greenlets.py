"""Drivers in greenlets."""

import sys
from types import ModuleType, SimpleNamespace

import pytest

from target_site.database.greenlets import is_patched_by_gevent, let_psycopg2_yield


@pytest.mark.parametrize("patched", [False, True])
def test_psycopg2_yields_where_gevent_has_patched(monkeypatch: pytest.MonkeyPatch, *, patched: bool) -> None:
    calls: list[str] = []
    psycogreen = ModuleType("psycogreen.gevent")
    vars(psycogreen)["patch_psycopg"] = lambda: calls.append("patched")
    monkeypatch.setitem(sys.modules, "psycogreen.gevent", psycogreen)
    monkeypatch.setitem(sys.modules, "gevent.monkey", SimpleNamespace(is_module_patched=lambda _: patched))
    let_psycopg2_yield()
    assert (is_patched_by_gevent(), calls) == (patched, ["patched"] * patched)


def test_a_process_without_gevent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "gevent.monkey", raising=False)
    assert not is_patched_by_gevent()
