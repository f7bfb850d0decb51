"""A session's user agent, which reports when its default headers or its cookies change."""

from collections.abc import Callable
from http.cookiejar import Cookie, CookieJar
from typing import Any

from geventhttpclient.header import Headers
from locust.contrib.fasthttp import LocustUserAgent


class TrackingCookieJar(CookieJar):
    """Knows whether it has ever been given a cookie."""

    def __init__(self, changed: Callable[[], None]) -> None:
        super().__init__()
        self.used = False
        self._changed = changed

    def set_cookie(self, cookie: Cookie) -> None:
        self.used = True
        self._changed()
        super().set_cookie(cookie)


class DefaultHeaders(Headers):
    """Tells when it is changed."""

    changed: Callable[[], None] = staticmethod(lambda: None)

    def __setitem__(self, field: str, value: Any) -> None:
        self.changed()
        super().__setitem__(field, value)

    def __delitem__(self, field: str) -> None:
        self.changed()
        super().__delitem__(field)

    def add(self, field: str, value: Any) -> None:
        """See Headers.add."""
        self.changed()
        super().add(field, value)

    def update(self, *args: Any, **kwargs: str) -> None:  # type: ignore[override]
        """See Headers.update."""
        self.changed()
        super().update(*args, **kwargs)

    def clear(self) -> None:
        """See dict.clear."""
        self.changed()
        super().clear()


class TrackingUserAgent(LocustUserAgent):
    """A session's user agent, which tells when its default headers or its cookies are changed."""

    def __init__(self, agent: LocustUserAgent, jar: TrackingCookieJar, changed: Callable[[], None]) -> None:
        self.__dict__.update(agent.__dict__)
        self._changed = changed
        self.default_headers = agent.default_headers
        self.cookiejar = jar

    @property
    def default_headers(self) -> Headers:
        """Sent with every request."""
        headers: Headers = self.__dict__["default_headers"]
        return headers

    @default_headers.setter
    def default_headers(self, headers: Headers) -> None:
        watched = DefaultHeaders(list(headers.items()))
        watched.changed = self._changed
        self.__dict__["default_headers"] = watched
        self._changed()

    @property
    def cookiejar(self) -> CookieJar | None:
        """Where cookies are kept, and taken from."""
        jar: CookieJar | None = self.__dict__["cookiejar"]
        return jar

    @cookiejar.setter
    def cookiejar(self, jar: CookieJar | None) -> None:
        self.__dict__["cookiejar"] = jar
        self._changed()

    def may_send_cookies(self) -> bool:
        """A jar that is not ours may hold some already."""
        jar = self.cookiejar
        return jar is not None and (not isinstance(jar, TrackingCookieJar) or jar.used)
