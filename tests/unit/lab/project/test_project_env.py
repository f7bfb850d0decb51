"""What a project's programs get from the lab: filled placeholders, and no variable that would change a server."""

import json
from pathlib import Path

import pytest

from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.project.project_env import (
    database_values,
    fill_env,
    fill_login,
    fill_view,
    folder_names,
    own_database_url,
    processes_with_ports,
    program_env,
    service_values,
    sqlite_url,
)
from locust_asyncdjango.lab.project.project_file import FILE_NAME
from locust_asyncdjango.lab.project.tables.arms import ProjectArm
from locust_asyncdjango.routes import Login, View
from tests.support.project_files import VIEW, project_of

URL = "postgresql://me:p%40ss@127.0.0.1:5433/app"
PROCESS = "[[process]]\nname = 'api'\ncommand = 'x'\nready_log = 'up'\n"


def test_the_members_of_databases() -> None:
    assert database_values(URL) == {
        "db.url": URL,
        "db.host": "127.0.0.1",
        "db.port": "5433",
        "db.name": "app",
        "db.user": "me",
        "db.password": "p@ss",
    }
    url = sqlite_url(Path("/tmp/a b.sqlite3"))  # noqa: S108 - no file is made
    assert url == "sqlite:////tmp/a%20b.sqlite3"
    empty = dict.fromkeys(("db.host", "db.port", "db.user", "db.password"), "")
    assert database_values(url) == {"db.url": url, "db.name": "/tmp/a b.sqlite3", **empty}  # noqa: S108


def test_the_variables_of_a_project_and_of_an_arm(tmp_path: Path) -> None:
    project = project_of(
        tmp_path,
        'env = { DB = "{db.url}", A = "{redis.host}:{redis.port}", B = "{{x}} {smtp.port}", C = "{process.api.url}/v1",'
        ' D = "{env.KEY}", E = "{folder.media}" }',
        VIEW + PROCESS,
    )
    values = database_values(URL) | service_values(
        "redis://127.0.0.1:7000/0", 2525, {"api": 8001}, {"media": Path("/media")}
    )
    arm = ProjectArm("a", "uvicorn", env={"A": "none", "F": "{db.name}"})
    filled = {
        "DB": URL,
        "A": "127.0.0.1:7000",
        "B": "{x} 2525",
        "C": "http://127.0.0.1:8001/v1",
        "D": "k",
        "E": "/media",
        "DJANGO_SETTINGS_MODULE": "mysite.settings",
    }
    assert fill_env(project, values, environ={"KEY": "k"}) == filled
    assert fill_env(project, values, arm, {"KEY": "k"}) == filled | {"A": "none", "F": "app"}
    assert (folder_names(project), processes_with_ports(project)) == (("media",), ("api",))


def test_settings_that_take_the_place_of_the_projects(tmp_path: Path) -> None:
    project = project_of(
        tmp_path,
        'static.collect = true\n[project.override]\nDEBUG = false\nDATABASES.default = { NAME = "{db.name}" }',
    )
    env = fill_env(project, {**database_values(URL), "folder.static": "/static"}, environ={})
    override = json.loads(env.pop("LOCUST_ASYNCDJANGO_OVERRIDE"))
    assert override == {"STATIC_ROOT": "/static", "DEBUG": False, "DATABASES": {"default": {"NAME": "app"}}}
    assert env == {
        "DJANGO_SETTINGS_MODULE": "asyncdjango_probe.settings",
        "LOCUST_ASYNCDJANGO_SETTINGS": "mysite.settings",
    }
    assert folder_names(project) == ("static",)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (
            'env = { A = "{env.KEY}" }',
            "[project.env] in A, {env.KEY} needs the environment variable KEY, which is not set;",
        ),
        (
            'override = { A = ["{redis.url}"] }',
            "[project.override] in A, there is no value for {redis.url}: the project's",
        ),
    ],
)
def test_a_placeholder_without_a_value(tmp_path: Path, keys: str, message: str) -> None:
    with pytest.raises(UsageError) as refused:
        fill_env(project_of(tmp_path, keys), {}, environ={})
    assert str(refused.value).startswith(f"{tmp_path / FILE_NAME}: {message}")


def test_secrets_of_views_and_logins_come_from_the_environment() -> None:
    view = View("a", "/", headers=(("Authorization", "Token {env.T}"),), json={"query": "{ a }", "t": ["{env.T}"]})
    assert fill_view(view, {"T": "1"}) == View(
        "a", "/", headers=(("Authorization", "Token 1"),), json={"query": "{ a }", "t": ["1"]}
    )
    login = Login("me", form=(("password", "{env.T}"),))
    assert fill_login(login, {"T": "{env.U}"}) == Login("me", form=(("password", "{env.U}"),))
    for fill, table in ((lambda: fill_view(view, {}), "[[view]] 'a'"), (lambda: fill_login(login, {}), "[login.me]")):
        with pytest.raises(UsageError) as refused:
            fill()
        assert (
            str(refused.value)
            == f"{table}: {{env.T}} needs the environment variable T, which is not set; export it first"
        )


def test_a_programs_environment_is_the_users_but_for_what_would_change_a_server(tmp_path: Path) -> None:
    project = project_of(tmp_path)
    unwanted = {"PYTHONPATH": "/x", "PYTHONHOME": "/x", "GUNICORN_CMD_ARGS": "x", "LOCUST_ASYNCDJANGO_TOKEN": "x"}
    env = program_env(project, {"A": "1"}, Path("/probe"), {"HOME": "/me", "PATH": "/bin", "A": "2", **unwanted})
    path = f"{project.python.parent}:/bin"
    assert env == {"HOME": "/me", "PATH": path, "PYTHONPATH": "/probe", "A": "1"}


def test_the_file_may_add_to_the_path_of_modules(tmp_path: Path) -> None:
    assert program_env(project_of(tmp_path), {"PYTHONPATH": "src"}, Path("/probe"), {})["PYTHONPATH"] == "/probe:src"


@pytest.mark.parametrize("value", ["two\nlines", "Grüße"])
def test_a_variable_that_no_header_can_have(value: str) -> None:
    fields = (("X-Key", "{env.KEY}"),)
    with pytest.raises(UsageError, match=r"\[\[view\]\] 'home': X-Key must be one line of ASCII"):
        fill_view(View("home", "/", headers=fields), {"KEY": value})
    with pytest.raises(UsageError, match=r"\[login.ada\]: X-Key must be one line of ASCII"):
        fill_login(Login("ada", headers=fields), {"KEY": value})


def test_the_address_of_the_users_own_database(tmp_path: Path) -> None:
    own = project_of(tmp_path, 'database = "own"\ndatabase_url = "{env.STAGING}"')
    assert own_database_url(own, {"STAGING": "oracle://db.test/shop"}) == "oracle://db.test/shop"
    assert own_database_url(project_of(tmp_path, 'database = "own"'), {}) == ""
    with pytest.raises(UsageError, match=r"\[project\] database_url: .*STAGING, which is not set; export it first"):
        own_database_url(own, {})
    for text in ("db.test", "postgresql://db.test:port/shop"):
        with pytest.raises(UsageError, match=r"\[project\] database_url must look like postgresql://user:") as refused:
            own_database_url(own, {"STAGING": text})
        assert text not in str(refused.value)
