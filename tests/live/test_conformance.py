"""FastUser and FastHttpUser against the same server: each difference is listed here with its reason."""

import io
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Any

import pytest
import trustme
from locust import FastHttpUser

from locust_asyncdjango import FastUser
from tests.support.recorded_user import RecordedUser
from tests.support.responses import RESPONSES, TEXT, respond
from tests.support.scripted_server import ReceivedRequest, ScriptedServer, serve_script
from tests.support.session_calls import (
    SessionCall,
    check,
    checked,
    forget_jar,
    get,
    in_turn,
    post,
    raise_key_error,
    renamed,
    replace_default_headers,
    replace_jar,
    rest,
    set_credentials,
    set_default_header,
    set_host,
    thrown,
    timed_out,
    with_method,
)


@dataclass
class Observation:
    """All that a locustfile, a listener and the server can observe of a case."""

    raised: str = ""
    status: int | None = None
    ok: bool | None = None
    headers: list[tuple[str, str]] | None = None
    content: bytes | None = None
    text: str | None = None
    encoding: Any = None
    json: Any = None
    url: str | None = None
    request: Any = None
    history: list[int] | None = None
    js: Any = None
    timed: bool = False
    cookies: list[str] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    received: list[ReceivedRequest] = field(default_factory=list)
    connections: int = 0


def observe(user_class: type[FastHttpUser], server: ScriptedServer, call: SessionCall, **settings: Any) -> Observation:
    """Run a case with one of the two user classes."""
    user = RecordedUser(server.url, user_class, **{"network_timeout": 0.5, "connection_timeout": 0.5, **settings})
    received_before, connections_before = len(server.received), server.connections
    observed = Observation()
    try:
        response = call(user.client)
    except Exception as error:  # noqa: BLE001
        observed.raised = type(error).__name__
    else:
        read_response(observed, response)
    observed.cookies = sorted(f"{cookie.name}={cookie.value}" for cookie in user.client.cookiejar)
    observed.events = [comparable_event(event) for event in user.events]
    observed.received = server.received[received_before:]
    observed.connections = server.connections - connections_before
    user.client.client.close()
    return observed


def read_response(observed: Observation, response: Any) -> None:
    """Fill in what a response holds. A list of lines is one of iter_lines."""
    if isinstance(response, list):
        observed.text = "\n".join(response)
        return
    observed.status, observed.ok, observed.url = response.status_code, response.ok, response.url
    observed.headers = sorted(response.headers.items()) if response.headers is not None else None
    observed.request = (response.request.method, response.request.url, response.request.body)
    for name in ("content", "text", "encoding"):
        try:
            setattr(observed, name, getattr(response, name))
        except Exception as error:  # noqa: BLE001
            setattr(observed, name, f"raises {type(error).__name__}")
    try:
        observed.json = response.json()
    except Exception as error:  # noqa: BLE001
        observed.json = type(error).__name__
    observed.js = getattr(response, "js", None)
    observed.timed = bool(observed.status and getattr(response, "elapsed", None))
    observed.history = [each.status_code for each in getattr(response, "history", [])] if observed.status else None


def comparable_event(event: dict[str, Any]) -> dict[str, Any]:
    """Return what two runs of the same request event have in common. Of an exception: only that there is one."""
    assert event["response_time"] > 0 or not event["response"].status_code
    assert event["start_time"] > 1e9
    kept = ("request_type", "name", "response_length", "context", "url")
    return {
        **{name: event[name] for name in kept},
        "failed": event["exception"] is not None,
        "status": event["response"].status_code,
        "keys": sorted(event),
    }


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedServer]:
    with serve_script(respond) as started:
        yield started


