"""Logins as conversations: which requests are made of which responses, and how they end."""

import json
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from locust_asyncdjango.routes import Login
from locust_asyncdjango.routes.login_steps import LoginResponse, LoginResult, cookie_policy, is_loopback, log_in
from locust_asyncdjango.routes.requests import Request

HOST = "http://127.0.0.1:8000"
FIELDS = (("username", "ann"), ("password", "pa55"))
DJANGO = Login(form=FIELDS)
JSON = replace(DJANGO, path="/api/login/", json=True)
TOKEN = replace(DJANGO, path="/api/token/", token="access")
FORM = (
    b"<form><input type=hidden name=csrfmiddlewaretoken value=form><input type=hidden name=next value=/a/>"
    b"<input name=username>"
)
PAGE = LoginResponse(200, body=FORM, cookies={"csrftoken": "old"})
DONE = LoginResponse(
    302, "/accounts/profile/", set_cookies=("sessionid=s; HttpOnly",), cookies={"csrftoken": "new", "sessionid": "s"}
)
UNSAFE = {"X-CSRFToken": "new", "Referer": f"{HOST}/accounts/login/"}


def carried_out(login: Login, *responses: LoginResponse, host: str = HOST) -> tuple[list[Request], LoginResult]:
    """Return the requests of a login that gets these responses, and how it ended."""
    steps, requests = log_in(login, host), []
    try:
        requests.append(next(steps))
        for response in responses:
            requests.append(steps.send(response))  # noqa: PERF401 - extend would take StopIteration for its own end
    except StopIteration as end:
        return requests, end.value
    raise AssertionError(f"it wants a response to {requests[-1]}")


def problem(login: Login, *responses: LoginResponse, host: str = HOST) -> str:
    return carried_out(login, *responses, host=host)[1].problem


def sent_form(request: Request) -> dict[str, str]:
    return dict(parse_qsl(request.body.decode()))


