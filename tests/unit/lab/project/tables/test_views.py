"""The tables of views and logins: what is said of one that cannot be used."""

from pathlib import Path

import pytest

from locust_asyncdjango.routes import Login
from tests.support.project_files import VIEW, project_of, refusal_of

REFUSED = [
    ("[[view]]\npath = '/'", "[[view]] number 1: the key 'name' is missing"),
    ("[[view]]\nname = 'a'", "[[view]] 'a': the key 'path' is missing"),
    ("[[view]]\nname = 1", "[[view]] number 1 name must be a name of at most 60 letters, digits, dots, dashes"),
    ("[[view]]\nname = 'a/b'", "[[view]] 'a/b' name must be a name of at most 60 letters"),
    (VIEW + VIEW, "[[view]] 'home': there are two views 'home'; give each a name of its own"),
    (VIEW + "pth = '/'", "[[view]] 'home': there is no key 'pth'; did you mean 'path'?"),
    (VIEW + "async_path = 'b/'", "[[view]] 'home' async_path must begin with a slash: /b/"),
    (VIEW + "async_path = '/{variant}/'", "[[view]] 'home' async_path must not have braces or angle brackets"),
    (VIEW + "method = 'GETT'", "[[view]] 'home' method must be one of GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE"),
    (VIEW + "method = 1", "[[view]] 'home' method must be one of GET, "),
    (VIEW + "headers = 'a'", "[[view]] 'home' headers must be a table of texts, such as { name = "),
    (VIEW + "headers = { 'A B' = '' }", "[[view]] 'home' headers has 'A B', which is not the name of an HTTP header"),
    (VIEW + 'headers = { A = "b\\nc" }', "[[view]] 'home' headers A must be one line of ASCII"),
    (VIEW + "form = { a = 1 }", "[[view]] 'home' form must be a table of texts"),
    (VIEW + "json = inf", "[[view]] 'home' json must not have dates, times, inf or nan"),
    (VIEW + "form = { a = '1' }\njson = 1", "[[view]] 'home' has form and json; a request has one of them"),
    (VIEW + "json = 1\nmethod = 'GET'", "[[view]] 'home': a GET request has no form or json; choose method = \"POST\""),
    (VIEW + "expected_status = 20", "[[view]] 'home' expected_status must be an HTTP status such as 200, or a list"),
    (VIEW + "expected_status = ['200']", "[[view]] 'home' expected_status must be an HTTP status such as 200"),
    (VIEW + "expected_status = true", "[[view]] 'home' expected_status must be an HTTP status such as 200"),
    (VIEW + "variants = ['a', 'b']", "[[view]] 'home' has variants, so its path needs {variant} where their names"),
    (VIEW + "variants = ['a']", "[[view]] 'home' variants must be two names or more, each once"),
    (VIEW + "login = 'me'", "[[view]] 'home' login: there is no login 'me'; add a table [login.me]"),
    (
        VIEW + "login = 'me'\n[login.you]\nform = { a = 'b' }",
        "[[view]] 'home' login: there is no login 'me'; choose from you",
    ),
    (VIEW + "ignore = ['(']", "[[view]] 'home' ignore has '(', which is not a regular expression: "),
    (
        "[[view]]\nname = 'a'\npath = '/{variant}/'\nasync_path = '/b/'",
        "[[view]] 'a' has async_path, and {variant} in its path; twins have one of them",
    ),
    ("[[view]]\nname = 'a'\npath = '/<int:pk>/{pk}/'", "[[view]] 'a' path may have {variant} and no other braces"),
    ("[[view]]\nname = 'a'\npath = 'http://x/'", "[[view]] 'a' path must be a path such as /articles/, without http"),
    ("[[view]]\nname = 'a'\npath = '/é/'", "[[view]] 'a' path must be as in a request: percent-encoded"),
    ("[[view]]\nname = 'a'\npath = '/a b/'", "[[view]] 'a' path must be as in a request: percent-encoded"),
    ("[view]\nname = 'a'", "[[view]] must be tables, with double brackets around their name"),
    (VIEW + "[login]\nform = 1", "[login.form] must be a table, with a key = value on each line"),
    (VIEW + "[login.a]\ncsrf = false", "[login.a] needs a form, such as form = { username = "),
    (VIEW + "[login.a]\ntoken = 'access'\ncsrf_path = '/'", "[login.a] needs a form, such as form = { username = "),
    (VIEW + "[login.'a b']", "[login.a b] must be a name of at most 60 letters"),
    (VIEW + "[login.a]\nform = { a = '' }\ncsrf = 1", "[login.a] csrf must be true or false, without quotes"),
]


@pytest.mark.parametrize(("tables", "message"), REFUSED, ids=[tables for tables, _ in REFUSED])
def test_a_view_or_login_that_cannot_be_used(tmp_path: Path, tables: str, message: str) -> None:
    assert refusal_of(tmp_path, tables).startswith(message)


@pytest.mark.parametrize(
    ("keys", "login"),
    [
        ("path = '/contact/'", Login("a", path="/contact/")),
        ("csrf = false\ncsrf_path = '/contact/'", Login("a", csrf=False, csrf_path="/contact/")),
    ],
)
def test_a_login_without_a_form_fetches_a_token(tmp_path: Path, keys: str, login: Login) -> None:
    assert project_of(tmp_path, tables=f"{VIEW}login = 'a'\n[login.a]\n{keys}").logins == {"a": login}
