"""What is sent for a view, and which responses are a success."""

import pytest

from locust_asyncdjango.routes import View
from locust_asyncdjango.routes.requests import Request, view_problem, view_request

FORM_HEADERS = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize(
    ("view", "variant", "request_"),
    [
        pytest.param(View("a", "/a/?q=1"), "", Request("GET", "/a/?q=1"), id="a GET"),
        pytest.param(View("a", "/a/", "/b/"), "async", Request("GET", "/b/"), id="the async twin"),
        pytest.param(
            View("a", "/a/", method="POST", form=(("x", "ä"), ("x", "2"))),
            "",
            Request("POST", "/a/", FORM_HEADERS, b"x=%C3%A4&x=2"),
            id="a form with a name twice",
        ),
        pytest.param(
            View("a", "/a/", method="PUT", json=[1], headers=(("content-type", "application/vnd.api+json"),)),
            "",
            Request("PUT", "/a/", {"content-type": "application/vnd.api+json"}, b"[1]"),
            id="JSON with a type of its own",
        ),
        pytest.param(View("a", "/a/", method="DELETE"), "", Request("DELETE", "/a/"), id="no body"),
    ],
)
def test_what_is_sent(view: View, variant: str, request_: Request) -> None:
    assert view_request(view, variant) == request_


PLAIN = View("a", "/a/")
CREATES = View("a", "/a/", expected_status=(201, 302))
MEMBERS = View("a", "/a/", login="member")


@pytest.mark.parametrize(
    ("view", "status", "location", "problem"),
    [
        (PLAIN, 200, "", ""),
        (PLAIN, 304, "", ""),
        (PLAIN, 302, "/posts/7/", ""),  # after a POST
        (PLAIN, 404, "", "HTTP 404"),
        (PLAIN, 0, "", "no response"),
        (PLAIN, 302, "/accounts/login/?next=/a/", "HTTP 302 to /accounts/login/: it needs a login"),
        (PLAIN, 302, "/in?next=%2Fa%2F", "HTTP 302 to /in: it needs a login"),
        (MEMBERS, 302, "/accounts/login?x=secret", "HTTP 302 to /accounts/login: its login is not accepted"),
        (PLAIN, 301, "/a/b/", "HTTP 301 to /a/b/: write that path, or expected_status = [301]"),
        (CREATES, 201, "", ""),
        (CREATES, 302, "/accounts/login/?next=/a/", ""),
        (CREATES, 200, "", "HTTP 200, not 201 or 302"),
        (CREATES, 301, "/b/?key=secret", "HTTP 301 to /b/, not 201 or 302"),
        (View("a", "/a/", expected_status=(404,)), 404, "", ""),
    ],
)
def test_which_responses_are_a_success(view: View, status: int, location: str, problem: str) -> None:
    assert view_problem(view, status, location) == problem
