"""LoginUser against a scripted site: what it sends, what it reports, and what becomes of the user."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import gevent
import pytest
from locust import task
from locust.env import Environment

from locust_asyncdjango import Login, LoginUser, RouteUser
from locust_asyncdjango.users import login as login_module
from locust_asyncdjango.users.login import LoginFailedError
from tests.support.login_script import respond
from tests.support.recorded_user import RecordedUser
from tests.support.scripted_server import ReceivedRequest, ScriptedServer, Step, serve_script

MEMBER = {"username": "ann", "password": "right"}


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    login_module._log_problem.cache_clear()
    with serve_script(respond) as started:
        yield started


def recorded(server: ScriptedServer, **settings: Any) -> RecordedUser:
    return RecordedUser(server.url, LoginUser, **settings)


def events(user: RecordedUser) -> list[tuple[str, str, str]]:
    """Return the type, the name and the failure of each event of a user; "" for a success."""
    return [
        (event["request_type"], event["name"], str(event["exception"] or "").partition(": ")[0])
        for event in user.events
    ]


LOGIN = [("GET", "login", ""), ("POST", "login", "")]


def test_a_user_logs_in_and_sends_what_django_demands(server: ScriptedServer) -> None:
    user = recorded(server, **MEMBER)
    user.user.on_start()
    assert user.client.get("/private/").text == "secret"
    user.client.post("/private/")
    assert events(user) == [*LOGIN, ("GET", "/private/", ""), ("POST", "/private/", "")]
    read, saved = server.received[2:]
    assert "x-csrftoken" not in read.headers
    assert (saved.headers["x-csrftoken"], saved.headers["referer"]) == ("new", f"{server.url}/accounts/login/")
    user.close()


def test_the_default_headers_say_how_the_site_is_reached(server: ScriptedServer) -> None:
    user = recorded(server, default_headers={"X-Forwarded-Proto": "https"}, **MEMBER)
    user.user.on_start()
    assert server.received[1].headers["referer"] == f"https://{server.address}/accounts/login/"
    user.close()


def test_a_refused_user_stops_after_one_failure(server: ScriptedServer, caplog: pytest.LogCaptureFixture) -> None:
    users = [recorded(server, username="ann", password="wrong") for _ in range(2)]
    for user in users:
        with pytest.raises(gevent.GreenletExit):
            user.user.on_start()
        assert events(user) == [LOGIN[0], ("POST", "login", "login_failed")]
        user.close()
    assert str(users[0].events[1]["exception"]) == (
        "login_failed: the login's page was shown again, so that name or password are wrong: Please enter a correct"
        " password."
    )
    (message,) = [record.message for record in caplog.records if record.levelno == logging.ERROR]
    assert message.startswith("A user of User cannot log in, and stops: the login's page was shown again")


def test_a_user_tries_again_where_the_site_is_busy(server: ScriptedServer) -> None:
    user = recorded(server, login=Login(path="/busy/"), login_retry_s=0.0, **MEMBER)
    waits = []

    def wait_for_retry() -> None:
        """Let the site recover during the second wait."""
        waits.append(1)
        if len(waits) == 2:
            user.user.login = Login()

    user.user._wait_for_retry = wait_for_retry
    user.user.on_start()
    busy = ("GET", "login", "unavailable_503")
    assert events(user) == [busy, busy, *LOGIN]
    user.close()


def test_locust_can_stop_a_user_that_waits_for_its_next_attempt(server: ScriptedServer) -> None:
    user = recorded(server, login=Login(path="/busy/"), login_retry_s=60.0, **MEMBER)
    group: Any = gevent.pool.Group()
    greenlet = user.user.start(group)
    with gevent.Timeout(30):
        while user.user._state != "waiting":
            gevent.sleep(0.01)
        assert user.user.stop()
        greenlet.join()
    user.close()


def test_a_token_takes_the_fast_path(server: ScriptedServer) -> None:
    user = recorded(server, login=Login(path="/token/", token="access", token_scheme="Token"), **MEMBER)
    user.user.on_start()
    user.client.get("/token/")
    assert server.received[0].body == b'{"username": "ann", "password": "right"}'
    assert server.received[-1].headers["authorization"] == "Token abc"
    assert ("GET", "/token/") in user.client._preparer.kept
    user.close()


def test_a_new_login_begins_without_cookies(server: ScriptedServer) -> None:
    user = recorded(server, **MEMBER)
    assert [user.user.log_in().problem for _ in range(2)] == ["", ""]
    assert ["cookie" in each.headers for each in server.received] == [False, True, False, True]
    user.close()


def test_no_login(server: ScriptedServer) -> None:
    user = recorded(server, login=None)
    user.user.on_start()
    assert user.events == []


def test_it_combines_with_a_route_user(server: ScriptedServer) -> None:
    class Private(LoginUser, RouteUser):
        path = "/private/"
        host = server.url

        @task
        def read(self) -> None:
            self.send_get()

    private: Any = Private(Environment())
    private.login = replace(Login(), form=(("username", "bob"), ("password", "right")))
    private.on_start()
    private.read()
    assert server.received[-1].line == "GET /private/ HTTP/1.1"
    assert server.received[-1].headers["cookie"].endswith("sessionid=s")
    private.client.client.close()


def test_shared_logins(server: ScriptedServer) -> None:
    class Member(LoginUser):
        username, password = "ann", "right"

    environment: Any = Environment(host=server.url)
    names: list[str] = []
    environment.events.request.add_listener(lambda **event: names.append(event["name"]))
    Member.share_logins(environment, 2)
    assert (len(server.received), names) == (4, [])
    users: list[Any] = [Member(environment) for _ in range(3)]
    for user in users:
        user.on_start()
        assert user.client.get("/private/").text == "secret"
    assert len(server.received) == 7
    Member.password = "wrong"
    with pytest.raises(LoginFailedError, match="the login failed: the login's page was shown again"):
        Member.share_logins(environment)


def test_an_answer_without_a_location_and_with_a_strange_page() -> None:
    def strange(request: ReceivedRequest) -> list[Step]:
        assert request.path == "/accounts/login/"
        return [b"HTTP/1.1 302 Found\r\nContent-Length: 3\r\n\r\n\xff\x00<"]

    with serve_script(strange) as site:
        user = recorded(site, **MEMBER)
        result = user.user.log_in()
        assert result.problem == "GET /accounts/login/: HTTP 302; check the path of the login"
        user.close()