def test_a_form_of_django() -> None:
    (get, post), result = carried_out(DJANGO, PAGE, DONE)
    assert get == Request("GET", "/accounts/login/")
    assert (post.method, post.path) == ("POST", "/accounts/login/")
    assert sent_form(post) == {"csrfmiddlewaretoken": "form", "next": "/a/", "username": "ann", "password": "pa55"}
    assert post.headers == {
        "Referer": f"{HOST}/accounts/login/",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    assert result == LoginResult(unsafe_headers=UNSAFE)


def test_a_page_behind_a_redirect_and_a_form_with_an_action() -> None:
    page = replace(PAGE, body=FORM.replace(b"<form>", b'<form action="/en/check/?a=1">'))
    (_, again, post), result = carried_out(DJANGO, LoginResponse(302, "/en/login/?b=2"), page, DONE)
    assert (again.path, post.path) == ("/en/login/?b=2", "/en/check/?a=1")
    assert result.unsafe_headers["Referer"] == f"{HOST}/en/login/?b=2"
    elsewhere = replace(PAGE, body=FORM.replace(b"<form>", b'<form action="https://evil/">'))
    assert carried_out(DJANGO, elsewhere, DONE)[0][1].path == "/accounts/login/"


def test_a_site_that_keeps_the_token_in_the_session() -> None:
    page, done = replace(PAGE, cookies={"sessionid": "0"}), replace(DONE, cookies={"sessionid": "s"})
    home = LoginResponse(200, body=b"<form><input type=hidden name=csrfmiddlewaretoken value=new>")
    requests, result = carried_out(DJANGO, page, done, LoginResponse(302, "/home/"), home)
    assert [each.path for each in requests[2:]] == ["/accounts/login/", "/home/"]
    assert result == LoginResult(unsafe_headers=UNSAFE)
    assert carried_out(DJANGO, page, done, LoginResponse(404))[1] == LoginResult()


def test_json_with_a_token_of_a_cookie() -> None:
    requests, result = carried_out(JSON, PAGE, replace(DONE, status=200, location=""))
    assert json.loads(requests[1].body) == {"username": "ann", "password": "pa55"}
    assert requests[1].headers == {
        "Referer": f"{HOST}/api/login/",
        "Content-Type": "application/json",
        "Accept": "application/json",
        "X-CSRFToken": "form",
    }
    assert result.unsafe_headers["X-CSRFToken"] == "new"


def test_an_endpoint_of_tokens() -> None:
    (post,), result = carried_out(TOKEN, LoginResponse(200, body=b'{"access": "abc"}'))
    assert (post.method, post.path) == ("POST", "/api/token/")
    assert result == LoginResult(headers={"Authorization": "Bearer abc"})


def test_a_login_without_fields_fetches_a_token() -> None:
    requests, result = carried_out(Login(path="/contact/"), PAGE)
    assert [each.path for each in requests] == ["/contact/"]
    assert result.unsafe_headers == {"X-CSRFToken": "old", "Referer": f"{HOST}/contact/"}
    assert carried_out(Login(csrf=False)) == ([], LoginResult())


def test_a_login_without_a_token_before_views_with_one() -> None:
    (post,), result = carried_out(replace(DJANGO, csrf=False), DONE)
    assert sent_form(post) == dict(FIELDS)
    assert result == LoginResult(unsafe_headers=UNSAFE)


def test_a_site_that_believes_in_https() -> None:
    login = replace(DJANGO, headers=(("X-Forwarded-Proto", "https"), ("Host", "example.com")))
    moved = LoginResponse(302, "https://example.com/en/login/")
    (get, again, post), result = carried_out(login, moved, PAGE, replace(DONE, location="https://example.com/"))
    assert get.headers == dict(login.headers)
    assert again.path == "/en/login/"
    assert post.headers["Referer"] == "https://example.com/en/login/"
    assert result.problem == ""


CSRF_PAGE = LoginResponse(403, body=b"CSRF verification failed")
AGAIN = LoginResponse(200, body=b'<ul class="errorlist"><li>Please enter a correct username.</ul>')
NO_COOKIE = LoginResponse(302, "/", cookies={"csrftoken": "new"})
SECURE = replace(DONE, set_cookies=("sessionid=s; Path=/; Secure",))


@pytest.mark.parametrize(
    ("login", "responses", "text"),
    [
        (DJANGO, [LoginResponse(404)], "GET /accounts/login/: HTTP 404; check the path of the login"),
        (DJANGO, [LoginResponse(0)], "GET /accounts/login/: no response"),
        (JSON, [LoginResponse(405, body=b'{"detail": "Not allowed."}')], "HTTP 405, Not allowed.; name a page that"),
        (DJANGO, [LoginResponse(200)], "GET /accounts/login/ gives no CSRF token, in a form or in a cookie: name"),
        (DJANGO, [LoginResponse(301, "https://127.0.0.1:8000/accounts/login/")], "HTTP 301 to https; switch SECURE_"),
        (DJANGO, [LoginResponse(302, "//evil/")], "redirects to another host, evil"),
        (DJANGO, [LoginResponse(302, "/accounts/login/")] * 5, "HTTP 302; check the path of the login"),
        (DJANGO, [PAGE, CSRF_PAGE], "HTTP 403, the CSRF check failed: the reason is shown with DEBUG on only"),
        (DJANGO, [PAGE, AGAIN], "shown again, so that name or password are wrong: Please enter a correct username."),
        (DJANGO, [PAGE, LoginResponse(200)], "wrong: no error is shown; where a login answers so, set expected_status"),
        (DJANGO, [PAGE, LoginResponse(500)], "POST /accounts/login/: HTTP 500; check path and form"),
        (DJANGO, [PAGE, LoginResponse(301, "/en/x/")], "POST /accounts/login/: HTTP 301 to /en/x/; write that path"),
        (DJANGO, [PAGE, NO_COOKIE], "HTTP 302, but the cookie sessionid was not set: the login is refused, or"),
        (DJANGO, [PAGE, replace(DONE, cookies={})], "the cookie sessionid was not kept: check SESSION_COOKIE_DOMAIN"),
        (DJANGO, [replace(PAGE, cookies=DONE.cookies), replace(DONE, set_cookies=())], "sessionid was not set"),
        (
            TOKEN,
            [LoginResponse(401, body=b'{"detail": "No account"}')],
            "POST /api/token/: HTTP 401, No account; check",
        ),
        (TOKEN, [LoginResponse(200, body=b'{"token": "abc"}')], "the response has no text under access"),
        (replace(DJANGO, expected_status=(200,)), [PAGE, DONE], "POST /accounts/login/: HTTP 302; check path and form"),
    ],
)
def test_why_a_login_fails(login: Login, responses: list[LoginResponse], text: str) -> None:
    assert text in problem(login, *responses)


def test_secure_cookies_are_for_https_and_this_machine() -> None:
    assert problem(DJANGO, PAGE, SECURE) == ""
    assert problem(DJANGO, PAGE, SECURE, host="https://site") == ""
    assert problem(DJANGO, PAGE, SECURE, host="http://site").startswith("the cookie sessionid is Secure, which is not")
    policy: Any = cookie_policy("http://site")
    assert policy.secure_protocols == ("https",)
    assert is_loopback(urlsplit("http://[::1]:80/"))


@pytest.mark.parametrize(("status", "is_temporary"), [(0, True), (429, True), (503, True), (403, False), (404, False)])
def test_what_may_pass(status: int, is_temporary: bool) -> None:
    assert carried_out(DJANGO, PAGE, LoginResponse(status))[1].is_temporary == is_temporary


def test_other_proofs_of_a_success() -> None:
    assert problem(replace(DJANGO, success_cookie=""), PAGE, NO_COOKIE) == ""
    assert problem(replace(DJANGO, success_cookie="csrftoken"), PAGE, NO_COOKIE) == ""
    shown = replace(DONE, status=200, location="")
    assert problem(replace(DJANGO, expected_status=(200,)), PAGE, shown) == ""
