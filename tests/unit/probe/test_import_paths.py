"""Where a Python looks for modules."""

import sys
from types import SimpleNamespace

import pytest

from locust_asyncdjango.probe.import_paths import editable_packages


def test_the_packages_of_editable_installs(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, package in (("__editable___shop_1_finder", "shop"), ("__editable___lib_1_finder", "lib.core")):
        finder = SimpleNamespace(MAPPING={package: f"/src/{package}"})
        monkeypatch.setitem(sys.modules, name, finder)
    monkeypatch.setitem(sys.modules, "other", SimpleNamespace(MAPPING={"x": "/x"}))
    packages = editable_packages()  # those of this environment too
    assert (packages["shop"], packages["lib.core"], packages.get("x")) == ("/src/shop", "/src/lib.core", None)
