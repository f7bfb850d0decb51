"""Why a view is no success, in words for the user."""

from email.message import Message

import pytest

from locust_asyncdjango.lab.environment.web.cookie_session import WebResponse
from locust_asyncdjango.lab.environment.web.view_client import RefusedLoginError
from locust_asyncdjango.lab.measure.sites.failed_view import describe_answer, describe_login
from locust_asyncdjango.lab.project.project_secrets import Secrets
from locust_asyncdjango.probe.protocol import DETAILS_HEADER, FAILURE_HEADER, FailureDetails, write_details
from locust_asyncdjango.routes import View

HOME = View("home", "/")
SECRETS = Secrets(["top-s3cret", "pa55 word\nsecond-line"])
NO_AUTHOR = FailureDetails("ValueError", "no such author", "app/views.py:31", traceback="yes")


def response(status: int, details: FailureDetails | None = None, body: str = "", /, **headers: str) -> WebResponse:
    """Return a response with what the probe says; None: nothing."""
    message = Message()
    if details is not None:
        message[DETAILS_HEADER] = write_details(details)
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    return WebResponse(status, message, body.encode())


@pytest.mark.parametrize(
    ("answer", "more"),
    [
        pytest.param(response(500, NO_AUTHOR), "; it raised ValueError: no such author (app/views.py:31)", id="a page"),
        pytest.param(response(200), "", id="a form that refuses"),
    ],
)
def test_why_a_login_failed(answer: WebResponse, more: str) -> None:
    error = RefusedLoginError("the login ada failed with top-s3cret", answer)
    assert describe_login(error, SECRETS) == (f"the login ada failed with ***{more}", bool(more))


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param(response(200), ("", False), id="a success"),
        pytest.param(response(200, NO_AUTHOR), ("", False), id="a success in any case"),
        pytest.param(
            response(500, NO_AUTHOR),
            ("HTTP 500: ValueError: no such author (app/views.py:31)", True),
            id="an exception",
        ),
        pytest.param(response(500, FailureDetails("ValueError")), ("HTTP 500: ValueError", False), id="no message"),
        pytest.param(
            response(500, FailureDetails("ValueError", "a\r\nb\x1b[31m", "a.py:1")),
            ("HTTP 500: ValueError: a b\\x1b[31m (a.py:1)", False),
            id="control characters",
        ),
        pytest.param(
            response(503, FailureDetails("shop.Busy", "no", "a.py:1", "KeyError", "'tom'", "b.py:2")),
            ("HTTP 503: shop.Busy: no (a.py:1), caused by KeyError: 'tom' (b.py:2)", False),
            id="a cause",
        ),
        pytest.param(
            response(500, FailureDetails("E", "it is top-s3cret, pa55 word\nsecond-line", "top-s3cret.py:1")),
            ("HTTP 500: E: it is ***, *** *** (***.py:1)", False),
            id="secrets",
        ),
        pytest.param(
            response(500, FailureDetails("E", "x " * 146 + "top-s3cret")),
            (f"HTTP 500: E: {'x ' * 146}…", False),
            id="half a secret",
        ),
        pytest.param(
            response(500, FailureDetails("E", "x " * 146 + "pa55 word")),
            (f"HTTP 500: E: {'x ' * 146}…", False),
            id="half a secret with spaces",
        ),
        pytest.param(response(500), ("HTTP 500", True), id="the server itself answers"),
        pytest.param(response(500, FailureDetails()), ("HTTP 500 without an exception", False), id="no exception"),
        pytest.param(
            response(500, FailureDetails(), "<title>Server Error (500)</title>", Content_Type="text/html"),
            ("HTTP 500 without an exception", False),
            id="Django's page",
        ),
        pytest.param(
            response(500, FailureDetails(), '{"detail": "no author, top-s3cret"}', Content_Type="application/json"),
            ("HTTP 500 without an exception: no author, ***", False),
            id="what the body says",
        ),
        pytest.param(
            response(500, FailureDetails(), "word " * 100, Content_Type="text/plain"),
            (f"HTTP 500 without an exception: {'word ' * 30}…", False),
            id="the beginning of a long body",
        ),
        pytest.param(response(404), ("HTTP 404", False), id="no exception of a 404"),
        pytest.param(
            response(403, **{FAILURE_HEADER: "django.core.exceptions.PermissionDenied"}),
            ("HTTP 403, django.core.exceptions.PermissionDenied", False),
            id="only its name",
        ),
        pytest.param(
            response(302, Location="/login/?next=/"),
            ("HTTP 302 to /login/: it needs a login", False),
            id="a redirect",
        ),
    ],
)
def test_why_a_view_is_no_success(answer: WebResponse, expected: tuple[str, bool]) -> None:
    assert describe_answer(HOME, answer, SECRETS) == expected
