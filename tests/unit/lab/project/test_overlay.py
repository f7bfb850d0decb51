"""Servers that a project's environment lacks."""

from pathlib import Path

import pytest

from locust_asyncdjango.lab.environment.servers import SERVERS
from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.project.overlay import REQUIREMENTS, constraint_lines, missing_packages, overlay_for


def test_every_server_has_its_packages() -> None:
    assert REQUIREMENTS.keys() == SERVERS.keys()


def test_what_is_missing() -> None:
    installed = {"Gunicorn": "23.0", "uvicorn_worker": "0.3"}
    assert missing_packages(["gunicorn-uvicorn", "gunicorn-gevent", "uvicorn"], installed) == (
        *("uvicorn", "gevent", "packaging"),
    )
    assert missing_packages(["gunicorn-sync"], installed) == ()


def test_the_projects_own_versions_bind() -> None:
    assert constraint_lines({"b": "2.0rc1", "a": "1!1.0", "local": "1.0+abc"}) == ["a==1!1.0", "b==2.0rc1"]


def test_lines_say_that_servers_are_installed_and_then_that_they_are_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\nwhile [ "$1" != --target ]; do shift; done\nmkdir "$2"\n')
    python.chmod(0o755)
    (tmp_path / "cache" / "runs").mkdir(parents=True)
    folders = [
        overlay_for(
            python,
            "3.12.1",
            ["gunicorn-gevent"],
            {"gunicorn": "1", "packaging": "26"},
            tmp_path / "cache",
            may_install=may,
        )
        for may in (True, False)
    ]
    assert folders[0] == folders[1]
    assert folders[0] is not None
    assert folders[0].is_dir()
    assert capsys.readouterr().err.splitlines() == [
        "servers: installing gevent into a folder of the lab",
        "servers: gevent of an earlier check or run is used, from a folder of the lab",
    ]


def test_without_permission_a_line_says_what_to_install(tmp_path: Path) -> None:
    python = Path("/site/.venv/bin/python")
    assert overlay_for(python, "3.12.1", ["uvicorn"], {"uvicorn": "1"}, tmp_path, may_install=False) is None
    with pytest.raises(UsageError) as refused:
        overlay_for(python, "3.12.1", ["gunicorn-gevent", "uvicorn"], {"uvicorn": "1"}, tmp_path, may_install=False)
    assert str(refused.value) == (
        "gunicorn-gevent needs gunicorn, gevent, packaging, which /site/.venv/bin/python does not have; run"
        " /site/.venv/bin/python -m pip install gunicorn gevent packaging, or add --install, which puts it into a"
        " folder of ours and not into the project"
    )
    assert list(tmp_path.iterdir()) == []
