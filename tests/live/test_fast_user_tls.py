"""FastUser over TLS, through proxies and with streams, on servers that behave well."""

import gc
import ssl
import tempfile
import weakref
from collections.abc import Iterator

import gevent
import pytest
import trustme
from gevent.ssl import create_default_context
from geventhttpclient.client import HTTPClientPool

from tests.support.recorded_user import RecordedUser
from tests.support.responses import RESPONSES, chunked, http_response
from tests.support.scripted_server import CLOSE, END_TLS, ReceivedRequest, ScriptedServer, Step, serve_script

LARGE = bytes(range(256)) * 20_000


def script(received: ReceivedRequest) -> list[Step]:
    """Return the body that came, or what the path names."""
    path = "/" + received.path.removeprefix("http://").partition("/")[2]
    if path == "/ends-later":
        return [http_response(), END_TLS]
    return RESPONSES.get(path) or [http_response(200, received.body)]


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module", params=[ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
def tls(request: pytest.FixtureRequest, authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = request.param
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture
def server(tls: ssl.SSLContext) -> Iterator[ScriptedServer]:
    with serve_script(script, tls) as started:
        yield started


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_connection_is_kept(server: ScriptedServer, method: str) -> None:
    ours = RecordedUser(server.url)
    for _ in range(5):
        ours.client.request(method, "/ok", data=b"x" if method == "POST" else None)
        gevent.sleep(0.01)  # the loop sees what came while idle: with TLS 1.3, session tickets
    assert (ours.kinds, server.connections) == ([""] * 5, 1)


def generated() -> Iterator[bytes]:
    """Yield a body piece by piece."""
    for start in range(0, len(LARGE), 100_000):
        yield LARGE[start : start + 100_000]


@pytest.mark.parametrize("how", ["bytes", "a file", "a generator"])
def test_a_long_request(server: ScriptedServer, how: str) -> None:
    ours = RecordedUser(server.url, network_timeout=60.0)
    with tempfile.TemporaryFile() as file:
        file.write(LARGE)
        file.seek(0)
        body = {"bytes": LARGE, "a file": file, "a generator": generated()}[how]
        assert ours.client.post("/echo", data=body).content == LARGE
    assert ours.client.post("/echo", data=b"x").content == b"x"
    assert (ours.kinds, server.connections) == (["", ""], 1)


def test_expect_is_sent_with_the_body_behind_it(server: ScriptedServer) -> None:
    ours = RecordedUser(server.url)
    assert ours.client.post("/echo", data=b"body", headers={"Expect": "100-continue"}).content == b"body"
    assert server.received[0].headers["expect"] == "100-continue"


def test_a_session_that_ended_while_idle_is_not_used(server: ScriptedServer) -> None:
    ours = RecordedUser(server.url)
    for path in ("/ends-later", "/ok"):
        assert ours.client.get(path).content == b"ok"
    assert (ours.kinds, server.connections) == (["", ""], 2)


def test_streams_that_are_read_keep_their_connection(server: ScriptedServer) -> None:
    ours = RecordedUser(server.url)
    large = ours.client.get("/large", stream=True)
    assert b"".join(large.iter_content(65536, decode_content=False)) == b"x" * 1_000_000
    assert ours.client.get("/gzip", stream=True).content == b"ok" * 99
    assert list(ours.client.iter_lines("/lines")) == ["one", "two ü", "three"]
    assert ours.client.get("/ok").content == b"ok"
    assert (ours.kinds, server.connections) == ([""] * 4, 1)


def test_streams_that_nobody_has_any_longer_hold_no_connection(server: ScriptedServer) -> None:
    ours = RecordedUser(server.url, concurrency=1)
    for _ in range(3):
        assert ours.client.get("/large", stream=True).status_code == 200
        ours.events.clear()
    assert server.connections == 3


def test_a_request_does_not_wait_for_ever_for_streams_that_are_not_read(server: ScriptedServer) -> None:
    ours = RecordedUser(server.url, concurrency=1, connection_timeout=0.5)
    kept = ours.client.get("/large", stream=True)
    ours.client.get("/ok")
    kept.release()
    ours.client.get("/ok")
    assert ours.kinds == ["", "timeout", ""]
    assert "streams, which have to be read to their end or released" in str(ours.events[1]["exception"])


def test_a_stream_waits_for_what_comes_late(tls: ssl.SSLContext) -> None:
    first, second = chunked(b"first", b"second").split(b"6\r\n")
    later: list[Step] = [first, 0.3, b"6\r\n" + second]
    with serve_script(lambda _: later, tls) as server:
        ours = RecordedUser(server.url)
        assert [*ours.client.get("/", stream=True).iter_content(5)] == ["first", "secon", "d"]


class Trusting:
    """A user's class whose method makes the context of TLS."""

    context: ssl.SSLContext

    def ssl_context_factory(self) -> ssl.SSLContext:
        """Return a context that trusts the test's authority."""
        context: ssl.SSLContext = create_default_context()
        self.authority.configure_trust(context)
        return context

    authority: trustme.CA


def test_a_factory_of_the_users_own_does_not_keep_the_user(server: ScriptedServer, authority: trustme.CA) -> None:
    owner = Trusting()
    owner.authority = authority
    pool = HTTPClientPool(ssl_context_factory=owner.ssl_context_factory)
    ours = RecordedUser(server.url, client_pool=pool)
    assert [ours.client.get("/ok").status_code, server.connections] == [200, 1]
    gone = weakref.ref(owner)
    del ours, pool, owner
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_with_credentials(tls: ssl.SSLContext, scheme: str) -> None:
    with serve_script(script, tunnel_tls=tls) as proxy:
        port = int(proxy.address.partition(":")[2])
        credentials = {"proxy_user": "me", "proxy_password": "secret"}
        pool = HTTPClientPool(proxy_host="127.0.0.1", proxy_port=port, insecure=True, **credentials)
        ours = RecordedUser(f"{scheme}://site.invalid", client_pool=pool)
        for _ in range(2):
            assert ours.client.get("/ok").content == b"ok"
        target = "/ok" if scheme == "https" else "http://site.invalid:80/ok"
        sent = [(each.line, each.headers.get("proxy-authorization")) for each in proxy.received]
        # Within the tunnel, they would be for the site.
        authorization = None if scheme == "https" else "Basic bWU6c2VjcmV0"
        assert sent == [(f"GET {target} HTTP/1.1", authorization)] * 2
        assert (ours.kinds, proxy.connections) == (["", ""], 1)


def test_a_proxy_without_a_port() -> None:
    ours = RecordedUser("http://site.invalid", proxy_host="127.0.0.1")
    ours.client.get("/ok")
    assert (
        repr(ours.events[0]["exception"])
        == "invalid_request: InvalidRequestError: ValueError: proxy_host needs a proxy_port"
    )


def test_a_response_that_ends_without_the_end_of_tls(tls: ssl.SSLContext) -> None:
    for how, kind in ((END_TLS, ""), (CLOSE, "connection_dropped")):
        with serve_script(lambda _, how=how: [b"HTTP/1.1 200 OK\r\n\r\nok", how], tls) as server:  # type: ignore[misc]
            ours = RecordedUser(server.url)
            ours.client.get("/")
            assert ours.kinds == [kind]
