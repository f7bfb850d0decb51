"""Logins to a real Django project: by LoginUser, by the lab's own client, and by Locust with the lab's locustfile."""

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from locust_asyncdjango import LoginUser
from locust_asyncdjango.lab.environment.packages import package_folder
from locust_asyncdjango.lab.environment.process import free_port
from locust_asyncdjango.lab.environment.web.view_client import ViewClient
from locust_asyncdjango.lab.errors import TrialError
from locust_asyncdjango.metrics.series_file import Series
from locust_asyncdjango.routes import VIEWS_VARIABLE, Login, Pairs, View, ViewTask
from locust_asyncdjango.routes.requests import view_problem
from tests.support.loads import Load, load_until
from tests.support.programs import BIN, done, locust, running, wait_for, written
from tests.support.recorded_user import RecordedUser

PROJECT = Path(__file__).parents[1] / "support" / "sites" / "login_project"
FORM = (("username", "ann"), ("password", "right"))
DJANGO = Login("django", form=FORM)
LOGINS = {
    login.name: login
    for login in (
        DJANGO,
        Login("admin", path="/admin/login/", form=FORM),
        Login("json", path="/api/login/", form=FORM, json=True),
    )
}
PRIVATE = View("private", "/private/", expected_status=(200,))
SAVE = View("save", "/save/", method="POST", form=(("title", "größe"),), expected_status=(201,))
WSGI = ["gunicorn", "django.core.wsgi:get_wsgi_application()"]
ASGI = ["uvicorn", "--factory", "django.core.asgi:get_asgi_application"]
HTTPS: Pairs = (("X-Forwarded-Proto", "https"),)
SITES = {"plain": ("", WSGI, ()), "sessions": ("sessions", ASGI, ()), "https": ("https", WSGI, HTTPS)}
"""What the settings are strict about, the server, and the header fields that the site demands, by name."""


class StartedSite:
    """A site that runs: its address, and the header fields that it demands."""

    def __init__(self, url: str, headers: Pairs) -> None:
        self.url = url
        self.headers = headers

    def login(self, login: Login) -> Login:
        return replace(login, headers=self.headers)

    def view(self, view: View) -> View:
        return replace(view, headers=self.headers)


EACH_SITE = {name: pytest.param(name, marks=pytest.mark.xdist_group(f"login, {name}")) for name in SITES}


def on(name: str) -> pytest.MarkDecorator:
    """Run a test on one site alone: what it is about does not depend on what the settings are strict about."""
    return pytest.mark.parametrize("site", [EACH_SITE[name]], indirect=True)


@pytest.fixture(scope="module", params=EACH_SITE.values())
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartedSite]:
    strict, argv, headers = SITES[request.param]
    folder = tmp_path_factory.mktemp("site") / "project"
    shutil.copytree(PROJECT, folder)
    env = {"LOGIN_PROJECT": strict, "LOGIN_PROJECT_KEY": "k" * 50, "DJANGO_SETTINGS_MODULE": "login_settings"}
    env["PYTHONPATH"] = str(folder)
    code, text = done(sys.executable, "add_users.py", env=env, cwd=folder)
    assert code == 0, text
    port = free_port()
    bind = [f"--bind=127.0.0.1:{port}"] if argv is WSGI else [f"--port={port}"]
    with running(BIN / argv[0], *bind, *argv[1:], env=env, cwd=folder) as program:
        started = StartedSite(f"http://127.0.0.1:{port}", headers)
        wait_for(lambda: answers(started), lambda: program.text)
        yield started


def answers(site: StartedSite) -> bool:
    try:
        return ViewClient(site.url).send(View("login", "/accounts/login/")).status < 500
    except TrialError:
        return False


