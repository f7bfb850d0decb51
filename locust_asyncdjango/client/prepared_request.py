"""Requests that are ready to be sent. Parts that do not change from one request to the next are made once and kept.

RequestPreparer decides whether the fast path can send a request. It keeps prepared requests until a default header, a
cookie or the base URL of the session changes. Start reading at RequestPreparer.prepare.
"""

import re
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode, urlsplit

from geventhttpclient.client import HTTPClient
from geventhttpclient.header import Headers
from geventhttpclient.url import DEFAULT_PORTS, URL
from locust.contrib.fasthttp import FastRequest, LocustUserAgent, absolute_http_url_regexp

from locust_asyncdjango.client.host_fields import HostFields, Origin, TrialFields
from locust_asyncdjango.client.http11 import (
    InvalidRequestError,
    field_lines,
    is_target,
    request_line,
    request_with_body,
)
from locust_asyncdjango.client.transport.pool import Pools, pools_of_client_pool
from locust_asyncdjango.client.transport.request_body import METHODS_WITH_LENGTH
from locust_asyncdjango.client.user_agent import TrackingCookieJar, TrackingUserAgent

MAX_KEPT_REQUESTS = 64
"""Prepared requests that a session keeps."""

MAX_KEPT_BYTES = 128 * 1024
"""What they take, in bytes, and what their templates take."""

MAX_KEPT_ITEM_BYTES = 16 * 1024
"""The largest one that is kept."""

OBJECT_BYTES = 1000
"""What one takes besides its text, about."""

MAX_KEPT_FORMS, MAX_KEPT_FORM_CHARACTERS = 256, 2048
"""Encoded forms that a process keeps, and the characters of the longest one."""

REPEATABLE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})
"""Methods that may be sent again if it is not known whether the request arrived (RFC 9110, section 9.2.2)."""

FRAMING_FIELDS = frozenset({"content-length", "expect", "transfer-encoding"})
"""Header fields that say how a request is sent; a request that has one takes the fallback."""

FORM, TEXT, BYTES = (
    "application/x-www-form-urlencoded; charset=utf-8",
    "text/plain; charset=utf-8",
    "application/octet-stream",
)
"""The Content-Type of a dict, a str and bytes, unless the request has one of its own."""


class RequestTemplate:
    """What requests of one kind have in common: their method, header fields and pool; all but the target and the body.

    lines: the header fields as they are sent. repeatable, bodyless: see Pool.send.
    """

    def __init__(self, method: str, url: URL, headers: Headers, pools: Pools) -> None:
        """Prepare the header fields. url: of any such request, for its host. Raise ValueError if a field is invalid."""
        self.method = method
        self.headers = headers
        self.origin = Origin.of(url)
        self.pool = pools.pool_for(url)
        self.prefix, proxy_fields = pools.for_proxy(url)
        self.lines = field_lines([*fields_to_send(headers, url), *proxy_fields])
        self.repeatable = method in REPEATABLE_METHODS
        self.bodyless = method == "HEAD"

    @property
    def size(self) -> int:
        """Return about how many bytes it takes: its fields are there as text and as objects."""
        return OBJECT_BYTES + 3 * len(self.lines)


class PreparedRequest:
    """A request without its body.

    url: absolute. head: the request line and the fields, to which a body's length is added. complete: the whole request
    where it has no body.
    """

    __slots__ = ("complete", "head", "template", "url")

    def __init__(self, template: RequestTemplate, url: str, target: str) -> None:
        """Prepare a request to a percent-encoded path and query. Raise InvalidRequestError."""
        self.template = template
        self.url = url
        self.head = request_line(template.method, target, template.prefix) + template.lines
        has_length = template.method in METHODS_WITH_LENGTH
        self.complete = request_with_body(self.head, b"") if has_length else self.head + b"\r\n"

    def request(self, body: bytes) -> FastRequest:
        """Return the request object that Locust's users know."""
        headers = self.template.headers.copy()
        if body:
            headers["content-length"] = str(len(body))
        return FastRequest(self.url, method=self.template.method, headers=headers, payload=body or None)


