"""User classes for the views of a project, made from the JSON file that the lab writes.

All views with the same login make one class, with a task for each view. Start reading at ``view_users``.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any, cast

from locust.env import Environment

from locust_asyncdjango.client.exceptions import check_error
from locust_asyncdjango.load.arrivals import arrival
from locust_asyncdjango.metrics.strict_json import loads, read_value
from locust_asyncdjango.routes import VIEWS_VARIABLE, View, ViewTask
from locust_asyncdjango.routes.requests import view_problem, view_request
from locust_asyncdjango.users.login import LoginUser, location_of

SHARED_LOGINS = 5
"""Sessions that all users of a class share. More would take longer, and fewer may wait for each other's row."""


class ViewsFileError(ValueError):
    """Raised where the file of views cannot be used. The message says why."""


class ViewUser(LoginUser):
    """A user that requests views of a project over and over. Its subclasses are made from the file of views."""

    abstract = True
    wait_time = arrival


def view_users(environ: Mapping[str, str]) -> dict[str, type[ViewUser]]:
    """Return the user classes by name, for the file that an environment variable names. Raise ViewsFileError."""
    tasks = read_tasks(environ.get(VIEWS_VARIABLE, ""))
    logins = list(dict.fromkeys(each.login for each in tasks))
    classes = [
        _user_class(number, [each for each in tasks if each.login == login]) for number, login in enumerate(logins)
    ]
    return {each.__name__: each for each in classes}


def read_tasks(file: str) -> list[ViewTask]:
    """Return what a file of views has: one ViewTask, or an object with several as ``views``. Raise ViewsFileError."""
    if not file:
        raise ViewsFileError(f"{VIEWS_VARIABLE} is not set: locust-asyncdjango sets it for the views of a project")
    try:
        content = loads(Path(file).read_bytes())
        several = content.get("views") if isinstance(content, dict) else None
        tasks = read_value(list[ViewTask], [content] if several is None else several, "views")
        for each in tasks:
            view_request(each.view, each.variant)  # raises for an unknown variant
    except (OSError, ValueError) as error:
        raise ViewsFileError(f"{VIEWS_VARIABLE}: the file of views cannot be read: {error}") from None
    if not tasks:
        raise ViewsFileError(f"{VIEWS_VARIABLE}: the file has no views")
    return list(tasks)


def log_in_before_load(environment: Environment, user_classes: Iterable[type[ViewUser]]) -> None:
    """Log in for all users of these classes, so that no login is part of the load. Raise LoginFailedError."""
    for user_class in user_classes:
        if user_class.login is not None:
            user_class.share_logins(environment, SHARED_LOGINS)


def _user_class(number: int, tasks: Sequence[ViewTask]) -> type[ViewUser]:
    """Return a class whose users have these tasks, which have the same login. Views are requested equally often."""
    name = f"ProjectUser{number + 1 if number else ''}"
    members = {"login": tasks[0].login, "tasks": [_task(each) for each in tasks], "weight": len(tasks)}
    return cast("type[ViewUser]", type(name, (ViewUser,), {"__doc__": "Requests views of a project.", **members}))


def _task(each: ViewTask) -> Callable[[ViewUser], None]:
    """Return the task that sends one request for a view, and checks the response."""
    view, request = each.view, view_request(each.view, each.variant)
    headers, body = dict(request.headers) or None, request.body or None

    def task(user: ViewUser) -> None:
        with user.client.request(
            request.method,
            request.path,
            name=view.name,
            data=body,
            headers=headers,
            catch_response=True,
            allow_redirects=False,
        ) as response:
            if view.expected_status or not HTTPStatus.OK <= response.status_code < HTTPStatus.MULTIPLE_CHOICES:
                _check(view, response)

    task.__name__ = view.name
    return task


def _check(view: View, response: Any) -> None:
    """Report whether the status is one that the view expects. An error status that it does not expect has its kind."""
    status = response.status_code
    problem = view_problem(view, status, location_of(response) if status else "")
    if not problem:
        response.success()
    elif response.error is None:
        response.failure(check_error(response.url, "check_failed", problem, status))