@pytest.mark.parametrize("name", LOGINS)
def test_a_user_logs_in_reads_and_saves(site: StartedSite, name: str) -> None:
    user = RecordedUser(site.url, LoginUser, login=site.login(LOGINS[name]), default_headers=dict(site.headers))
    user.user.on_start()
    assert user.client.get("/private/", name="read").text == "hello ann"
    assert user.client.post("/save/", {"title": "größe"}, name="saved").text == "größe"
    assert user.kinds == [""] * len(user.events)
    assert [event["name"] for event in user.events if event["name"] != "login"] == ["read", "saved"]
    user.close()


@pytest.mark.parametrize("name", LOGINS)
def test_the_lab_logs_in_reads_and_saves(site: StartedSite, name: str) -> None:
    client = ViewClient(site.url, site.login(LOGINS[name]))
    assert client.send(site.view(PRIVATE)).body == b"hello ann"
    saved = client.send(site.view(SAVE))
    assert (saved.status, saved.body.decode()) == (201, "größe")


def test_a_token_of_json(site: StartedSite) -> None:
    login = site.login(Login("token", path="/api/token/", form=FORM, token="access"))
    assert ViewClient(site.url, login).send(site.view(View("bearer", "/bearer/"))).status == 200
    user = RecordedUser(site.url, LoginUser, login=login, default_headers=dict(site.headers))
    user.user.on_start()
    assert user.client.get("/bearer/").status_code == 200
    user.close()


WRONG = (("username", "ann"), ("password", "wrong"))


@pytest.mark.parametrize(
    ("login", "problem"),
    [
        (replace(DJANGO, form=WRONG), "wrong: Please enter a correct username and password. Note that both fields"),
        (replace(LOGINS["admin"], form=WRONG), "wrong: Please enter the correct username and password for a staff"),
        (replace(LOGINS["json"], form=WRONG), "POST /api/login/: HTTP 400, Unable to log in.; check path and form"),
        (Login("t", "/api/token/", WRONG, token="access"), "POST /api/token/: HTTP 401, No active account.; check"),
        (replace(DJANGO, csrf=False), "HTTP 403, the CSRF check failed: the reason is shown with DEBUG on only"),
        (replace(DJANGO, path="/in/"), "GET /in/: HTTP 404; check the path of the login"),
        (replace(DJANGO, success_cookie="session"), "HTTP 302, but the cookie session was not set: the login is"),
    ],
)
def test_a_failed_login_says_what_the_site_answered(site: StartedSite, login: Login, problem: str) -> None:
    with pytest.raises(TrialError) as error:
        ViewClient(site.url, site.login(login))
    assert problem in str(error.value)
    user = RecordedUser(site.url, LoginUser, login=site.login(login))
    assert problem in user.user.log_in().problem
    assert user.kinds == [""] * (len(user.events) - 1) + ["login_failed"]
    user.close()


def test_views_without_a_login_or_behind_a_redirect(site: StartedSite) -> None:
    client = ViewClient(site.url)
    view = replace(site.view(PRIVATE), expected_status=())
    response = client.send(view)
    problem = view_problem(view, response.status, response.location)
    assert problem == "HTTP 302 to /accounts/login/: it needs a login"


def test_a_redirect_to_https_is_named(site: StartedSite) -> None:
    user = RecordedUser(site.url, LoginUser, login=DJANGO)
    problem = user.user.log_in().problem
    https = "/accounts/login/: HTTP 301 to https; switch SECURE_SSL_REDIRECT off, or let the login send the header of"
    assert problem.startswith(https) if site.headers else problem == ""
    user.close()


def write_views(site: StartedSite, file: Path, login: Login, *views: View) -> dict[str, str]:
    """Write a file of views, and return the environment with which Locust reads it."""
    tasks: list[Any] = [ViewTask(site.view(view), login=site.login(login)) for view in views]
    content = [{"view": each.view.to_json(), "variant": each.variant, "login": each.login.to_json()} for each in tasks]
    file.write_text(json.dumps({"views": content}))
    return {VIEWS_VARIABLE: str(file)}


