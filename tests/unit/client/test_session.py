"""A session against a scripted server on the loopback: what it sends, what it returns, and what it reports."""

import gzip
from collections.abc import Callable, Iterator
from typing import Any

import gevent
import pytest
from geventhttpclient.header import Headers
from locust.event import EventHook

from locust_asyncdjango.client.exceptions import FailedRequestError
from locust_asyncdjango.client.response import Response, SocketResponse
from locust_asyncdjango.client.session import FastSession
from tests.support.responses import RESPONSES, http_response
from tests.support.scripted_server import ReceivedRequest, ScriptedServer, Step, serve_script


def respond(request: ReceivedRequest) -> list[Step]:
    if request.path == "/echo":
        return [http_response(200, request.line.encode() + b" " + request.body)]
    return RESPONSES.get(request.path, [http_response(404, b"no such path")])


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedServer]:
    with serve_script(respond) as started:
        yield started


class User:
    def context(self) -> dict[str, Any]:
        return {"user": "me", "page": 0}


class RecordedSession:
    """A session, and the request events that it has fired."""

    def __init__(self, url: str, user: Any = None, **settings: Any) -> None:
        self.events: list[dict[str, Any]] = []
        event = EventHook()
        event.add_listener(lambda **meta: self.events.append(meta))
        defaults = {"network_timeout": 5.0, "connection_timeout": 5.0, "max_retries": 0, "max_redirects": 3}
        self.session = FastSession(url, event, user, **{**defaults, **settings})

    @property
    def kinds(self) -> list[str]:
        """The kind of each event, "" for a success."""
        return [event["exception"].failure.kind if event["exception"] else "" for event in self.events]


@pytest.fixture
def recorded(server: ScriptedServer) -> Iterator[RecordedSession]:
    recorded = RecordedSession(server.url)
    yield recorded
    recorded.session.client.close()


def test_a_request_is_reported_once(recorded: RecordedSession, server: ScriptedServer) -> None:
    response = recorded.session.get("/ok")
    (event,) = recorded.events
    times = event.pop("start_time"), event.pop("response_time")
    assert event == {
        "request_type": "GET",
        "name": "/ok",
        "context": {},
        "response": response,
        "exception": None,
        "url": f"{server.url}/ok",
        "response_length": 2,
    }
    assert times[0] > 1e9
    assert times[1] > 0
    assert response.elapsed is not None
    assert response.elapsed.total_seconds() * 1000 == pytest.approx(times[1], abs=0.001)


@pytest.mark.parametrize(
    ("path", "kind", "length"),
    [
        ("/ok", "", 2),
        ("/empty", "", 0),
        ("/chunked", "", 5001),
        ("/large", "", 1_000_000),
        ("/gzip", "", 198),
        ("/bad-gzip", "protocol_error", 8),
        ("/nowhere", "client_error", 12),
        ("/binary-error", "app_error", 9),
        ("/dropped", "connection_dropped", 0),
        ("/half-body", "connection_dropped", 0),
        ("/rubbish", "protocol_error", 0),
        ("/moved-302", "", 2),
        ("/loop", "protocol_error", 0),
        ("/bad-port", "no_response", 0),
    ],
)
def test_kinds_and_lengths(recorded: RecordedSession, path: str, kind: str, length: int) -> None:
    response: Any = recorded.session.get(path)
    assert (recorded.kinds, recorded.events[0]["response_length"]) == ([kind], length)
    assert isinstance(response.error, FailedRequestError) == bool(kind)


Call = Callable[[FastSession], Any]


@pytest.mark.parametrize(
    ("call", "line", "body"),
    [
        pytest.param(lambda session: session.get("/echo?a=b"), "GET /echo?a=b HTTP/1.1", b"", id="get"),
        pytest.param(lambda session: session.post("/echo", {"a": "b"}), "POST /echo HTTP/1.1", b"a=b", id="form"),
        pytest.param(lambda session: session.post("/echo", json=[1]), "POST /echo HTTP/1.1", b"[1]", id="json"),
        pytest.param(lambda session: session.put("/echo", b"\x00"), "PUT /echo HTTP/1.1", b"\x00", id="bytes"),
        pytest.param(lambda session: session.patch("/echo", "ü"), "PATCH /echo HTTP/1.1", "ü".encode(), id="text"),
        pytest.param(
            lambda session: session.get("/echo", params={"a": "b"}), "GET /echo?a=b HTTP/1.1", b"", id="params"
        ),
    ],
)
def test_the_request_line_and_body_are_sent(recorded: RecordedSession, call: Call, line: str, body: bytes) -> None:
    assert call(recorded.session).content == line.encode() + b" " + body


