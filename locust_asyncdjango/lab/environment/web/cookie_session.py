"""Requests of one visitor of a site, whose cookies are kept from one to the next. Redirects are not followed."""

import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from http.cookiejar import CookieJar
from typing import Any

from locust_asyncdjango.lab.environment.http_client import direct_opener
from locust_asyncdjango.routes.login_steps import cookie_policy
from locust_asyncdjango.routes.requests import SAFE_METHODS, Request


@dataclass(frozen=True, slots=True)
class WebResponse:
    """A response. headers: its fields. seconds: from the request to the end of the body."""

    status: int
    headers: Message = field(repr=False)
    body: bytes = field(repr=False)
    seconds: float = 0.0

    @property
    def location(self) -> str:
        """Where a redirect leads; "" for nowhere."""
        return str(self.headers.get("Location", ""))


class CookieSession:
    """A visitor of a site. url: of the site. timeout_s: for each whole response."""

    def __init__(self, url: str, timeout_s: float) -> None:
        self.url = url.rstrip("/")
        self._timeout_s = timeout_s
        self._jar = CookieJar(cookie_policy(url))
        self._opener = direct_opener(_NoRedirects(), urllib.request.HTTPCookieProcessor(self._jar))

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies that are kept now, by name."""
        return {cookie.name: cookie.value or "" for cookie in self._jar}

    def send(self, request: Request, fields: Mapping[str, str] | None = None) -> WebResponse:
        """Send a request and return the response, whatever its status.

        fields: further header fields. Raise OSError where no whole response comes.
        """
        body = None if request.method in SAFE_METHODS and not request.body else request.body
        headers = {**(fields or {}), **request.headers}
        prepared = urllib.request.Request(  # noqa: S310 - the lab's own servers, or the user's
            self.url + request.path, body, headers, method=request.method
        )
        begin_s = time.perf_counter()
        try:
            with self._open(prepared) as response:
                content = response.read()
        except http.client.HTTPException as error:
            raise OSError(f"no HTTP response: {error!r}") from None
        return WebResponse(response.status, response.headers, content, time.perf_counter() - begin_s)

    def _open(self, request: urllib.request.Request) -> Any:
        try:
            return self._opener.open(request, timeout=self._timeout_s)
        except urllib.error.HTTPError as error:
            return error  # a response with another status


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Follow no redirect: it is the response."""
