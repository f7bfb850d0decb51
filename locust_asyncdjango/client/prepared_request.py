"""Requests that are ready to be sent: what does not change from one to the next is made once and kept."""

from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from geventhttpclient.client import HTTPClient
from geventhttpclient.header import Headers
from geventhttpclient.url import URL
from locust.contrib.fasthttp import FastRequest, LocustUserAgent, absolute_http_url_regexp

from locust_asyncdjango.client.http11 import field_lines, is_target, request_line, whole_request
from locust_asyncdjango.client.pool import Pool, Pools
from locust_asyncdjango.client.user_agent import TrackingCookieJar, TrackingUserAgent

MOST_KEPT = 64
"""Requests that a session keeps."""

REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})
"""Methods that may be sent anew where nobody knows whether they arrived (RFC 9110, section 9.2.2)."""

WITH_LENGTH = frozenset({"POST", "PUT", "PATCH"})
"""Methods that say how long their body is even when there is none (RFC 9110, section 8.6)."""

LEFT_TO_AGENT = frozenset({"content-length", "expect", "transfer-encoding"})
"""Header fields that say how a request is sent."""

NOT_OURS = frozenset({"expect", "transfer-encoding"})
"""Those of them that only geventhttpclient's connections can obey."""

FORM, TEXT, BYTES = (
    "application/x-www-form-urlencoded; charset=utf-8",
    "text/plain; charset=utf-8",
    "application/octet-stream",
)
"""What a body is unless its Content-Type says otherwise."""


class Origin:
    """Where requests of a kind go, and what they have in common: all but the target and the body."""

    def __init__(self, method: str, url: URL, headers: Headers, pool: Pool) -> None:
        """Raises ValueError for a header that is none."""
        self.method = method
        self.headers = headers
        self.pool = pool
        self.lines = field_lines(as_sent(headers, url))
        self.repeatable = method in REPEATABLE
        self.bodyless = method == "HEAD"


class PreparedRequest:
    """A request but for its body."""

    __slots__ = ("head", "origin", "url", "whole")

    def __init__(self, origin: Origin, url: str, target: str) -> None:
        """Raises ValueError for a target that is none."""
        self.origin = origin
        self.url = url
        self.head = request_line(origin.method, target) + origin.lines
        self.whole = whole_request(self.head, b"") if origin.method in WITH_LENGTH else self.head + b"\r\n"

    def request(self, body: bytes) -> FastRequest:
        """As geventhttpclient has it."""
        headers = self.origin.headers.copy()
        if body:
            headers["content-length"] = str(len(body))
        return FastRequest(self.url, method=self.origin.method, headers=headers, payload=body or None)


class Preparer:
    """Prepares a session's requests and keeps them, until what they were made of changes."""

    def __init__(self, agent: LocustUserAgent) -> None:
        self.kept: dict[tuple[str, ...], PreparedRequest] = {}
        """By method and URL; where there is more, by its type, the header and the URL."""
        self._origins: dict[tuple[str, str, str], Origin | None] = {}
        self.jar = TrackingCookieJar(self.forget)
        self.agent = TrackingUserAgent(agent, self.jar, self.forget)
        self.pools = Pools.beside(agent.clientpool)

    def forget(self) -> None:
        """What is kept is no longer right."""
        self.kept.clear()
        self._origins.clear()

    def ready(
        self, base_url: str | None, method: str, url: str, headers: dict[str, Any] | None, data: Any
    ) -> tuple[PreparedRequest | None, bytes]:
        """The request and its body; None for a request that the short way will not do for."""
        content_type, body = "", b""
        if self.pools is None or self.agent.max_retries or self.agent.may_send_cookies():
            return None, b""
        if data:
            if isinstance(data, dict):
                content_type, body = FORM, _encoded(data)
            elif isinstance(data, str):
                content_type, body = TEXT, data.encode()
            elif isinstance(data, bytes):
                content_type, body = BYTES, data
            else:
                return None, b""
        # As text, since 1 and True are the same key but not the same header.
        common = (method, content_type, str(headers) if headers else "")
        key = (*common, url) if data or headers else (method, url)
        prepared = self.kept.get(key)
        if prepared is None:
            prepared = self._prepare(base_url, url, common, headers)
            if prepared is not None:
                if len(self.kept) >= MOST_KEPT:
                    self.kept.clear()
                self.kept[key] = prepared
        return prepared, body

    def _prepare(
        self, base_url: str | None, url: str, common: tuple[str, str, str], headers: dict[str, Any] | None
    ) -> PreparedRequest | None:
        """None where it is left to the long way, also to say what is wrong with it."""
        full_url = url if absolute_http_url_regexp.match(url) else f"{base_url}{url}"
        try:
            if is_target(url):
                target, origin = url, self._base_origin(base_url, common, headers)
            else:
                parts = URL(full_url)
                target, origin = target_of(parts), self._origin(parts, common, headers)
            return PreparedRequest(origin, full_url, target) if origin else None
        except ValueError:
            return None

    def _base_origin(
        self, base_url: str | None, common: tuple[str, str, str], headers: dict[str, Any] | None
    ) -> Origin | None:
        """That of the base URL; None where a path is not all that follows it."""
        if common not in self._origins:
            if len(self._origins) >= MOST_KEPT:
                self._origins.clear()
            base = URL(base_url or "")
            self._origins[common] = None if base.request_uri or base.fragment else self._origin(base, common, headers)
        return self._origins[common]

    def _origin(self, url: URL, common: tuple[str, str, str], headers: dict[str, Any] | None) -> Origin | None:
        method, content_type, _ = common
        fields = self.agent.default_headers.copy()
        fields.update(accepting(headers))
        if self.pools is None or url.scheme != "http" or not LEFT_TO_AGENT.isdisjoint(fields):
            return None
        if content_type and "content-type" not in fields:
            fields["content-type"] = content_type
        return Origin(method.upper(), url, fields, self.pools.to(url))


def _encoded(form: dict[Any, Any]) -> bytes:
    if {*map(type, form), *map(type, form.values())} == {str}:
        return _encoded_strings(tuple(form.items()))
    return urlencode(form).encode()


@lru_cache(maxsize=256)
def _encoded_strings(form: tuple[tuple[str, str], ...]) -> bytes:
    """A load test often sends the same form; only of strings it is certain that equal ones read the same."""
    return urlencode(form).encode()


def accepting(headers: dict[str, Any] | None) -> dict[str, Any]:
    """With the content codings that can be undone, unless others are asked for."""
    given = headers or {}
    if "Accept-Encoding" in given or "accept-encoding" in given:
        return given
    return {**given, "Accept-Encoding": "gzip, deflate, br"}


def target_of(url: URL) -> str:
    """What is asked for at its origin, percent-encoded."""
    target: str = url.quoted_uri
    return target if target.startswith("/") else f"/{target}"


def as_sent(headers: Headers, url: URL) -> list[tuple[str, str]]:
    """The fields of a request, with those that every request has: Host is RFC 9110's, section 7.2."""
    fields = list(headers.items())
    if "host" not in headers:
        host = f"[{url.host}]" if ":" in url.host else url.host
        fields.append(("Host", host if url.port == 80 else f"{host}:{url.port}"))
    return fields + [(name, value) for name, value in HTTPClient.DEFAULT_HEADERS.items() if name not in headers]
