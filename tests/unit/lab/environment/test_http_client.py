"""HTTP requests of the lab."""

from collections.abc import Iterator
from itertools import repeat

import pytest

from locust_asyncdjango.lab.environment.http_client import RESPONSE_LIMIT, Site, get, post, responds
from locust_asyncdjango.lab.environment.process import free_port
from locust_asyncdjango.probe.protocol import TOKEN_HEADER
from tests.support.http_site import http_site
from tests.support.responses import http_response, redirect
from tests.support.scripted_server import ReceivedRequest, Step, serve_script


def test_bodies_of_successful_responses_are_returned() -> None:
    with http_site({"/page": (200, b"hello"), "/form": (201, b"made")}) as site:
        assert get(f"{site.url}/page") == b"hello"
        assert post(f"{site.url}/form", b"a=1") == b"made"
    assert site.requests == [("GET", "/page", b""), ("POST", "/form", b"a=1")]


def test_an_error_status_is_an_error_and_a_response() -> None:
    with http_site({"/broken": (500, b"")}) as site:
        with pytest.raises(OSError, match="500"):
            get(f"{site.url}/broken")
        assert responds(f"{site.url}/broken")


def test_where_nothing_listens_there_is_no_response() -> None:
    url = f"http://127.0.0.1:{free_port()}/"
    assert not responds(url)
    with pytest.raises(OSError, match="refused"):
        get(url)


def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    with http_site({"/": (200, b"direct")}) as site:
        assert get(f"{site.url}/") == b"direct"


def test_the_token_is_sent_to_the_site_alone_and_not_to_where_it_redirects() -> None:
    with http_site({"/elsewhere": (200, b"another site")}) as other:
        to_other = {"/page": (302, b"")}
        with http_site(to_other, {"Location": f"{other.url}/elsewhere"}) as site:
            assert Site(site.url, "t0ken").read("/page", 5) == b"another site"
    assert [headers[TOKEN_HEADER] for headers in site.headers] == ["t0ken"]
    assert [headers[TOKEN_HEADER] for headers in other.headers] == [None]


def test_without_a_token_no_header_is_sent() -> None:
    with http_site({"/page": (200, b"")}) as site:
        Site(site.url).read("/page", 5)
        get(f"{site.url}/page")
    assert [headers[TOKEN_HEADER] for headers in site.headers] == [None, None]


def test_a_login_in_the_url_is_sent_to_that_server_alone() -> None:
    def answer(request: ReceivedRequest) -> list[Step]:
        return [redirect(302, f"{other.url}/there") if request.path == "/away" else http_response()]

    with serve_script(lambda _: [http_response()]) as other, serve_script(answer) as server:
        for path in ("/", "/away"):
            assert get(f"http://me:p%40w@{server.address}{path}") == b"ok"
        assert [each.headers.get("authorization") for each in server.received] == ["Basic bWU6cEB3"] * 2
        assert [each.headers.get("authorization") for each in other.received] == [None]


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"


def endless(head: bytes, part: bytes, pause_s: float) -> Iterator[Step]:
    """Send a head, and then the same part again and again."""
    yield head
    for _ in repeat(None):
        yield part
        yield pause_s


@pytest.mark.parametrize("head", [HEAD, HEAD.replace(b"200 OK", b"500 Internal Server Error")], ids=["ok", "an error"])
def test_a_body_without_end_is_a_response_after_its_head(head: bytes) -> None:
    with serve_script(lambda _: endless(head, b"data: 1\n\n", 0.01)) as server:
        assert responds(server.url, 60)


@pytest.mark.parametrize(
    "head", [HEAD, b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 100 Continue\r\n\r\n"], ids=["a body", "a head", "interim"]
)
def test_a_response_has_a_deadline_however_often_a_part_of_it_comes(head: bytes) -> None:
    part = b"HTTP/1.1 100 Continue\r\n\r\n" if b"100" in head else b"x"
    with (
        serve_script(lambda _: endless(head, part, 0.01)) as server,
        pytest.raises(OSError, match=r"^the response did not end within 0\.3 s$"),
    ):
        get(server.url, 0.3)


@pytest.mark.parametrize("announced", ["", f"Content-Length: {10**15}\r\n"], ids=["of no length", "of a length"])
def test_a_response_has_a_largest_size(announced: str) -> None:
    head = b"HTTP/1.1 200 OK\r\n%s\r\n" % announced.encode()
    with (
        serve_script(lambda _: endless(head, b"x" * 2**20, 0.0)) as server,
        pytest.raises(OSError, match=f"^the response has more than {RESPONSE_LIMIT} bytes$"),
    ):
        get(server.url, 60)
