"""Header fields that only one host gets: on the fast path, by the fallback, and after redirects."""

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from locust.env import Environment

from locust_asyncdjango.client.session import FastSession, TrialSession
from locust_asyncdjango.client.user import FastUser, trial_fields
from locust_asyncdjango.probe.protocol import NAME_HEADER, SENT_HEADER, TOKEN_HEADER, TOKEN_VARIABLE
from tests.support.responses import http_response
from tests.support.scripted_server import ReceivedRequest, ScriptedServer, Step, serve_script

TRIAL = [name.lower() for name in (TOKEN_HEADER, NAME_HEADER, SENT_HEADER)]
LOGIN = ["authorization", "x-csrftoken"]


def respond(request: ReceivedRequest) -> list[Step]:
    """Redirect from /to/ADDRESS to http://ADDRESS/end, set a cookie at /cookie, and answer everything else."""
    if request.path.startswith("/to/"):
        return [http_response(302, b"", f"Location: http://{request.path.removeprefix('/to/')}/end")]
    return [http_response(200, b"ok", *(["Set-Cookie: a=1"] if request.path == "/cookie" else []))]


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with serve_script(respond) as started:
        yield started


@pytest.fixture
def other() -> Iterator[ScriptedServer]:
    with serve_script(respond) as started:
        yield started


@pytest.fixture
def client(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Yield the client of a user who is logged in, in a trial of the server."""
    monkeypatch.setenv(TOKEN_VARIABLE, "t0ken")
    client = client_of(server.url, server.url)
    client.set_login({"Authorization": "Bearer abc"}, {"X-CSRFToken": "t"})
    yield client
    client.client.close()


def client_of(environment_host: str | None, class_host: str) -> Any:
    user: Any = type("User", (FastUser,), {"host": class_host})(Environment(host=environment_host))
    return user.client


def extra_fields(server: ScriptedServer) -> list[dict[str, str]]:
    """Return the fields of a trial and of a login that the requests to a server had, without the time."""
    names = [name for name in (*TRIAL, *LOGIN) if name != SENT_HEADER.lower()]
    return [{name: each.headers[name] for name in names if name in each.headers} for each in server.received]


def trial_of(name: str) -> dict[str, str]:
    return {TOKEN_HEADER.lower(): "t0ken", NAME_HEADER.lower(): name}


BEARER = {"authorization": "Bearer abc"}
CSRF = {**BEARER, "x-csrftoken": "t"}


def test_the_fast_path_sends_them(client: Any, server: ScriptedServer) -> None:
    client.get("/a?q=1")
    client.get("/a?q=1", name="first %")
    client.post("/a", {"x": "1"}, name="größe")
    client.post("/a")
    with client.rename_request("renamed"):
        client.get("/a?q=1", headers={"Authorization": "own"})
    assert extra_fields(server) == [
        {**trial_of("GET /a?q=1"), **BEARER},
        {**trial_of("GET first %25"), **BEARER},
        {**trial_of("POST gr%C3%B6%C3%9Fe"), **CSRF},
        {**trial_of("POST /a"), **CSRF},
        {**trial_of("GET renamed"), "authorization": "own"},
    ]
    assert [each.body for each in server.received] == [b"", b"", b"x=1", b"", b""]


def test_each_request_has_its_own_time(client: Any, server: ScriptedServer) -> None:
    begin_s = time.time()
    for _ in range(3):
        client.get("/a")
    texts = [each.headers[SENT_HEADER.lower()] for each in server.received]
    assert all(re.fullmatch(r"\d{10}\.\d{6}", text) for text in texts)
    times_s = [begin_s - 1e-6, *map(float, texts), time.time() + 1e-6]
    assert times_s == sorted(set(times_s))


def test_the_fallback_sends_them(client: Any, server: ScriptedServer) -> None:
    client.get("/cookie")
    client.get("/a", name="with a cookie")
    client.post("/a", {"x": "1"})
    assert [each.headers.get("cookie") for each in server.received] == [None, "a=1", "a=1"]
    assert extra_fields(server)[1:] == [{**trial_of("GET with a cookie"), **BEARER}, {**trial_of("POST /a"), **CSRF}]
    assert SENT_HEADER.lower() in server.received[2].headers


def test_another_host_gets_none_of_them(client: Any, server: ScriptedServer, other: ScriptedServer) -> None:
    client.get(f"{other.url}/a")
    client.post(f"{other.url}/a", {"x": "1"})
    client.get(f"/to/{other.address}", name="there")
    client.get("/cookie")
    client.get(f"/to/{other.address}", name="by the fallback")
    assert [each.path for each in other.received] == ["/a", "/a", "/end", "/end"]
    assert extra_fields(other) == [{}] * 4
    assert SENT_HEADER.lower() not in {name for each in other.received for name in each.headers}
    assert extra_fields(server)[0] == {**trial_of("GET there"), **BEARER}


def test_a_redirect_back_to_the_host_has_them_again(client: Any, server: ScriptedServer, other: ScriptedServer) -> None:
    client.get(f"{other.url}/to/{server.address}", name="back")
    assert extra_fields(server) == [{**trial_of("GET back"), **BEARER}]
    client.get(f"/to/{server.address}", name="around")
    assert extra_fields(server)[1:] == [{**trial_of("GET around"), **BEARER}] * 2


def test_a_new_login_and_a_new_host_take_effect(client: Any, server: ScriptedServer, other: ScriptedServer) -> None:
    client.get("/a")
    client.set_login({}, {})
    client.get("/a")
    client.base_url = other.url
    client.get("/a")
    assert extra_fields(server) == [{**trial_of("GET /a"), **BEARER}, trial_of("GET /a")]
    assert extra_fields(other) == [{}]


def test_no_fields_without_a_token_or_for_a_host_of_the_class_alone(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(TOKEN_VARIABLE, raising=False)
    assert type(client_of(server.url, server.url)) is FastSession
    monkeypatch.setenv(TOKEN_VARIABLE, "t0ken")
    assert type(client_of(None, server.url)) is FastSession
    session = client_of("http://127.0.0.1:1", server.url)
    assert type(session) is TrialSession
    session.get("/a")
    assert extra_fields(server) == [{}]
    assert trial_fields("t0ken", "nonsense") is None
