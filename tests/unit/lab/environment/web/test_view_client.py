"""The lab as a visitor of a project, against a scripted site."""

from collections.abc import Iterator
from dataclasses import replace
from email.message import Message

import pytest

from locust_asyncdjango.lab.environment.process import free_port
from locust_asyncdjango.lab.environment.web.cookie_session import WebResponse
from locust_asyncdjango.lab.environment.web.view_client import ViewClient, response_problem
from locust_asyncdjango.lab.errors import TrialError
from locust_asyncdjango.probe.protocol import FAILURE_HEADER, NAME_HEADER, SENT_HEADER, TOKEN_HEADER
from locust_asyncdjango.routes import Login, View
from tests.support.login_script import respond
from tests.support.scripted_server import ScriptedServer, serve_script

MEMBER = Login("member", form=(("username", "ann"), ("password", "right")))
PRIVATE = View("private", "/private/")


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with serve_script(respond) as started:
        yield started


def test_a_view_behind_a_login(server: ScriptedServer) -> None:
    client = ViewClient(server.url, MEMBER)
    response = client.send(PRIVATE)
    assert (response.status, response.body, response.headers["Content-Length"]) == (200, b"secret", "6")
    assert response.seconds > 0
    client.send(replace(PRIVATE, method="POST", form=(("a", "1"),), headers=(("Referer", "own"),)))
    read, saved = server.received[2:]
    assert "x-csrftoken" not in read.headers
    assert TOKEN_HEADER.lower() not in read.headers
    assert (saved.body, saved.headers["x-csrftoken"], saved.headers["referer"]) == (b"a=1", "new", "own")


def test_a_redirect_and_an_error_status_are_responses(server: ScriptedServer) -> None:
    client = ViewClient(server.url)
    response = client.send(PRIVATE)
    assert (response.status, response.location) == (302, "/accounts/login/?next=/private/")
    assert client.send(View("busy", "/busy/")).status == 503


def test_a_token_of_the_trial_and_one_of_the_login(server: ScriptedServer) -> None:
    login = Login(path="/token/", form=MEMBER.form, token="access")
    ViewClient(server.url, login, token="t0ken").send(View("größe", "/private/"))
    headers = server.received[-1].headers
    assert headers["authorization"] == "Bearer abc"
    assert (headers[TOKEN_HEADER.lower()], headers[NAME_HEADER.lower()]) == ("t0ken", "GET gr%C3%B6%C3%9Fe")
    assert float(headers[SENT_HEADER.lower()]) > 1e9


@pytest.mark.parametrize(
    ("login", "message"),
    [
        (replace(MEMBER, form=(("username", "ann"),)), "the login member failed: the login's page was shown again"),
        (replace(MEMBER, path="/missing/"), "the login member failed: GET /missing/: HTTP 404; check the path"),
    ],
)
def test_a_failed_login_says_what_the_site_answered(login: Login, message: str, server: ScriptedServer) -> None:
    with pytest.raises(TrialError, match=message):
        ViewClient(server.url, login)


def test_a_site_that_does_not_answer() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(TrialError, match=r"^GET /private/: no response: .*Connection refused"):
        ViewClient(url).send(PRIVATE)
    with pytest.raises(TrialError, match=r"^GET /accounts/login/: no response: .*Connection refused"):
        ViewClient(url, MEMBER)


def test_what_is_not_http() -> None:
    with serve_script(lambda _: [b"nonsense\r\n\r\n"]) as site, pytest.raises(TrialError, match="no HTTP response"):
        ViewClient(site.url).send(PRIVATE)


@pytest.mark.parametrize(
    ("status", "failure", "problem"),
    [
        (200, "", ""),
        (500, "", "HTTP 500"),
        (500, "django.db.utils.OperationalError;psycopg.errors.TooManyConnections;sqlstate=53300",
         "HTTP 500, django.db.utils.OperationalError"),
        (200, "zlib.error", ""),
    ],
)  # fmt: skip
def test_why_a_response_is_no_success(status: int, failure: str, problem: str) -> None:
    headers = Message()
    headers[FAILURE_HEADER] = failure
    assert response_problem(PRIVATE, WebResponse(status, headers, b"")) == problem