CASES: dict[str, SessionCall] = {
    **{f"GET {path}": get(path) for path in RESPONSES},
    **{f"HEAD {path}": with_method("HEAD", path) for path in ("/ok", "/chunked", "/gzip", "/echo")},
    **{f"POST {path}": post(path, data={"a": "ü"}) for path in RESPONSES if "moved" in path},
    **{
        method: with_method(method, "/echo", data="body")
        for method in ("PUT", "PATCH", "DELETE", "OPTIONS", "get", "PROPFIND")
    },
    "put": lambda client: client.put("/echo", data="x"),
    "patch": lambda client: client.patch("/echo", json=[1]),
    "delete": lambda client: client.delete("/ok"),
    "options": lambda client: client.options("/ok"),
    "no body": post("/echo"),
    "empty body": post("/echo", data={}),
    "form": post("/echo", data={"a": "ü", "b": [1, 2]}),
    "forms alike": in_turn(*(post("/echo", data={"a": value}) for value in ("1", 1, True, "1", "ü", "ü"))),
    "text": post("/echo", data=TEXT),
    "bytes": post("/echo", data=b"\x00\xff"),
    "typed text": post("/echo", data="<a/>", headers={"Content-Type": "text/xml"}),
    "typed form": post("/echo", data={"a": "b"}, headers={"content-type": "application/x-own"}),
    "json": post("/echo", json={"a": TEXT}),
    "typed json": post("/echo", json={"a": 1}, headers={"Content-Type": "application/own+json"}),
    "json null": post("/echo", json=None),
    "large body": post("/echo", data="x" * 3_000_000),
    "own length": post("/echo", data=b"four", headers={"Content-Length": "4"}),
    "a file": lambda client: client.post(
        "/echo", files={"file": ("name.txt", io.BytesIO(b"in it"), "text/plain", {}, "border")}
    ),
    "a file and a form": lambda client: client.post(
        "/echo", data={"a": "b"}, files={"file": ("name.txt", b"in it", "text/plain", {}, "border")}
    ),
    "a stream": lambda client: client.post("/echo", data=(piece for piece in [b"a", b"bc"])),
    "absolute": lambda client: client.get(f"{client.base_url}/ok"),
    "absolute and elsewhere": lambda client: client.get("http://127.0.0.1:1/", name="nowhere"),
    "chunks": post("/echo", data=b"abc", headers={"Transfer-Encoding": "chunked"}),
    "params": get("/ok", params={"a": "ü", "b": [1, 2]}),
    "query": get("/ok?a=b%20c&d"),
    "query to be quoted": get("/ok?a=ü b"),
    "fragment": get("/ok#part"),
    "no path": lambda client: client.get(""),
    "headers": get("/ok", headers={"X-A": "1", "Accept": "text/html", "User-Agent": "mine"}),
    "own codings": get("/gzip", headers={"accept-encoding": "identity"}),
    "own host": get("/ok", headers={"Host": "example.com"}),
    "a list of values": get("/ok", headers={"X-A": ["1", "2"]}),
    "alike but not the same": in_turn(*(get("/ok", headers={"X-A": value}) for value in (1, True, 1.0, "1"))),
    "bad header": get("/ok", headers={"X-A": "1\r\nX-B: 2"}),
    "auth": get("/private", auth=("me", "sécret".encode())),
    "no auth": get("/private"),
    "own cookie": get("/ok", headers={"Cookie": "own=1"}),
    "name": get("/ok", name="a name"),
    "renamed": renamed,
    "context": get("/ok", context={"a": 1}),
    "not followed": get("/moved-302", allow_redirects=False),
    "follows at most": get("/moved-twice", max_redirects=1),
    "cookies come back": in_turn(get("/sets"), get("/ok"), get("/other/x")),
    "cookies end": in_turn(get("/sets"), get("/unsets"), get("/ok")),
    "cookies on the way": get("/sets-and-moves"),
    "after a close": in_turn(get("/closes"), get("/ok")),
    "after surplus": in_turn(get("/surplus"), get("/ok")),
    "one connection": in_turn(*[get("/ok")] * 5),
    "streamed": get("/large", stream=True),
    "streamed error": get("/binary-error", stream=True),
    "lines": lambda client: list(client.iter_lines("/lines")),
    "with": checked("/ok"),
    "with an error": checked("/binary-error"),
    "with an error that is none": checked("/binary-error", lambda response: response.success()),
    "with a failure": checked("/ok", lambda response: response.failure("no good")),
    "with no answer": checked("/dropped"),
    "with gzip": checked("/gzip"),
    "with a redirect": checked("/moved-302"),
    "with a KeyError": checked("/ok", raise_key_error),
    "with no JSON": checked("/no-json", lambda response: response.json()),
    "a default header set later": in_turn(get("/ok"), set_default_header, get("/ok")),
    "other default headers set later": in_turn(get("/ok"), replace_default_headers, get("/ok")),
    "another jar": in_turn(get("/ok"), replace_jar, get("/ok")),
    "the session's own jar": in_turn(get("/ok"), forget_jar, get("/sets"), get("/ok")),
    "an error thrown by somebody": thrown,
    "only a query": get("?q=1"),
    "a header's name that is bytes": get("/ok", headers={b"X": "y"}),
    "another host set later": in_turn(get("/ok"), set_host, get("/ok")),
    "credentials set later": in_turn(get("/private"), set_credentials, get("/private")),
    "a Timeout of gevent's": timed_out,
    "rest": rest("GET", "/json"),
    "rest with a body": rest("POST", "/echo", json={"a": [TEXT]}),
    "rest without JSON": rest("GET", "/no-json"),
    "rest with an error": rest("GET", "/status/500"),
    "rest with a check": rest("GET", "/json", check=lambda response: check(response.js["a"] == [2], "not 2,")),
    "rest with a KeyError": rest("GET", "/json", check=lambda response: response.js["b"]),
    "rest with no answer": rest("GET", "/half-head"),
    "success without a with-block": lambda client: client.get("/ok").success(),
}

