"""FastUser beside FastHttpUser: the same requests, answers and reports, but for what is listed here with its reason."""

import io
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Any

import pytest
import trustme
from locust import FastHttpUser

from locust_asyncdjango import FastUser
from tests.support.answers import ANSWERS, TEXT, script
from tests.support.recorded_user import Recorded
from tests.support.scripted_server import Asked, Scripted, scripted
from tests.support.session_calls import (
    Ask,
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
class Seen:
    """All that a locustfile, a listener and the server see of a case."""

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
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0


def see(user_class: type[FastHttpUser], server: Scripted, ask: Ask, **settings: Any) -> Seen:
    """What one of the two makes of it."""
    user = Recorded(server.url, user_class, **{"network_timeout": 0.5, "connection_timeout": 0.5, **settings})
    asked_before, connections_before = len(server.asked), server.connections
    seen = Seen()
    try:
        response = ask(user.client)
    except Exception as error:  # noqa: BLE001
        seen.raised = type(error).__name__
    else:
        look_at(seen, response)
    seen.cookies = sorted(f"{cookie.name}={cookie.value}" for cookie in user.client.cookiejar)
    seen.events = [told(event) for event in user.events]
    seen.asked = server.asked[asked_before:]
    seen.connections = server.connections - connections_before
    user.client.client.close()
    return seen


def look_at(seen: Seen, response: Any) -> None:
    """Fills in what a response says; a list of lines is one of iter_lines."""
    if isinstance(response, list):
        seen.text = "\n".join(response)
        return
    seen.status, seen.ok, seen.url = response.status_code, response.ok, response.url
    seen.headers = sorted(response.headers.items()) if response.headers is not None else None
    seen.request = (response.request.method, response.request.url, response.request.body)
    for name in ("content", "text", "encoding"):
        try:
            setattr(seen, name, getattr(response, name))
        except Exception as error:  # noqa: BLE001
            setattr(seen, name, f"raises {type(error).__name__}")
    try:
        seen.json = response.json()
    except Exception as error:  # noqa: BLE001
        seen.json = type(error).__name__
    seen.js = getattr(response, "js", None)
    seen.timed = bool(seen.status and getattr(response, "elapsed", None))
    seen.history = [each.status_code for each in getattr(response, "history", [])] if seen.status else None


def told(event: dict[str, Any]) -> dict[str, Any]:
    """An event, without what differs between any two runs, and with no more of an exception than that there is one."""
    assert event["response_time"] > 0
    assert event["start_time"] > 1e9
    kept = ("request_type", "name", "response_length", "context", "url")
    return {
        **{name: event[name] for name in kept},
        "failed": event["exception"] is not None,
        "status": event["response"].status_code,
        "keys": sorted(event),
    }


@pytest.fixture(scope="module")
def server() -> Iterator[Scripted]:
    with scripted(script) as started:
        yield started


CASES: dict[str, Ask] = {
    **{f"GET {path}": get(path) for path in ANSWERS},
    **{f"HEAD {path}": with_method("HEAD", path) for path in ("/ok", "/chunked", "/gzip", "/echo")},
    **{f"POST {path}": post(path, data={"a": "ü"}) for path in ANSWERS if "moved" in path},
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

# With attributes of the user class; {address} is the server's.
SET: dict[str, tuple[Ask, Settings]] = {
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


def filled_in(settings: Settings, server: Scripted) -> Settings:
    """With the server's address."""
    port = server.address.partition(":")[2]
    return {
        name: value.replace("{address}", server.address).replace("{port}", port) if isinstance(value, str) else value
        for name, value in settings.items()
    }


AS_SENT = "request.body is what was sent, where FastHttpUser's is what was given"
WHATEVER_COMES = "stock raises an error in the task and reports nothing"
NO_BODY = "a body that is empty has nothing to decode; stock reports a failure"
UNDECODABLE = "content is the body as it came; stock raises each time it is looked at"
CHARSET = "what has no known charset is read as UTF-8; stock raises"
NOT_WHOLE = "an answer cut short is no answer: status 0; stock has a response with what came"
SURPLUS = "what follows an answer that is whole was not asked for and ends the connection; stock loses the answer"
WITH_BLOCK = "stock forgets history and elapsed there, and leaves out a request whose with-block raises"
SENT_ONCE = "a request is sent anew only where a kept connection was closed; stock sends it 12 times"
ALL = {each.name for each in fields(Seen)} - {"cookies", "asked", "connections"}

# Why FastUser is not the same there, and in which of the fields.
DIFFERENT: dict[str, tuple[str, set[str]]] = {
    **dict.fromkeys(("patch", "typed text", "json", "typed json", "empty body"), (AS_SENT, {"request"})),
    "a stream": ("a generator is no other's equal", {"request"}),
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
        (WHATEVER_COMES, ALL),
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
    **dict.fromkeys(("GET /dropped", "GET /reset", "with no answer"), (SENT_ONCE, {"asked", "connections"})),
}


@pytest.mark.parametrize("name", CASES)
def test_the_same(server: Scripted, name: str) -> None:
    compare(name, see(FastHttpUser, server, CASES[name]), see(FastUser, server, CASES[name]))


@pytest.mark.parametrize("name", SET)
def test_the_same_with_settings(server: Scripted, name: str) -> None:
    ask, settings = SET[name]
    settings = filled_in(settings, server)
    compare(name, see(FastHttpUser, server, ask, **settings), see(FastUser, server, ask, **settings))


def test_every_status(server: Scripted) -> None:
    every: Ask = in_turn(*(get(f"/status/{status}") for status in range(200, 1000)))
    stock, ours = see(FastHttpUser, server, every), see(FastUser, server, every)
    assert [event["failed"] for event in ours.events] == [
        not (status < 209 or status in {226, 301, 302, 303, 304, 307, 308}) for status in range(200, 1000)
    ]
    compare("every status", stock, ours)


@pytest.mark.parametrize("path", ["/ok", "/gzip", "/moved-302", "/binary-error", "/dropped", "/half-body"])
def test_tls(path: str) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with scripted(script, context) as server:
        ours = see(FastUser, server, get(path))
        if path in {"/ok", "/gzip", "/moved-302"}:
            compare(f"TLS {path}", see(FastHttpUser, server, get(path)), ours)
        assert [event["failed"] for event in ours.events] == [path not in {"/ok", "/gzip", "/moved-302"}]


def test_no_difference_is_without_its_case() -> None:
    assert DIFFERENT.keys() <= CASES.keys() | SET.keys()


def compare(name: str, stock: Seen, ours: Seen) -> None:
    """Where they may differ, they have to: what has become the same is to be crossed out."""
    different = {each.name for each in fields(Seen) if getattr(stock, each.name) != getattr(ours, each.name)}
    shown = {each: (getattr(stock, each), getattr(ours, each)) for each in different}
    reason, allowed = DIFFERENT.get(name, ("", set()))
    assert different <= allowed, shown
    assert bool(different) == bool(reason), f"no longer different: {name}"
