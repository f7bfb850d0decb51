"""The views that are measured and the logins that they need: [[view]] and [login.NAME] tables."""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.project.tables.keys import (
    Key,
    flag,
    headers,
    json_value,
    optional_text,
    pairs,
    read_table,
    short_name,
    statuses,
    text,
    texts,
)
from locust_asyncdjango.routes import Login, View
from locust_asyncdjango.routes.views import VARIANT

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
_WITH_BODY = ("POST", "PUT", "PATCH", "DELETE")


def _path(value: object) -> str:
    path = text(value)
    if re.match(r"\w+://", path):
        raise UsageError("must be a path such as /articles/, without http:// and host: the lab starts the server")
    if not path.startswith("/"):
        raise UsageError(f"must begin with a slash: /{path}")
    if not path.isascii() or " " in path or "#" in path:
        raise UsageError("must be as in a request: percent-encoded, without spaces and #")
    return path


def _view_path(value: object) -> str:
    path = _path(value)
    if re.search(r"[{}]", path.replace(VARIANT, "")):
        raise UsageError(
            "may have {variant} and no other braces; put a real value in their place, such as /articles/1/"
        )
    return path


def _plain_path(value: object) -> str:
    path = _path(value)
    if re.search(r"[{}<>]", path):
        raise UsageError("must not have braces or angle brackets; put a real value in their place")
    return path


def _method(value: object) -> str:
    if not isinstance(value, str) or value.upper() not in METHODS:
        raise UsageError(f"must be one of {', '.join(METHODS)}")
    return value.upper()


def _variants(value: object) -> tuple[str, ...]:
    names = texts(value)
    if len(names) < 2 or len(set(names)) < len(names) or not all(re.fullmatch(r"[\w.-]+", each) for each in names):
        raise UsageError("must be two names or more, each once, of letters, digits, dots, dashes and underscores")
    return names


def _patterns(value: object) -> tuple[str, ...]:
    for pattern in texts(value):
        try:
            re.compile(pattern)
        except re.error as error:
            raise UsageError(f"has {pattern!r}, which is not a regular expression: {error}") from None
    return texts(value)


VIEW_KEYS = {
    "name": Key(short_name),
    "path": Key(_view_path),
    "async_path": Key(_plain_path, ""),
    "variants": Key(_variants, ()),
    "method": Key(_method, ""),
    "headers": Key(headers, ()),
    "form": Key(pairs, ()),
    "json": Key(json_value, None),
    "expected_status": Key(statuses, ()),
    "login": Key(short_name, ""),
    "ignore": Key(_patterns, ()),
}
LOGIN_KEYS = {
    "path": Key(_plain_path, "/accounts/login/"),
    "form": Key(pairs, ()),
    "headers": Key(headers, ()),
    "csrf": Key(flag, True),  # noqa: FBT003 - a default
    "csrf_path": Key(_plain_path, ""),
    "json": Key(flag, False),  # noqa: FBT003 - a default
    "expected_status": Key(statuses, ()),
    "success_cookie": Key(optional_text, "sessionid"),
    "token": Key(optional_text, ""),
    "token_scheme": Key(text, "Bearer"),
}


def read_views(file: str, tables: Iterable[Mapping[str, Any]], logins: Collection[str]) -> tuple[View, ...]:
    """Return the views of the [[view]] tables. logins: the names of the file's logins. Raise UsageError."""
    views: dict[str, View] = {}
    for number, table in enumerate(tables, 1):
        label = table.get("name")
        where = f"{file}: [[view]] {label!r}" if isinstance(label, str) else f"{file}: [[view]] number {number}"
        view = _read_view(where, table)
        if view.name in views:
            raise UsageError(f"{where}: there are two views {view.name!r}; give each a name of its own")
        if view.login and view.login not in logins:
            known = f"choose from {', '.join(logins)}" if logins else f"add a table [login.{view.login}]"
            raise UsageError(f"{where} login: there is no login {view.login!r}; {known}")
        views[view.name] = view
    return tuple(views.values())


def _read_view(where: str, table: Mapping[str, Any]) -> View:
    values = read_table(where, table, VIEW_KEYS)
    has_body = bool(values["form"]) or values["json"] is not None
    values["method"] = values["method"] or ("POST" if has_body else "GET")
    if values["form"] and values["json"] is not None:
        raise UsageError(f"{where} has form and json; a request has one of them")
    if has_body and values["method"] not in _WITH_BODY:
        raise UsageError(f'{where}: a {values["method"]} request has no form or json; choose method = "POST"')
    if values["async_path"] and VARIANT in values["path"]:
        raise UsageError(f"{where} has async_path, and {VARIANT} in its path; twins have one of them")
    if values["variants"] and VARIANT not in values["path"]:
        raise UsageError(f"{where} has variants, so its path needs {VARIANT} where their names stand")
    return View(**values)


def read_logins(file: str, tables: Mapping[str, Any]) -> dict[str, Login]:
    """Return the logins of the [login.NAME] tables by name. Raise UsageError."""
    logins = {}
    for name, table in tables.items():
        where = f"{file}: [login.{name}]"
        try:
            short_name(name)
        except UsageError as error:
            raise UsageError(f"{where} {error}") from None
        values = read_table(where, table, LOGIN_KEYS)
        fetches_token = values["csrf_path"] or (values["csrf"] and not values["token"])
        if not values["form"] and (values["token"] or not fetches_token):
            raise UsageError(
                f'{where} needs a form, such as form = {{ username = "ada", password = "{{env.PASSWORD}}" }}; without'
                " one, it only fetches the CSRF token of its page"
            )
        logins[name] = Login(name=name, **values)
    return logins