Settings = dict[str, Any]

# With attributes of the user class. {address} stands for the address of the server, {port} for its port.
SET: dict[str, tuple[SessionCall, Settings]] = {
    "default headers": (get("/ok"), {"default_headers": {"X-A": "1", "User-Agent": "mine"}}),
    "retries": (get("/silent"), {"max_retries": 1, "network_timeout": 0.2}),
    "no retries of a POST": (post("/silent", data="x"), {"max_retries": 1, "network_timeout": 0.2}),
    "no redirects": (get("/moved-302"), {"max_redirects": 0}),
    "few redirects": (get("/loop"), {"max_redirects": 2}),
    "no timeouts": (get("/ok"), {"connection_timeout": None, "network_timeout": None}),
    "a proxy": (get("/ok"), {"host": "http://nowhere.invalid", "proxy_host": "127.0.0.1", "proxy_port": "{port}"}),
    "credentials": (get("/private"), {"host": "http://me:s%C3%A9cret@{address}"}),
    "credentials and a redirect": (get("/moved-302"), {"host": "http://me:s%C3%A9cret@{address}"}),
    "a path": (get("/ok"), {"host": "http://{address}/status/299?"}),
    "a host's end": (get("/ok"), {"host": "http://{address}/"}),
    "a name": (get("/ok"), {"host": "http://localhost:{port}"}),
    "nobody listens": (get("/ok"), {"host": "http://127.0.0.1:1"}),
    "no such host": (get("/ok"), {"host": "http://no-such-host.invalid"}),
    "TLS where there is none": (get("/ok"), {"host": "https://{address}"}),
}


def with_server_address(settings: Settings, server: ScriptedServer) -> Settings:
    """Return settings with the address and the port of the server filled in."""
    port = server.address.partition(":")[2]
    return {
        name: value.replace("{address}", server.address).replace("{port}", port) if isinstance(value, str) else value
        for name, value in settings.items()
    }


AS_SENT = "request.body is the body as it was sent; FastHttpUser's is the argument of the call"
REPORTED_ANYWAY = "FastHttpUser raises an error in the task and reports nothing"
NO_BODY = "an empty body needs no decoding; FastHttpUser reports a failure"
UNDECODABLE = "content is the body as it came; FastHttpUser raises each time it is read"
CHARSET = "text without a known charset is read as UTF-8; FastHttpUser raises"
NOT_WHOLE = "a response that is cut short counts as none, with status 0; FastHttpUser returns what came of it"
SURPLUS = "bytes after a whole response end the connection; FastHttpUser loses the response"
WITH_BLOCK = "FastHttpUser has no history and elapsed there, and does not report a request whose with-block raises"
SENT_ONCE = "a request is sent again only where a kept connection was closed; FastHttpUser sends it 12 times"
ALL = {each.name for each in fields(Observation)} - {"cookies", "received", "connections"}

