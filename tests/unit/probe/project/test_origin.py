"""Whether the modules of a revision come from its checkout."""

import os
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from locust_asyncdjango.probe.project.origin import foreign_files
from locust_asyncdjango.probe.protocol import CHECKOUT_VARIABLE

SETTINGS = SimpleNamespace(ROOT_URLCONF="shop_of_origin.urls")


def imported(monkeypatch: pytest.MonkeyPatch, **files: Path) -> None:
    """Let modules be imported already, each from its file."""
    for name, file in files.items():
        module = ModuleType(name)
        module.__file__ = str(file)
        monkeypatch.setitem(sys.modules, f"shop_of_origin.{name}", module)


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Return the folders of the user's files and of the revision's, whose settings and URLs come from the latter."""
    own, worktree = tmp_path / "own", tmp_path / "worktree"
    monkeypatch.setenv(CHECKOUT_VARIABLE, f"{own}{os.pathsep}{worktree}")
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "shop_of_origin.settings")
    imported(monkeypatch, settings=worktree / "shop/settings.py", urls=worktree / "shop/urls.py")
    return own, worktree


def test_all_comes_from_the_checkout(places: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    own, worktree = places
    imported(
        monkeypatch,
        views=worktree / "shop/views.py",
        package=own / ".venv/lib/python3.12/site-packages/package/__init__.py",
        elsewhere=Path("/opt/lib/elsewhere.py"),
    )
    assert foreign_files(SETTINGS) == []


def test_a_module_of_the_users_own_files_is_foreign(places: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    views = places[0] / "src/shop/views.py"
    imported(monkeypatch, views=views)
    assert foreign_files(SETTINGS) == [str(views)]
    monkeypatch.delenv(CHECKOUT_VARIABLE)
    assert foreign_files(SETTINGS) == []


@pytest.mark.parametrize("name", ["settings", "urls"])
def test_an_installed_copy_is_foreign(places: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    copy = places[0] / ".venv/lib/python3.12/site-packages/shop" / f"{name}.py"
    imported(monkeypatch, **{name: copy})
    assert foreign_files(SETTINGS) == [str(copy)]


def test_settings_that_the_lab_overrides_are_the_projects_own(
    places: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "asyncdjango_probe.settings")
    monkeypatch.setenv("LOCUST_ASYNCDJANGO_SETTINGS", "shop_of_origin.settings")
    assert foreign_files(SETTINGS) == []
    copy = places[0] / "shop/settings.py"
    imported(monkeypatch, settings=copy)
    assert foreign_files(SETTINGS) == [str(copy)]
