"""Users of a project's views: made from a file, and what they report."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from locust.env import Environment

from locust_asyncdjango.load.arrivals import arrival
from locust_asyncdjango.routes import VIEWS_VARIABLE, Login, View, ViewTask
from locust_asyncdjango.users.login import LoginFailedError
from locust_asyncdjango.users.view_users import ViewsFileError, log_in_before_load, read_tasks, view_users
from tests.support.login_script import respond
from tests.support.scripted_server import ScriptedServer, serve_script

MEMBER = Login("member", form=(("username", "ann"), ("password", "right")))
PRIVATE = ViewTask(View("private", "/private/", login="member"), login=MEMBER)


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with serve_script(respond) as started:
        yield started


def as_json(task: ViewTask) -> dict[str, Any]:
    login = task.login.to_json() if task.login else None
    return {"view": task.view.to_json(), "variant": task.variant, "login": login}


def classes(tmp_path: Path, *tasks: ViewTask) -> list[Any]:
    file = tmp_path / "views.json"
    file.write_text(json.dumps({"views": [*map(as_json, tasks)]}))
    return [*view_users({VIEWS_VARIABLE: str(file)}).values()]


def test_one_view_makes_one_class(tmp_path: Path) -> None:
    file = tmp_path / "view.json"
    file.write_text(json.dumps(as_json(PRIVATE)))
    assert read_tasks(str(file)) == [PRIVATE]
    user_class: Any = view_users({VIEWS_VARIABLE: str(file)})["ProjectUser"]
    assert (user_class.__name__, user_class.login, user_class.wait_time) == ("ProjectUser", MEMBER, arrival)
    assert [task.__name__ for task in user_class.tasks] == ["private"]
    assert not user_class.abstract


def test_views_with_the_same_login_make_one_class(tmp_path: Path) -> None:
    public = [ViewTask(View(name, f"/{name}/")) for name in ("a", "b")]
    first, second = classes(tmp_path, public[0], PRIVATE, public[1])
    assert [(each.__name__, each.weight, each.login) for each in (first, second)] == [
        ("ProjectUser", 2, None),
        ("ProjectUser2", 1, MEMBER),
    ]
    assert [task.__name__ for task in first.tasks] == ["a", "b"]


@pytest.mark.parametrize(
    ("task", "reported"),
    [
        (PRIVATE, ("GET", "private", "")),
        (ViewTask(PRIVATE.view), ("GET", "private", "check_failed: HTTP 302 to /accounts/login/: its login is not")),
        (ViewTask(View("away", "/missing/")), ("GET", "away", "client_error: HTTP 404")),
        (ViewTask(View("away", "/missing/", expected_status=(404,))), ("GET", "away", "")),
        (ViewTask(View("busy", "/busy/", expected_status=(200,))), ("GET", "busy", "unavailable_503: HTTP 503")),
        (ViewTask(View("t", "/token/", expected_status=(201,))), ("GET", "t", "check_failed: HTTP 200, not 201")),
        (ViewTask(View("t", "/{variant}/", variants=("token",), method="POST", json=1)), ("POST", "t", "")),
    ],
)
def test_what_is_reported(
    task: ViewTask, reported: tuple[str, str, str], server: ScriptedServer, tmp_path: Path
) -> None:
    (user_class,) = classes(tmp_path, task)
    environment: Any = Environment(host=server.url)
    log_in_before_load(environment, [user_class])
    events: list[dict[str, Any]] = []
    user_class.host = server.url
    user = user_class(environment)
    user.on_start()
    environment.events.request.add_listener(lambda **event: events.append(event))
    user.tasks[0](user)
    (event,) = events
    assert (event["request_type"], event["name"]) == reported[:2]
    assert str(event["exception"] or "").startswith(reported[2])
    assert bool(event["exception"]) == bool(reported[2])
    user.client.client.close()


def test_a_login_that_fails_before_the_load(server: ScriptedServer, tmp_path: Path) -> None:
    login = Login("member", form=(("username", "ann"), ("password", "wrong")))
    environment: Any = Environment(host=server.url)
    with pytest.raises(LoginFailedError, match="name or password are wrong"):
        log_in_before_load(environment, classes(tmp_path, ViewTask(PRIVATE.view, login=login)))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "LOCUST_ASYNCDJANGO_VIEWS is not set: locust-asyncdjango sets it"),
        ("{", "the file of views cannot be read"),
        ('{"views": []}', "the file has no views"),
        ('{"view": {"name": "a"}}', r"cannot be read: views\[0\].view.path is missing"),
        ('{"view": {"name": "a", "path": "/"}, "variant": 1}', "variant is 1, not a text"),
        (
            '{"view": {"name": "a", "path": "/{variant}/"}, "variant": "x"}',
            "the view a has no variant x, but sync, async",
        ),
    ],
)
def test_files_that_cannot_be_used(content: str | None, message: str, tmp_path: Path) -> None:
    file = tmp_path / "views.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(ViewsFileError, match=message):
        view_users({} if content is None else {VIEWS_VARIABLE: str(file)})
