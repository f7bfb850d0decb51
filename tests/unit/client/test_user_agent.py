"""User agents: what they take over from another one, and which changes they report."""

from collections.abc import Callable
from http.cookiejar import Cookie, CookieJar
from typing import Any

import pytest
from geventhttpclient.header import Headers
from locust.contrib.fasthttp import LocustUserAgent
from requests.cookies import create_cookie

from locust_asyncdjango.client.fallback import MadeRequest
from locust_asyncdjango.client.http11 import ResponseReader
from locust_asyncdjango.client.response import Response
from locust_asyncdjango.client.user_agent import (
    COOKIE_OBJECT_BYTES,
    MAX_COOKIE_BYTES,
    MAX_COOKIES_BYTES,
    DerivedUserAgent,
    TrackingCookieJar,
    TrackingUserAgent,
)
from tests.support.responses import http_response
from tests.support.traced_memory import kept_bytes


def a_cookie() -> Cookie:
    cookie: Cookie = create_cookie("name", "value")
    return cookie


def stock_agent() -> LocustUserAgent:
    return LocustUserAgent(
        max_redirects=7, max_retries=2, retry_delay=0.5, cookiejar=CookieJar(), headers={"X-A": "1"}, concurrency=3
    )


def test_a_derived_agent_has_all_settings_of_the_other() -> None:
    agent = stock_agent()
    derived = vars(DerivedUserAgent(agent))
    # Fails when geventhttpclient has a new setting, which DerivedUserAgent has to name.
    assert {name: derived.get(name) for name in vars(agent)} == vars(agent)


def test_a_derived_agent_takes_over_what_was_set_later() -> None:
    agent = stock_agent()
    agent.redirect_response_codes = frozenset()  # type: ignore[misc]  # as Locust does
    agent.default_headers = Headers({"X-B": "2"})
    derived = DerivedUserAgent(agent)
    assert derived.redirect_response_codes == frozenset()
    assert dict(derived.default_headers.items()) == {"X-B": "2"}


def test_to_derive_an_agent_makes_no_client_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    agent = stock_agent()
    monkeypatch.setattr("geventhttpclient.useragent.HTTPClientPool", None)
    assert DerivedUserAgent(agent).clientpool is agent.clientpool


class Session:
    """A tracking agent, and how often it has reported a change since it was made."""

    def __init__(self) -> None:
        self.changes = 0
        self.jar = TrackingCookieJar(self.count)
        self.agent = TrackingUserAgent(stock_agent(), self.jar, self.count)
        self.changes = 0

    def count(self) -> None:
        self.changes += 1


def replace_headers(session: Session) -> None:
    session.agent.default_headers = Headers({"X-B": "2"})
    session.changes = 0
    session.agent.default_headers["X-B"] = "3"


def replace_jar(session: Session) -> None:
    session.agent.cookiejar = None


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda session: session.agent.default_headers.__setitem__("X-A", "2"), id="set a header"),
        pytest.param(lambda session: session.agent.default_headers.__delitem__("X-A"), id="delete a header"),
        pytest.param(lambda session: session.agent.default_headers.add("X-A", "2"), id="add a header"),
        pytest.param(lambda session: session.agent.default_headers.update({"X-A": "2"}), id="update headers"),
        pytest.param(lambda session: session.agent.default_headers.clear(), id="clear headers"),
        pytest.param(replace_headers, id="change replaced headers"),
        pytest.param(replace_jar, id="replace the jar"),
        pytest.param(lambda session: session.jar.set_cookie(a_cookie()), id="set a cookie"),
    ],
)
def test_changes_are_reported(change: Callable[[Session], None]) -> None:
    session = Session()
    change(session)
    assert session.changes > 0


def test_reading_and_copying_is_no_change() -> None:
    session = Session()
    copied = session.agent.default_headers.copy()
    copied["X-A"] = "2"
    assert (session.agent.default_headers["X-A"], session.changes) == ("1", 0)


def foreign_jar(session: Session) -> None:
    session.agent.cookiejar = CookieJar()


def clear_after_a_cookie(session: Session) -> None:
    session.jar.set_cookie(a_cookie())
    session.jar.clear()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param(lambda _: None, False, id="an empty jar"),
        pytest.param(lambda session: session.jar.set_cookie(a_cookie()), True, id="a cookie"),
        pytest.param(clear_after_a_cookie, True, id="a jar that had one"),
        pytest.param(foreign_jar, True, id="a jar of the user's, of which nothing is known"),
        pytest.param(replace_jar, False, id="no jar"),
    ],
)
def test_whether_cookies_may_be_sent(change: Callable[[Session], None], expected: bool) -> None:
    session = Session()
    change(session)
    assert session.agent.may_send_cookies() == expected


def receive_cookies(jar: TrackingCookieJar, *cookies: str) -> None:
    """Let a jar take the cookies of a response."""
    request: Any = stock_agent()._make_request("http://host.example/")
    raw = ResponseReader().feed(http_response(200, b"", *(f"Set-Cookie: {cookie}" for cookie in cookies)))
    assert raw is not None
    response: Any = Response(raw, MadeRequest(request), b"")
    jar.extract_cookies(response, request)


def names(jar: TrackingCookieJar) -> list[str]:
    return [cookie.name for cookie in jar]


def test_the_oldest_cookies_make_room_for_new_ones() -> None:
    jar = TrackingCookieJar(lambda: None)
    most = MAX_COOKIES_BYTES // COOKIE_OBJECT_BYTES
    for n in range(most + 100):
        receive_cookies(jar, f"c{n}=1")
    kept = names(jar)
    assert kept[-1] == f"c{most + 99}"
    assert "c0" not in kept
    assert 0.9 * most < len(kept) <= most


def test_a_large_cookie_is_not_kept() -> None:
    jar = TrackingCookieJar(lambda: None)
    receive_cookies(jar, f"large={'x' * MAX_COOKIE_BYTES}", "small=1")
    assert names(jar) == ["small"]


def test_what_a_locustfile_sets_is_kept_until_a_server_needs_room() -> None:
    jar = TrackingCookieJar(lambda: None)
    jar.set_cookie(create_cookie("own", "x" * 10_000))
    assert names(jar) == ["own"]


def test_the_cookies_of_servers_have_a_limit_in_bytes() -> None:
    numbers = iter(range(10**6))

    def receive_many() -> None:
        jar = TrackingCookieJar(lambda: None)
        for _ in range(20):
            receive_cookies(jar, *(f"c{next(numbers)}={'x' * 500}" for _ in range(100)))
        jars[:] = [jar]

    jars: list[TrackingCookieJar] = []
    assert kept_bytes(receive_many) < 2 * MAX_COOKIES_BYTES