# By case: why FastUser differs, and in which fields it may.
DIFFERENT: dict[str, tuple[str, set[str]]] = {
    **dict.fromkeys(("patch", "typed text", "json", "typed json", "empty body"), (AS_SENT, {"request"})),
    "a stream": ("two generators are never equal", {"request"}),
    **dict.fromkeys(
        (
            "GET /bad-br",
            "GET /zstd",
            "GET /binary-error",
            "GET /moved-to-error",
            "GET /bad-port",
            "POST /moved-to-error",
            "bad header",
            "a header's name that is bytes",
            "a host's end",
            "streamed error",
            "with an error",
            "with an error that is none",
        ),
        (REPORTED_ANYWAY, ALL),
    ),
    **dict.fromkeys(
        (
            "rest",
            "rest with a body",
            "rest without JSON",
            "rest with an error",
            "rest with a check",
            "rest with a KeyError",
        ),
        (WITH_BLOCK, {"timed", "request"}),
    ),
    **dict.fromkeys(
        ("with", "with a failure", "with gzip", "with a redirect", "with a KeyError", "with no JSON"),
        (WITH_BLOCK, {"history", "timed", "events"}),
    ),
    "GET /bad-gzip": (UNDECODABLE, ALL),
    **dict.fromkeys(("GET /unknown-charset", "GET /no-text-charset", "GET /two-types"), (CHARSET, ALL)),
    "GET /empty-gzip": (NO_BODY, ALL),
    "HEAD /gzip": (NO_BODY, ALL),
    "GET /half-body": (NOT_WHOLE, ALL),
    "GET /half-chunk": (NOT_WHOLE, ALL),
    "GET /surplus": (SURPLUS, ALL),
    "after surplus": (SURPLUS, {"events", "connections"}),
    **dict.fromkeys(("GET /dropped", "GET /reset", "with no answer"), (SENT_ONCE, {"received", "connections"})),
}


@pytest.mark.parametrize("name", CASES)
def test_both_classes_observe_the_same(server: ScriptedServer, name: str) -> None:
    compare(name, observe(FastHttpUser, server, CASES[name]), observe(FastUser, server, CASES[name]))


@pytest.mark.parametrize("name", SET)
def test_both_classes_observe_the_same_with_settings(server: ScriptedServer, name: str) -> None:
    call, settings = SET[name]
    settings = with_server_address(settings, server)
    compare(name, observe(FastHttpUser, server, call, **settings), observe(FastUser, server, call, **settings))


def test_every_status(server: ScriptedServer) -> None:
    every: SessionCall = in_turn(*(get(f"/status/{status}") for status in range(200, 1000)))
    stock, ours = observe(FastHttpUser, server, every), observe(FastUser, server, every)
    assert [event["failed"] for event in ours.events] == [
        not (status < 209 or status in {226, 301, 302, 303, 304, 307, 308}) for status in range(200, 1000)
    ]
    compare("every status", stock, ours)


@pytest.mark.parametrize("path", ["/ok", "/gzip", "/moved-302", "/binary-error", "/dropped", "/half-body"])
def test_tls(path: str) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with serve_script(respond, context) as server:
        ours = observe(FastUser, server, get(path))
        if path in {"/ok", "/gzip", "/moved-302"}:
            compare(f"TLS {path}", observe(FastHttpUser, server, get(path)), ours)
        assert [event["failed"] for event in ours.events] == [path not in {"/ok", "/gzip", "/moved-302"}]


def test_no_difference_is_without_its_case() -> None:
    assert DIFFERENT.keys() <= CASES.keys() | SET.keys()


def compare(name: str, stock: Observation, ours: Observation) -> None:
    """Fail for a difference that is not listed, and for a listed one that is none any longer."""
    different = {each.name for each in fields(Observation) if getattr(stock, each.name) != getattr(ours, each.name)}
    shown = {each: (getattr(stock, each), getattr(ours, each)) for each in different}
    reason, allowed = DIFFERENT.get(name, ("", set()))
    assert different <= allowed, shown
    assert bool(different) == bool(reason), f"no longer different: {name}"