class TrialRequest:
    """A prepared request to the server of a trial. Its bytes are made anew each time, with the fields of the trial."""

    __slots__ = ("_complete", "_fields", "_request", "template", "url")

    def __init__(self, request: PreparedRequest, fields: TrialFields) -> None:
        self.template = request.template
        self.url = request.url
        self._request = request
        self._complete = request.complete.removesuffix(b"\r\n")
        self._fields = fields

    @property
    def head(self) -> bytes:
        """The request line and the fields, as in PreparedRequest."""
        return self._request.head + self._fields.lines()

    @property
    def complete(self) -> bytes:
        """The whole request where it has no body."""
        return b"%b%b\r\n" % (self._complete, self._fields.lines())

    def request(self, body: bytes) -> FastRequest:
        """Return the request object that Locust's users know. It has no fields of the trial."""
        return self._request.request(body)


AnyRequest = PreparedRequest | TrialRequest


class KeptItems(dict[tuple[str, ...], Any]):
    """Items by key, up to a number of items and of bytes. When they are full, all of them are discarded."""

    def __init__(self) -> None:
        super().__init__()
        self._size = 0

    def keep(self, key: tuple[str, ...], item: Any, size: int) -> None:
        """Keep an item, unless it is large. size: its bytes, without those of the key."""
        size += sum(map(len, key)) + OBJECT_BYTES
        if size > MAX_KEPT_ITEM_BYTES:
            return
        if len(self) >= MAX_KEPT_REQUESTS or self._size + size > MAX_KEPT_BYTES:
            self.clear()
        self[key] = item
        self._size += size

    def clear(self) -> None:
        """Discard all items, and what was prepared from them."""
        super().clear()
        self._size = 0


class RequestPreparer:
    """Prepares the requests of a session, and keeps them until something changes that they were made from."""

    def __init__(self, agent: LocustUserAgent) -> None:
        self.kept = KeptItems()
        """The key is method and URL; for a request with a body or headers: method, content type, headers and URL."""
        self._templates = KeptItems()
        self.jar = TrackingCookieJar(self.discard)
        self.agent = TrackingUserAgent(agent, self.jar, self.discard)
        self.pools = pools_of_client_pool(agent.clientpool)
        self.host_fields = HostFields(self.discard)

    def discard(self) -> None:
        """Discard all prepared requests, because something has changed that they were made from."""
        self.kept.clear()
        self._templates.clear()

    def prepare(
        self, base_url: str | None, method: str, url: str, headers: dict[str, Any] | None, data: Any
    ) -> tuple[AnyRequest | None, bytes]:
        """Return the prepared request and its body. The request is None where only the fallback can send it.

        base_url: what a path in url is appended to. data: a dict (a form), a str or bytes; None for no body. Raise
        InvalidRequestError, or another exception where a parameter is of a wrong type.
        """
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
        # Headers as text, since 1 and True are the same key but not the same header.
        kind = (method, content_type, str(headers) if headers else "")
        key = (*kind, url) if data or headers else (method, url)
        prepared: AnyRequest | None = self.kept.get(key)
        if prepared is None:
            prepared = self._new_request(base_url, url, kind, headers)
            if prepared is not None:
                size = len(prepared.url) + len(prepared.head) + len(prepared.complete)
                self.kept.keep(key, prepared, size if kind in self._templates else size + prepared.template.size)
        return prepared, body

    def _new_request(
        self, base_url: str | None, url: str, kind: tuple[str, str, str], headers: dict[str, Any] | None
    ) -> AnyRequest | None:
        """Return None where the fallback has to send the request. Raise InvalidRequestError."""
        full_url = url if absolute_http_url_regexp.match(url) else f"{base_url}{url}"
        if is_target(url):
            target, template = url, self._template_of_base(base_url, kind, headers)
        else:
            parts = parse_url(full_url)
            target, template = request_target(parts), self._new_template(parts, kind, headers)
        if template is None:
            return None
        request, trial = PreparedRequest(template, full_url, target), self.host_fields.trial_at(template.origin)
        return request if trial is None else TrialRequest(request, trial)

    def _template_of_base(
        self, base_url: str | None, kind: tuple[str, str, str], headers: dict[str, Any] | None
    ) -> RequestTemplate | None:
        """Return the template for paths below the base URL, or None where the base URL is more than an origin."""
        template: RequestTemplate | None
        if kind in self._templates:
            template = self._templates[kind]
            return template
        base = parse_url(base_url or "")
        has_more = base.request_uri or base.fragment
        template = None if has_more else self._new_template(base, kind, headers)
        self._templates.keep(kind, template, template.size if template else 0)
        return template

    def _new_template(
        self, url: URL, kind: tuple[str, str, str], headers: dict[str, Any] | None
    ) -> RequestTemplate | None:
        method, content_type, _ = kind
        fields = self.agent.default_headers.copy()
        fields.update(self.host_fields.login_fields(method, url))
        fields.update(with_accept_encoding(headers))
        if self.pools is None or not FRAMING_FIELDS.isdisjoint(fields):
            return None
        if content_type and "content-type" not in fields:
            fields["content-type"] = content_type
        return RequestTemplate(method.upper(), url, fields, self.pools)


