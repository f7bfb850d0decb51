"""Pages of logins: forms, tokens and errors, in HTML and JSON."""

import pytest

from locust_asyncdjango.routes.login_page import (
    Form,
    Page,
    csrf_cookie,
    csrf_refusal,
    json_error,
    json_member,
    read_page,
)

DJANGO = b"""<html><form action="/search/"><input name="q"></form>
<form method="post"><input type="hidden" name="csrfmiddlewaretoken" value="abc&amp;d">
<ul class="errorlist nonfield"><li>Please enter a correct<br> username &amp; password.</li></ul>
<input type="text" name="username"><input name=password type=password><input type=HIDDEN name=next value="/admin/">
<button name="go">x</button></form><form action="/out/"><input type="hidden" name="csrfmiddlewaretoken" value="e">"""


def test_a_page_of_django() -> None:
    page = read_page(DJANGO)
    token = {"csrfmiddlewaretoken": "abc&d", "next": "/admin/"}
    login = Form("", token, {"csrfmiddlewaretoken", "username", "password", "next", "go"})
    assert page.forms == (
        Form("/search/", {}, {"q"}),
        login,
        Form("/out/", {"csrfmiddlewaretoken": "e"}, {"csrfmiddlewaretoken"}),
    )
    assert page.error == "Please enter a correct username & password."
    assert page.form_with({"username"}) == login
    assert page.form_with({"other"}) == login
    assert page.csrf_token({"username"}) == "abc&d"
    assert page.csrf_token({"q"}) == "abc&d"  # the form of the search has none


@pytest.mark.parametrize(
    ("body", "token"),
    [
        (b'<meta name="csrf-token" content="abc">', "abc"),
        (b'{"csrfToken": "abc"}', "abc"),
        (b'{"csrfToken": 1}', ""),
        (b'["abc"]', ""),
        (b"", ""),
        (b"\xff<![bad[<form", ""),
        (b"{" * 100_000, ""),
        (b"[" * 100_000, ""),
    ],
)
def test_tokens_outside_of_forms(body: bytes, token: str) -> None:
    assert read_page(body) == Page(token=token)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ({"detail": "No active account"}, "No active account"),
        ({"non_field_errors": ["Unable to log in."]}, "Unable to log in."),
        ({"errors": {"password": ["Wrong."]}}, "Wrong."),
        ({"username": ["This field is required."]}, "This field is required."),
        ({"errors": [{"message": "No."}]}, ""),
        (["No."], "No."),
        ("No.", ""),
        ({}, ""),
    ],
)
def test_errors_in_json(content: object, text: str) -> None:
    assert json_error(content) == text


@pytest.mark.parametrize(
    ("body", "path", "value"),
    [
        (b'{"access": "t"}', "access", "t"),
        (b'{"data": {"token": "t"}}', "data.token", "t"),
        (b'{"data": ["t"]}', "data.token", ""),
        (b'{"access": 1}', "access", ""),
        (b"<html>", "access", ""),
    ],
)
def test_members_of_json(body: bytes, path: str, value: str) -> None:
    assert json_member(body, path) == value


def test_cookies_with_a_token() -> None:
    assert csrf_cookie({"a": "1", "site_csrf": "2", "csrftoken": "3"}) == "3"
    assert csrf_cookie({"a": "1", "site_csrf": "2"}) == "2"
    assert csrf_cookie({"a": "1"}) == ""


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<h1>CSRF</h1><p>Reason given for failure:</p>\n<pre>\n CSRF token missing.\n</pre>", "CSRF token missing."),
        (b"<p>CSRF verification failed. Request aborted.</p>", ""),
        (b'{"detail": "CSRF Failed: CSRF cookie not set."}', "CSRF cookie not set."),
        (b'{"detail": "You do not have permission"}', None),
    ],
)
def test_reasons_of_a_failed_csrf_check(body: bytes, reason: str | None) -> None:
    assert csrf_refusal(body) == reason
