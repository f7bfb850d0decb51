"""`init` in real projects: it starts them, and writes a file that can be read."""

import sys
from pathlib import Path

import pytest

from locust_asyncdjango.lab.project.project_file import FILE_NAME, read_project
from locust_asyncdjango.lab.project.proof import EMAIL_OVERRIDE
from locust_asyncdjango.routes import View
from tests.support.django_projects import ENVIRONMENT, make_project
from tests.support.programs import done

INIT = (sys.executable, "-P", "-m", "locust_asyncdjango.lab.cli", "init")
CHOICE = """
import os
if (kind := os.getenv("SITE_DB", "sqlite")) == "postgres":
    ROLE = os.environ["SITE_DB_ROLE"]
    DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "HOST": os.getenv("SITE_DB_HOST", "")}}
    DATABASES["default"]["PORT"] = os.getenv("SITE_DB_PORT", "")
    DATABASES["default"] |= {"NAME": os.getenv("SITE_DB_NAME"), "USER": os.getenv("SITE_DB_USER")}
    DATABASES["default"].update(PASSWORD=os.getenv("SITE_DB_PASSWORD"))
elif kind == "mysql":
    raise ValueError("no MySQL here")
"""
DEADLINE_S = 600
"""Seconds for a few starts of Django on a busy machine."""


def files(folder: Path) -> dict[str, bytes]:
    """Return all files of a project but for compiled modules."""
    paths = (path for path in folder.rglob("*") if path.is_file() and not {"__pycache__", ".venv"} & set(path.parts))
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def test_a_project_whose_settings_read_no_variable(tmp_path: Path) -> None:
    (tmp_path / ".venv").symlink_to(sys.prefix)
    before = files(make_project(tmp_path))
    code, text = done(*INIT, cwd=tmp_path, deadline_s=DEADLINE_S)
    assert code == 0, text
    assert "\n  Python " in text
    assert " at .venv/bin/python\n" in text
    project = read_project(tmp_path / FILE_NAME)
    assert project.views == (View("articles", "/articles/", async_path="/async/articles/"),)
    assert (project.database, project.settings, project.env) == ("postgresql", "mysite.settings", {})
    assert project.override == {
        "DEBUG": False,
        "ALLOWED_HOSTS": ["*"],
        **EMAIL_OVERRIDE,
        "DATABASES": {
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "HOST": "{db.host}",
                "PORT": "{db.port}",
                "NAME": "{db.name}",
                "USER": "{db.user}",
                "PASSWORD": "{db.password}",
            }
        },
    }
    assert "twins: /articles/ and /async/articles/" in text
    assert "a login at /login/" in text
    assert '# [[view]]  path = "/articles/<int:pk>/"' in (tmp_path / FILE_NAME).read_text()
    after = files(tmp_path)
    written = after.pop(FILE_NAME)
    assert after == before, "a file of the project changed"
    code, text = done(*INIT, cwd=tmp_path, deadline_s=DEADLINE_S)
    assert (code, files(tmp_path)[FILE_NAME]) == (2, written)
    assert text.endswith(f"{FILE_NAME} exists already; edit it, or add --force to overwrite it\n")


def test_a_project_whose_settings_read_variables(tmp_path: Path) -> None:
    below = tmp_path / "backend"
    below.mkdir()
    demanded = """
OTHER = os.environ["SITE_OTHER"]
WORKERS = int(os.environ["SITE_WORKERS"])
if not SECRET_KEY:
    UNUSED = os.environ["SITE_UNUSED"]
DATABASES["default"].setdefault("OPTIONS", {})["sslmode"] = "require"
"""
    make_project(below, ENVIRONMENT + demanded)
    (below / ".env.example").write_text("SITE_KEY=s3cret\nSITE_MAILS=s3cret\n")
    code, text = done(*INIT, cwd=tmp_path, env={"SITE_OTHER": "s3cret", "SITE_UNUSED": "s3cret"}, deadline_s=DEADLINE_S)
    assert code == 0, text
    project = read_project(tmp_path / FILE_NAME)
    assert project.root == below
    assert project.env == {
        "SITE_DATABASE": "{db.url}",
        "SITE_KEY": "for the lab",
        "SITE_OTHER": "{env.SITE_OTHER}",
        "SITE_WORKERS": "1",
    }
    assert project.override == {
        "DEBUG": False,
        "DATABASES": {"default": {"OPTIONS": {"sslmode": "prefer"}}},
        **EMAIL_OVERRIDE,
    }
    assert "the settings demand SITE_OTHER, which the file takes from your shell, without their values" in text
    assert "the settings take their database from SITE_DATABASE" in text
    written = (tmp_path / FILE_NAME).read_text()
    assert "# The project's example files also have: SITE_MAILS" in written
    assert "s3cret" not in written + text


def test_a_project_that_chooses_its_database_by_a_variable(tmp_path: Path) -> None:
    make_project(tmp_path, CHOICE)
    code, text = done(*INIT, cwd=tmp_path, deadline_s=DEADLINE_S)
    assert code == 0, text
    assert 'trying whether SITE_DB = "postgres" makes the settings use postgresql\n' in text
    assert '\n  SITE_DB = "postgres" makes the settings use postgresql\n' in text
    project = read_project(tmp_path / FILE_NAME)
    assert project.env == {
        "SITE_DB_HOST": "{db.host}",
        "SITE_DB_PORT": "{db.port}",
        "SITE_DB_NAME": "{db.name}",
        "SITE_DB_USER": "{db.user}",
        "SITE_DB_PASSWORD": "{db.password}",
        "SITE_DB": "postgres",
        "SITE_DB_ROLE": "for the lab",
    }
    assert (project.database, "DATABASES" in project.override) == ("postgresql", False)
    written = (tmp_path / FILE_NAME).read_text()
    assert 'SITE_DB = "postgres"  # the settings use postgresql with it\n' in written


def test_a_project_that_does_not_start_gets_a_file_and_the_real_error(tmp_path: Path) -> None:
    make_project(tmp_path, "import no_such_package_of_ours  # noqa\n")
    code, text = done(*INIT, cwd=tmp_path, deadline_s=DEADLINE_S)
    assert code == 0, text
    error = (
        "the project could not be started: the project does not start: ModuleNotFoundError: No module named"
        " 'no_such_package_of_ours' (mysite/settings.py:"
    )
    assert error in text
    assert read_project(tmp_path / FILE_NAME).views == (View("home", "/"),)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "there is no manage.py in "),
        (("no-such-folder",), "no-such-folder is not a folder; change into the folder of the project's manage.py"),
        (("--python", "nowhere", "--settings", "a"), "--python nowhere: there is no such program; name it as"),
    ],
)
def test_no_project(tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    code, text = done(*INIT, *arguments, cwd=tmp_path)
    assert code == 2
    assert text.startswith(f"locust-asyncdjango: error: {message}")
    assert text.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