def _encoded(form: dict[Any, Any]) -> bytes:
    if {*map(type, form), *map(type, form.values())} == {str}:
        characters = len("".join(form)) + len("".join(form.values()))
        if characters <= MAX_KEPT_FORM_CHARACTERS:
            return _encoded_strings(tuple(form.items()))
    return urlencode(form).encode()


@lru_cache(maxsize=MAX_KEPT_FORMS)
def _encoded_strings(form: tuple[tuple[str, str], ...]) -> bytes:
    """Encode a form of strings only: a load test often sends the same one, and equal strings are encoded alike."""
    return urlencode(form).encode()


def with_accept_encoding(headers: dict[str, Any] | None) -> dict[str, Any]:
    """Return headers with the content codings that can be decoded, unless they name others themselves."""
    headers = headers or {}
    if "Accept-Encoding" in headers or "accept-encoding" in headers:
        return headers
    return {**headers, "Accept-Encoding": "gzip, deflate, br"}


_parsed_urls: Any = urlsplit
"""The standard library's cache: it keeps the last 128 URLs, however long they are."""
_CONTROL_CHARACTER = re.compile(r"[\x00-\x1f\x7f]")


def parse_url(address: str) -> URL:
    """Return the parts of an absolute address. Raise InvalidRequestError if it cannot lead to an HTTP server.

    The message does not show the address, which may hold a password.
    """
    if len(address) > MAX_KEPT_ITEM_BYTES:
        _parsed_urls.cache_clear()
    # urlsplit would remove some of them, and another path would be requested.
    if _CONTROL_CHARACTER.search(address):
        raise InvalidRequestError("the address has a control character, such as a line break")
    try:
        url = URL(address)
        port = url.port
        url.host.encode("idna")
    except ValueError:
        raise InvalidRequestError("the address cannot be parsed: check its host and its port") from None
    if url.scheme not in DEFAULT_PORTS:
        raise InvalidRequestError("the address does not begin with http:// or https://")
    if not url.host or not port:
        raise InvalidRequestError(f"the address has no {'port but 0' if url.host else 'host'}")
    return url


def request_target(url: URL) -> str:
    """Return the path and query of a URL, percent-encoded, as they stand in a request line."""
    target: str = url.quoted_uri
    return target if target.startswith("/") else f"/{target}"


def fields_to_send(headers: Headers, url: URL) -> list[tuple[str, str]]:
    """Return the header fields of a request with Host (RFC 9110, section 7.2) and geventhttpclient's defaults."""
    fields = list(headers.items())
    if "host" not in headers:
        host = f"[{url.host}]" if ":" in url.host else url.host
        fields.append(("Host", host if url.port == DEFAULT_PORTS.get(url.scheme) else f"{host}:{url.port}"))
    return fields + [(name, value) for name, value in HTTPClient.DEFAULT_HEADERS.items() if name not in headers]
