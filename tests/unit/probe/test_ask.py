"""The description of a project, by its own Python."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.shop import PROBE, copy_shop, shop_env

pytest.importorskip("django", reason="needs Django: pip install 'locust-asyncdjango[target]'")


def ask(folder: Path, *, as_module: bool = False, **env: str) -> tuple[int, Any, str]:
    """Return the exit code, the description and the errors of a run in the shop's folder."""
    program = ["-m", "asyncdjango_probe.ask"] if as_module else [str(PROBE / "ask.py")]
    done = subprocess.run(
        [sys.executable, *program],
        cwd=folder / "project",
        env=shop_env(folder, **env),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, json.loads(done.stdout), done.stderr


def test_the_shop(tmp_path: Path) -> None:
    project = copy_shop(tmp_path)
    (project / "shop" / "apps.py").write_text('print("printed by the project")\n')
    code, shop, errors = ask(tmp_path)
    assert (code, shop["errors"]) == (0, {}), errors
    urls = {url["route"]: url for url in shop["urls"]}
    assert urls["guarded/ok/"] == {
        "name": "guarded:ok",
        "route": "guarded/ok/",
        "view": "shop.views.ok",
        "is_async": False,
        "parameters": {},
    }
    assert urls["ok-async/"]["is_async"]
    assert urls["number/<int:number>/"]["parameters"] == {"number": "IntConverter"}
    assert urls["^page-(?P<page>\\d+)/$"]["parameters"] == {"page": ""}
    assert (shop["wsgi_application"], shop["asgi_application"]) == ("shop.wsgi.application", "")
    assert (shop["settings"], shop["root_urlconf"], shop["debug"]) == ("shop.settings", "shop.urls", False)
    assert shop["login_url"] == "/accounts/login/"
    assert shop["databases"]["refused"]["engine"] == "django.db.backends.postgresql"
    assert [each["name"] for each in shop["middleware"]][1:] == [
        "shop.middleware.GuardMiddleware",
        "shop.middleware.AnsweringMiddleware",
    ]
    assert list(shop["migrations"]["shop"]) == ["0001_initial"]
    assert shop["versions"]["django"] == shop["packages"]["django"]
    assert "pa55word" not in json.dumps(shop)


def test_it_is_a_module_too(tmp_path: Path) -> None:
    copy_shop(tmp_path)
    code, shop, _ = ask(tmp_path, as_module=True)
    assert (code, shop["settings"]) == (0, "shop.settings")


def test_a_project_that_does_not_start(tmp_path: Path) -> None:
    project = copy_shop(tmp_path)
    settings = project / "shop" / "settings.py"
    settings.write_text('"""Wrong."""\n\nraise SystemExit("a setting\\n is missing")\n')
    code, shop, errors = ask(tmp_path)
    assert (code, shop["error"], shop["where"]) == (1, "SystemExit: a setting is missing", "shop/settings.py:3")
    assert "Traceback" in errors


def test_settings_that_are_not_there(tmp_path: Path) -> None:
    copy_shop(tmp_path)
    code, shop, _ = ask(tmp_path, DJANGO_SETTINGS_MODULE="nowhere.settings")
    assert (code, shop["error"]) == (1, "ModuleNotFoundError: No module named 'nowhere'")


def test_views_that_cannot_be_imported_are_one_error(tmp_path: Path) -> None:
    project = copy_shop(tmp_path)
    (project / "shop" / "urls.py").write_text("import nowhere\n")
    code, shop, _ = ask(tmp_path)
    assert (code, shop["urls"], shop["errors"]) == (0, [], {"urls": "ModuleNotFoundError: No module named 'nowhere'"})
