"""User agents: what they take over from another one, and which changes they report."""

from collections.abc import Callable
from http.cookiejar import Cookie, CookieJar

import pytest
from geventhttpclient.header import Headers
from locust.contrib.fasthttp import LocustUserAgent
from requests.cookies import create_cookie

from locust_asyncdjango.client.user_agent import DerivedUserAgent, TrackingCookieJar, TrackingUserAgent


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