LOCUSTFILE = package_folder("locust_asyncdjango.users") / "views.py"
USERS = 7
LOAD = ("-u", str(USERS), "-r", str(USERS))


@on("https")
def test_locust_loads_views_behind_a_login(site: StartedSite, tmp_path: Path) -> None:
    env = write_views(site, tmp_path / "views.json", DJANGO, PRIVATE, SAVE)
    code, text, series = load_until(
        lambda series: len(series.total.names) > 1 and series.total.ok > USERS,
        tmp_path / "series.jsonl",
        *("-f", LOCUSTFILE, *LOAD, "-H", site.url),
        env=env,
    )
    assert code == 0, text
    assert set(series.total.names) == {"GET private", "POST save"}
    assert "login" not in text


@on("plain")
def test_locust_says_in_one_line_why_a_login_fails(site: StartedSite, tmp_path: Path) -> None:
    env = write_views(site, tmp_path / "views.json", replace(DJANGO, form=WRONG), PRIVATE)
    code, text = done(*locust("-f", LOCUSTFILE, "--headless", *LOAD, "-H", site.url), env=env)
    assert code == 2
    assert "locust: error: the login failed: the login's page was shown again, so that name or password are" in text
    assert "Traceback" not in text


def test_locust_says_in_one_line_that_there_are_no_views() -> None:
    code, text = done(*locust("-f", LOCUSTFILE, "--list"))
    assert code == 2
    assert f"locust: error: {VIEWS_VARIABLE} is not set" in text
    assert "Traceback" not in text


MEMBERS = """
from locust import constant, events, task
from locust_asyncdjango import LoginUser

class Member(LoginUser):
    wait_time = constant(0.1)
    username, password = "ann", {password!r}
    default_headers = {headers!r}

    @task
    def read(self):
        self.client.get("/private/", name="read")

    @task
    def save(self):
        self.client.post("/save/", {{"title": "a"}}, name="saved")
"""
SHARED = """
@events.test_start.add_listener
def log_in(environment, **_):
    Member.share_logins(environment, 2)
"""


def members(
    site: StartedSite, folder: Path, password: str, is_enough: Callable[[Series], bool], more: str = ""
) -> Load:
    """Run Locust with a locustfile of LoginUsers until its series is enough. more: of the locustfile."""
    mine = written(folder, MEMBERS.format(password=password, headers=dict(site.headers)) + more)
    return load_until(is_enough, folder / "series.jsonl", "-f", mine, *LOAD, "-H", site.url, cwd=folder)


def count(series: Series, name: str) -> int:
    """Return how many requests of a name there were."""
    return series.total.names[name].requests if name in series.total.names else 0


@on("sessions")
def test_a_locustfile_whose_users_log_in(site: StartedSite, tmp_path: Path) -> None:
    code, text, series = members(
        site, tmp_path, "right", lambda series: count(series, "POST login") == USERS and count(series, "POST saved") > 0
    )
    assert code == 0, text
    assert count(series, "POST login") == USERS
    assert series.total.failed.total() == 0


@on("https")
def test_a_locustfile_whose_users_share_logins(site: StartedSite, tmp_path: Path) -> None:
    code, text, series = members(site, tmp_path, "right", lambda series: count(series, "POST saved") > 0, SHARED)
    assert code == 0, text
    assert count(series, "POST login") == 0
    assert series.total.failed.total() == 0


@on("plain")
def test_a_locustfile_with_a_wrong_password(site: StartedSite, tmp_path: Path) -> None:
    code, text, series = members(site, tmp_path, "wrong", lambda series: count(series, "POST login") == USERS)
    assert code == 1, text
    assert text.count("A user of Member cannot log in, and stops: the login's page was shown again") == 1
    assert "POST login: login_failed: the login's page was shown again, so that name or password are wrong" in text
    assert count(series, "GET read") == 0
    assert "Traceback" not in text
