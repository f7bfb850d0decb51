"""The user agent of a session: geventhttpclient's, which also reports that its headers or its cookies have changed.

A prepared request holds copies of the default headers, so that it is out of date once they change. Start reading at
TrackingUserAgent.
"""

from collections.abc import Callable
from http.cookiejar import Cookie, CookieJar
from typing import Any

from geventhttpclient.header import Headers
from locust.contrib.fasthttp import LocustUserAgent

MAX_COOKIE_BYTES = 4096
"""The largest cookie of a server's that is kept; browsers have this limit as well (RFC 6265, section 6.1)."""

MAX_COOKIES_BYTES = 256 * 1024
"""What all cookies of a user may take, in bytes."""

COOKIE_OBJECT_BYTES = 1000
"""What a cookie takes besides its text."""


class TrackingCookieJar(CookieJar):
    """Remembers whether it has ever held a cookie, and calls ``on_change`` for each cookie that is set.

    The cookies that servers set have a limit in bytes.
    """

    def __init__(self, on_change: Callable[[], None]) -> None:
        super().__init__()
        self.used = False
        self._on_change = on_change

    def set_cookie(self, cookie: Cookie) -> None:
        self.used = True
        self._on_change()
        super().set_cookie(cookie)

    def extract_cookies(self, response: Any, request: Any) -> None:
        """Take the cookies of a response, but for those that are too large. Discard old ones that have no room."""
        super().extract_cookies(response, request)
        sizes = [(cookie, _text_size(cookie)) for cookie in self]
        total = sum(size + COOKIE_OBJECT_BYTES for _, size in sizes)
        for cookie, size in sizes:
            if size > MAX_COOKIE_BYTES or total > MAX_COOKIES_BYTES:
                self.clear(cookie.domain, cookie.path, cookie.name)
                total -= size + COOKIE_OBJECT_BYTES


def _text_size(cookie: Cookie) -> int:
    return len(cookie.name) + len(cookie.value or "") + len(cookie.path) + len(cookie.domain)


class DefaultHeaders(Headers):
    """Header fields that call ``on_change`` before each change."""

    on_change: Callable[[], None] = staticmethod(lambda: None)
    """An attribute and not a parameter, because Headers copies itself with no arguments. A copy reports to nobody."""

    def __setitem__(self, field: str, value: Any) -> None:
        self.on_change()
        super().__setitem__(field, value)

    def __delitem__(self, field: str) -> None:
        self.on_change()
        super().__delitem__(field)

    def add(self, field: str, value: Any) -> None:
        """Add a field, and keep those of the same name."""
        self.on_change()
        super().add(field, value)

    def update(self, *args: Any, **kwargs: str) -> None:  # type: ignore[override]
        """Set fields, in place of those of the same names."""
        self.on_change()
        super().update(*args, **kwargs)

    def clear(self) -> None:
        """Remove all of the fields."""
        self.on_change()
        super().clear()


class DerivedUserAgent(LocustUserAgent):
    """A user agent that starts with the settings of another, and shares its client pool.

    The settings are named one by one. A unit test fails when a new version of geventhttpclient has one more.
    """

    def __init__(self, agent: LocustUserAgent) -> None:
        # The base class's __init__ would make a client pool and a copy of the headers that nobody uses. That takes
        # several times as long, and the fallback makes an agent for each request.
        self.clientpool = agent.clientpool
        self.max_redirects = agent.max_redirects
        self.max_retries = agent.max_retries
        self.retry_delay = agent.retry_delay
        # It is declared as a class variable, but Locust sets it on an instance.
        self.redirect_response_codes = agent.redirect_response_codes  # type: ignore[misc]
        self.default_headers = agent.default_headers
        self.cookiejar = agent.cookiejar


class TrackingUserAgent(DerivedUserAgent):
    """The user agent of a session. It calls ``on_change`` when its default headers or its cookie jar change."""

    def __init__(self, agent: LocustUserAgent, jar: TrackingCookieJar, on_change: Callable[[], None]) -> None:
        self._on_change = on_change
        super().__init__(agent)
        self.cookiejar = jar

    @property
    def default_headers(self) -> Headers:
        """Header fields that are sent with every request."""
        return self._default_headers

    @default_headers.setter
    def default_headers(self, headers: Headers) -> None:
        tracked = DefaultHeaders(list(headers.items()))
        tracked.on_change = self._on_change
        self._default_headers = tracked
        self._on_change()

    @property
    def cookiejar(self) -> CookieJar | None:
        """The jar that cookies are kept in and sent from; None for no cookies."""
        return self._cookiejar

    @cookiejar.setter
    def cookiejar(self, jar: CookieJar | None) -> None:
        self._cookiejar = jar
        self._on_change()

    def may_send_cookies(self) -> bool:
        """Return whether a request may need a Cookie header. A jar of the user's own may hold cookies already."""
        jar = self.cookiejar
        return jar is not None and (not isinstance(jar, TrackingCookieJar) or jar.used)