@pytest.mark.parametrize(
    ("call", "headers"),
    [
        pytest.param(
            lambda session: session.post("/echo", json={}, headers={"accept": "text/html"}),
            {"content-type": "application/json", "accept": "text/html"},
            id="json with an Accept of its own",
        ),
        pytest.param(
            lambda session: session.get("/echo", auth=("me", "secret")),
            {"authorization": "Basic bWU6c2VjcmV0"},
            id="auth",
        ),
        pytest.param(
            lambda session: session.get("/echo", headers={"X-A": "1"}),
            {"x-a": "1", "accept-encoding": "gzip, deflate, br"},
            id="headers",
        ),
    ],
)
def test_which_headers_are_sent(
    recorded: RecordedSession, server: ScriptedServer, call: Call, headers: dict[str, str]
) -> None:
    call(recorded.session)
    assert headers.items() <= server.received[-1].headers.items()


def test_credentials_of_the_host_are_sent(server: ScriptedServer) -> None:
    recorded = RecordedSession(server.url.replace("://", "://me:secret@"))
    recorded.session.get("/ok")
    assert server.received[-1].headers["authorization"] == "Basic bWU6c2VjcmV0"


def test_names_and_contexts(server: ScriptedServer) -> None:
    recorded = RecordedSession(server.url, User())
    recorded.session.get("/ok", name="own")
    with recorded.session.rename_request("renamed"):
        recorded.session.get("/ok", context={"page": 1})
    assert [(event["name"], event["context"]) for event in recorded.events] == [
        ("own", {"user": "me", "page": 0}),
        ("renamed", {"user": "me", "page": 1}),
    ]


def test_a_request_without_a_name_is_named_after_its_url_without_secrets(server: ScriptedServer) -> None:
    recorded = RecordedSession(server.url)
    for url in ("/ok?page=2", "/ok?page=2&token=planted", f"http://me:planted@{server.address}/ok", "/tokens/"):
        recorded.session.get(url)
    recorded.session.get("/ok?token=planted", name="/ok?token=mine")
    assert [event["name"] for event in recorded.events] == [
        "/ok?page=2",
        "/ok?page=2&token=***",
        f"http://***@{server.address}/ok",
        "/tokens/",
        "/ok?token=mine",
    ]
    assert server.received[-2].path == "/tokens/"
    assert "token=planted" in server.received[-1].line


def test_a_with_block_reports_at_its_end(recorded: RecordedSession) -> None:
    with recorded.session.get("/ok", catch_response=True) as response:
        assert recorded.events == []
        response.failure("no good")
    assert recorded.kinds == ["check_failed"]


def test_a_redirect_that_is_not_followed(recorded: RecordedSession) -> None:
    assert recorded.session.get("/moved-302", allow_redirects=False).status_code == 302
    assert recorded.kinds == [""]


def test_a_stream_is_read_by_the_locustfile(recorded: RecordedSession) -> None:
    response = recorded.session.get("/large", stream=True)
    assert isinstance(response, SocketResponse)
    assert recorded.events[0]["response_length"] == 1_000_000
    assert len(response.content) == 1_000_000


def test_one_connection_serves_all(recorded: RecordedSession, server: ScriptedServer) -> None:
    before = server.connections
    for _ in range(5):
        assert isinstance(recorded.session.get("/ok"), Response)
    assert server.connections == before + 1


def test_cookies_come_back(recorded: RecordedSession, server: ScriptedServer) -> None:
    recorded.session.get("/sets")
    recorded.session.get("/ok")
    assert server.received[-1].headers["cookie"] == "a=1"
    assert {cookie.name for cookie in recorded.session.cookiejar} == {"a", "b"}


def set_header(session: FastSession) -> None:
    session.client.default_headers["X-A"] = "1"


def replace_headers(session: FastSession) -> None:
    session.client.default_headers = Headers({"X-A": "1"})


def set_host(session: FastSession) -> None:
    session.base_url = str(session.base_url).replace("127.0.0.1", "localhost")


@pytest.mark.parametrize(
    ("change", "name", "value"),
    [(set_header, "x-a", "1"), (replace_headers, "x-a", "1"), (set_host, "host", "localhost")],
    ids=["set a default header", "replace default headers", "set the host"],
)
def test_what_was_prepared_follows_changes(
    recorded: RecordedSession, server: ScriptedServer, change: Callable[[FastSession], None], name: str, value: str
) -> None:
    recorded.session.get("/ok")
    change(recorded.session)
    recorded.session.get("/ok")
    assert server.received[-1].headers[name].partition(":")[0] == value


def test_an_exception_of_somebody_else_is_not_reported(recorded: RecordedSession) -> None:
    with pytest.raises(KeyError), gevent.Timeout(0.01, KeyError("x")):
        recorded.session.get("/silent")
    assert recorded.events == []


def test_a_failure_is_classified_by_its_content() -> None:
    body = gzip.compress(b"sorry, too many clients already")
    with serve_script(lambda _: [http_response(500, body, "Content-Encoding: gzip")]) as failing:
        recorded = RecordedSession(failing.url)
        recorded.session.get("/")
    assert recorded.kinds == ["db_too_many_clients"]
