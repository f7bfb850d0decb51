"""What of a project's file a run that goes on compares."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from locust_asyncdjango.lab.project.fingerprints import changed_parts, fingerprints
from locust_asyncdjango.lab.project.project_file import Project
from locust_asyncdjango.lab.project.tables.arms import ProjectArm
from locust_asyncdjango.lab.project.tables.processes import ProjectProcess
from locust_asyncdjango.routes import Login, View

VIEW = View("cart", "/cart/", headers=(("X-Shop", "1"), ("Cookie", "a=b")), form=(("item", "7"), ("token", "s3cret")))
LOGIN = Login("ada", form=(("username", "ada"), ("password", "s3cret")))
PROCESS = ProjectProcess("api", "python api.py", ready_log="up")
PROJECT = Project(
    Path("/shop/asyncdjango.toml"),
    Path("/shop"),
    Path("python"),
    "shop.settings",
    env={"SIZE": "{env.SIZE}", "SECRET_KEY": "s3cret"},
    override={"DEBUG": False},
    views=(VIEW,),
    logins={"ada": LOGIN},
    processes=(PROCESS,),
    arms=(ProjectArm("old", "uvicorn", revision="main", setup="uv sync"),),
)


@pytest.mark.parametrize(
    ("changes", "parts"),
    [
        ({"prepare": ("python manage.py migrate",)}, ("[project]",)),
        ({"asgi": "shop.asgi:application"}, ("[project]",)),
        ({"env": {"SIZE": "5", "SECRET_KEY": "s3cret"}}, ("[project.env]",)),
        ({"override": {}}, ("[project.override]",)),
        ({"collect_static": True}, ("[project.static]",)),
        ({"views": (replace(VIEW, headers=(("X-Shop", "2"), ("Cookie", "a=b"))),)}, ("[[view]] 'cart'",)),
        ({"views": (replace(VIEW, form=(("item", "8"), ("token", "s3cret"))),)}, ("[[view]] 'cart'",)),
        ({"views": (replace(VIEW, json={"item": 7}),)}, ("[[view]] 'cart'",)),
        ({"views": (replace(VIEW, expected_status=(404,)),)}, ("[[view]] 'cart'",)),
        ({"views": (replace(VIEW, login="ada"),)}, ("[[view]] 'cart'",)),
        ({"views": (replace(VIEW, ignore=("x",)),)}, ("[[view]] 'cart'",)),
        ({"logins": {"ada": replace(LOGIN, csrf=False)}}, ("[login.ada]",)),
        ({"logins": {"bob": replace(LOGIN, name="bob")}}, ("[login.ada]", "[login.bob]")),
        ({"processes": (replace(PROCESS, command="python stub.py"),)}, ("[[process]] 'api'",)),
        ({"arms": (replace(PROJECT.arms[0], setup="make env"),)}, ("the setup of [[arm]] 'old'",)),
        # Arms are compared one by one, options are those of the run, and a secret may be another one by now.
        ({"arms": (*PROJECT.arms, ProjectArm("new", "uvicorn"))}, ()),
        ({"experiment": {"users": 5}}, ()),
        ({"env": {"SIZE": "{env.SIZE}", "SECRET_KEY": "new"}}, ()),
        ({"views": (replace(VIEW, headers=(("X-Shop", "1"), ("Cookie", "c=d"))),)}, ()),
        ({"views": (replace(VIEW, form=(("item", "7"), ("token", "new"))),)}, ()),
        ({"logins": {"ada": replace(LOGIN, form=(("username", "ada"), ("password", "new")))}}, ()),
    ],
)
def test_the_parts_that_have_changed(changes: dict[str, Any], parts: tuple[str, ...]) -> None:
    assert changed_parts(fingerprints(PROJECT), fingerprints(replace(PROJECT, **changes))) == parts


def test_a_locustfile_counts_by_its_content(tmp_path: Path) -> None:
    project = replace(PROJECT, locustfile=tmp_path / "users.py")
    (tmp_path / "users.py").write_text("first")
    before = fingerprints(project)
    (tmp_path / "users.py").write_text("second")
    assert changed_parts(before, fingerprints(project)) == ("the locustfile",)
