"""The file that `init` writes can be read, and says what was drafted."""

import sys
from dataclasses import replace
from pathlib import Path

from locust_asyncdjango.lab.project.inspection.draft import Draft
from locust_asyncdjango.lab.project.inspection.file_text import file_text
from locust_asyncdjango.lab.project.inspection.layout import Layout
from locust_asyncdjango.lab.project.inspection.report import Database
from locust_asyncdjango.lab.project.inspection.view_candidates import Candidate, Candidates
from locust_asyncdjango.lab.project.project_file import FILE_NAME, Project, read_project
from locust_asyncdjango.lab.project.proof import CACHE_OVERRIDE, EMAIL_OVERRIDE, database_override
from locust_asyncdjango.routes import View
from tests.support.project_files import write_project_file

POSTGRES = Database("default", "django.db.backends.postgresql")


def draft_in(folder: Path) -> Draft:
    """Return a draft with something of everything."""
    root = folder / "backend"
    root.mkdir()
    project = Project(
        folder / FILE_NAME,
        root,
        Path(sys.executable),
        "mysite.settings",
        wsgi="mysite.wsgi:application",
        asgi="mysite.asgi:application",
        prepare=("python manage.py migrate --noinput",),
        env={"DATABASE_URL": "{db.url}", "KEY": "for the lab", "TOKEN": "{env.TOKEN}"},
        override={
            "DEBUG": False,
            "DATABASES": {
                "default": database_override("postgresql", POSTGRES),
                "two words": database_override("postgresql", replace(POSTGRES, tls=("sslmode",))),
            },
            "CACHES": {"default": CACHE_OVERRIDE},
            **EMAIL_OVERRIDE,
        },
        collect_static=True,
    )
    layout = Layout(
        root,
        has_manage=True,
        settings="mysite.settings",
        other_settings="mysite.production",
        fixtures=("blog/fixtures/demo.json",),
    )
    views = (Candidate("home", "/"), Candidate("list", '/a"b/', "/async/"))
    found = Candidates(views, ("/blog/<int:pk>/",), 2, "/login/")
    return Draft(folder, layout, project, needed=("KEY", "TOKEN"), examples=("KEY", "MAILGUN_KEY"), candidates=found)


def test_the_file_says_what_was_drafted(tmp_path: Path) -> None:
    draft = draft_in(tmp_path)
    text = file_text(draft)
    project = read_project(write_project_file(tmp_path, text))
    views = (View("home", "/"), View("list", '/a"b/', async_path="/async/"))
    assert project == replace(draft.project, views=views, experiment={"latency_ms": 1})
    for comment in (
        "# wsgi.py or asgi.py names mysite.production; take those if they start on this machine.",
        '    # "python manage.py loaddata blog/fixtures/demo.json",',
        'KEY = "for the lab"  # the project does not start without it',
        'TOKEN = "{env.TOKEN}"',
        "# The project's example files also have: MAILGUN_KEY",
        "# The settings name their database themselves, so the lab's takes its place.\n"
        "# The lab's database has no certificate, so its connections are measured without TLS.",
        '# [[view]]  path = "/blog/<int:pk>/"',
        '# form = { username = "ada", password = "{env.LAB_PASSWORD}" }',
    ):
        assert f"\n{comment}\n" in text
    assert max(map(len, text.splitlines())) < 200


def test_a_file_without_anything(tmp_path: Path) -> None:
    layout = Layout(tmp_path, has_manage=False, settings="mysite.settings")
    project = Project(tmp_path / FILE_NAME, tmp_path, Path(sys.executable), "mysite.settings")
    text = file_text(Draft(tmp_path, layout, project))
    read = read_project(write_project_file(tmp_path, text))
    assert read == replace(project, views=(View("home", "/"),), experiment={"latency_ms": 1})


def test_no_latency_is_set_where_none_can_be_added(tmp_path: Path) -> None:
    layout = Layout(tmp_path, has_manage=False, settings="mysite.settings")
    project = Project(tmp_path / FILE_NAME, tmp_path, Path(sys.executable), "mysite.settings", database="sqlite")
    read = read_project(write_project_file(tmp_path, file_text(Draft(tmp_path, layout, project))))
    assert read == replace(project, views=(View("home", "/"),))
