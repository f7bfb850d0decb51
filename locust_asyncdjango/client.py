"""FastUser: FastHttpUser's API and behaviour at a fraction of its cost, with failures that say what broke.

A request has a short way: its bytes are prepared once, it goes out on a connection of ours, and its answer comes back
whole. What the short way does not do is left to geventhttpclient's user agent: it decides on redirects, cookies and
retries, over our connections where they serve (plain HTTP), and over its own for TLS, proxies and streams.
"""

import time
from collections.abc import Callable
from http.cookiejar import Cookie, CookieJar
from json import dumps
from typing import Any
from urllib.parse import urlencode

import gevent
from geventhttpclient.header import Headers
from geventhttpclient.url import URL
from locust.contrib.fasthttp import (
    ErrorResponse,
    FastHttpSession,
    FastHttpUser,
    FastRequest,
    FastResponse,
    LocustUserAgent,
    ResponseContextManager,
    _construct_basic_auth_str,
)

from locust_asyncdjango.connection import Pool, Pools
from locust_asyncdjango.response import Checked, CheckedResponse, Response, SocketResponse, failed
from locust_asyncdjango.wire import field_lines, is_target, request_line, whole_request

MOST_PREPARED = 64
"""Requests that a session keeps prepared."""

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

VALID, REDIRECTS = LocustUserAgent.valid_response_codes, LocustUserAgent.redirect_response_codes

Outcome = Response | SocketResponse | ErrorResponse

# What a client raises when a request fails; a Timeout of gevent's is no Exception.
ERRORS = (Exception, gevent.Timeout)


class Jar(CookieJar):
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


class Origin:
    """Where requests of a kind go, and what they have in common: all but the target and the body."""

    def __init__(self, method: str, url: URL, headers: Headers, pool: Pool) -> None:
        """Raises ValueError for a header that is none."""
        self.method = method
        self.headers = headers
        self.pool = pool
        self.lines = field_lines(_with_host(headers, url))
        self.repeatable = method in REPEATABLE
        self.bodyless = method == "HEAD"


class Prepared:
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


class FastSession(FastHttpSession):
    """FastHttpSession that sends what is plain by the short way, and reports each request once whatever comes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._prepared: dict[tuple[str, ...], Prepared] = {}
        self._origins: dict[tuple[str, str, str], Origin | None] = {}
        super().__init__(*args, **kwargs)
        self.cookiejar: Jar = Jar(self._forget)
        self.client.cookiejar = self.cookiejar
        self.client.default_headers = DefaultHeaders(self.client.default_headers)
        self.client.default_headers.changed = self._forget
        self._pools = Pools.beside(self.client.clientpool)

    @property
    def base_url(self) -> str | None:
        """What a path is appended to."""
        return self._base_url

    @base_url.setter
    def base_url(self, url: str | None) -> None:
        self._base_url = url
        self._forget()

    def _forget(self) -> None:
        """What was prepared is no longer right."""
        self._prepared.clear()
        self._origins.clear()

    # Passing no keywords on is cheaper than passing none of them on.

    def get(self, url: str, **kwargs: Any) -> ResponseContextManager:
        """See FastHttpSession.get."""
        return self.request("GET", url, **kwargs) if kwargs else self.request("GET", url)

    def post(self, url: str, data: Any = None, json: Any = None, **kwargs: Any) -> ResponseContextManager:
        """See FastHttpSession.post."""
        return (
            self.request("POST", url, data=data, json=json, **kwargs)
            if kwargs
            else self.request("POST", url, data=data, json=json)
        )

    def request(
        self,
        method: str,
        url: str,
        name: str | None = None,
        data: Any = None,
        catch_response: bool = False,
        stream: bool = False,
        headers: dict[str, Any] | None = None,
        auth: tuple[str | bytes, str | bytes] | None = None,
        json: Any = None,
        allow_redirects: bool = True,
        context: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> ResponseContextManager:
        """Sends a request and reports it once; see FastHttpSession.request for the arguments and what comes back."""
        start_time = time.time()
        user_context = self.user.context() if self.user else {}
        context = {**user_context, **context} if context else {**user_context}
        if auth or self.auth_header:
            headers = {
                **(headers or {}),
                "Authorization": _construct_basic_auth_str(*auth) if auth else self.auth_header,
            }
        if json is not None and not data:
            data, headers = dumps(json), _for_json(headers)

        prepared, body = None, b""
        if not (data or headers or stream or kwargs):
            prepared = self._prepared.get((method, url))
        if prepared is None and not (stream or kwargs):
            prepared, body = self._ready(method, url, headers, data)
        begun = time.perf_counter()
        response: Outcome | None = self._by_the_short_way(prepared, body) if prepared is not None else None
        if response is None or (allow_redirects and response.status_code in REDIRECTS):
            if not allow_redirects:
                kwargs["max_redirects"] = 0
            response = self._by_the_long_way(method, url, headers, data, stream, response, **kwargs)
        took_s = time.perf_counter() - begun

        if prepared is not None:
            response._elapsed = took_s
        length = self._take_in(response, stream)
        full_url = prepared.url if prepared is not None else self._build_url(url)
        name = name or self.request_name or url
        if catch_response:
            checked = CheckedResponse if isinstance(response, Response) else Checked
            about = {
                "request_type": method,
                "name": name,
                "context": context,
                "response": response,
                "exception": response.error,
                "start_time": start_time,
                "url": full_url,
                "response_length": length,
                "response_time": took_s * 1000,
            }
            return checked(response, self.request_event, about, catch_response)
        self.request_event.fire(
            request_type=method,
            name=name,
            context=context,
            response=response,
            exception=response.error,
            start_time=start_time,
            url=full_url,
            response_length=length,
            response_time=took_s * 1000,
        )
        return response  # type: ignore[return-value]  # as FastHttpSession's

    def _ready(self, method: str, url: str, headers: dict[str, Any] | None, data: Any) -> tuple[Prepared | None, bytes]:
        """The request and its body; None for a request that the short way will not do for."""
        content_type, body = "", b""
        if self._pools is None or self.cookiejar.used or self.client.max_retries:
            return None, b""
        if data:
            if isinstance(data, dict):
                content_type, body = FORM, urlencode(data).encode()
            elif isinstance(data, str):
                content_type, body = TEXT, data.encode()
            elif isinstance(data, bytes):
                content_type, body = BYTES, data
            else:
                return None, b""
        # As text, since 1 and True are the same key but not the same header.
        common = (method, content_type, str(headers) if headers else "")
        key = (*common, url) if data or headers else (method, url)
        prepared = self._prepared.get(key)
        if prepared is None:
            prepared = self._prepare(url, common, headers)
            if prepared is not None:
                if len(self._prepared) >= MOST_PREPARED:
                    self._prepared.clear()
                self._prepared[key] = prepared
        return prepared, body

    def _prepare(self, url: str, common: tuple[str, str, str], headers: dict[str, Any] | None) -> Prepared | None:
        """None where it is left to the long way, also to say what is wrong with it."""
        full_url = self._build_url(url)
        try:
            if is_target(url):
                target, origin = url, self._base_origin(common, headers)
            else:
                parts = URL(full_url)
                target, origin = parts.quoted_uri or "/", self._origin(parts, common, headers)
            return Prepared(origin, full_url, target) if origin else None
        except ValueError:
            return None

    def _base_origin(self, common: tuple[str, str, str], headers: dict[str, Any] | None) -> Origin | None:
        """That of base_url; None where a path is not all that follows it."""
        if common not in self._origins:
            if len(self._origins) >= MOST_PREPARED:
                self._origins.clear()
            base = URL(self.base_url or "")
            self._origins[common] = None if base.request_uri else self._origin(base, common, headers)
        return self._origins[common]

    def _origin(self, url: URL, common: tuple[str, str, str], headers: dict[str, Any] | None) -> Origin | None:
        method, content_type, _ = common
        fields = self.client.default_headers.copy()
        fields.update(_accepting(headers))
        if self._pools is None or url.scheme != "http" or not LEFT_TO_AGENT.isdisjoint(fields):
            return None
        if content_type and "content-type" not in fields:
            fields["content-type"] = content_type
        return Origin(method.upper(), url, fields, self._pools.to(url))

    def _by_the_short_way(self, prepared: Prepared, body: bytes) -> Response | ErrorResponse:
        origin = prepared.origin
        whole = whole_request(prepared.head, body) if body else prepared.whole
        try:
            answer = origin.pool.ask(whole, origin.repeatable, origin.bodyless)
        except ERRORS as error:
            return ErrorResponse(prepared.request(body), failed(prepared.url, error))
        return Response(answer, prepared, body)

    def _by_the_long_way(
        self,
        method: str,
        url: str,
        headers: dict[str, Any] | None,
        data: Any,
        stream: bool,
        first: Outcome | None,
        **kwargs: Any,
    ) -> Outcome:
        """first: the answer that the short way has had, if any."""
        agent = _LongWay(self.client, self._pools, stream, first)
        url, headers = self._build_url(url), _accepting(headers)
        try:
            response: Response | SocketResponse = agent.urlopen(
                url, method=method, headers=headers, payload=data, **kwargs
            )
        except ERRORS as error:
            request = getattr(error, "request", None) or self.client._make_request(
                url, method=method, headers=Headers(headers), payload=data, params=kwargs.get("params")
            )
            return ErrorResponse(request, failed(url, error))
        if not stream:
            response.content  # noqa: B018  # reads it
        return response

    def _take_in(self, response: Outcome, stream: bool) -> int:
        """Keeps cookies, names a failure, and says how long the content is."""
        if isinstance(response, Response):
            answer = response.answer
            if answer.status in VALID and not answer.may_set_cookie and not answer.may_be_coded:
                return len(answer.body)
            if answer.may_set_cookie:
                self.cookiejar.extract_cookies(response, response.request)  # type: ignore[arg-type]
        if isinstance(response, ErrorResponse):
            return 0
        if stream:
            declared = response.headers.get("content-length") if response.headers else None
            length = int(declared) if isinstance(declared, str) and declared.isdecimal() else 0
        else:
            length = len(response.content)
        if response.status_code not in VALID and response.error is None:
            response.error = response.refused()
        return length


def _accepting(headers: dict[str, Any] | None) -> dict[str, Any]:
    """With the content codings that can be undone, unless others are asked for."""
    given = headers or {}
    if "Accept-Encoding" in given or "accept-encoding" in given:
        return given
    return {**given, "Accept-Encoding": "gzip, deflate, br"}


def _for_json(headers: dict[str, Any] | None) -> dict[str, Any]:
    given = dict(headers or {})
    for name in ("Content-Type", "Accept"):
        if name not in given and name.lower() not in given:
            given[name] = "application/json"
    return given


def _with_host(headers: Headers, url: URL) -> list[tuple[str, str]]:
    """The fields of a request, with Host (RFC 9110, section 7.2)."""
    fields = list(headers.items())
    if "host" not in headers:
        host = f"[{url.host}]" if ":" in url.host else url.host
        fields.append(("Host", host if url.port == 80 else f"{host}:{url.port}"))
    return fields


class _Made:
    """Knows a request that geventhttpclient has made."""

    def __init__(self, request: FastRequest) -> None:
        self._request = request

    @property
    def url(self) -> str:
        url: str = self._request.url
        return url

    def request(self, _body: bytes) -> FastRequest:
        return self._request


class _LongWay(LocustUserAgent):
    """A session's user agent for one request: it follows redirects, keeps cookies and retries."""

    response_type = SocketResponse

    def __init__(self, agent: LocustUserAgent, pools: Pools | None, stream: bool, first: FastResponse | None) -> None:
        self.__dict__.update(agent.__dict__)
        self._pools = pools
        self._stream = stream
        self._first = first

    def _verify_status(self, status_code: int, url: Any = None) -> None:
        """The session names a failure."""

    def _urlopen(self, request: Any) -> FastResponse:
        if self._first is not None:
            first, self._first = self._first, None
            return first
        url, body = request.url_split, request.payload or b""
        if isinstance(body, str):
            body = body.encode()
        pools = self._pools if url.scheme == "http" and not self._stream else None
        if pools is None or not isinstance(body, bytes) or not NOT_OURS.isdisjoint(request.headers):
            read_later: FastResponse = super()._urlopen(request)  # type: ignore[no-untyped-call]
            return read_later
        headers = request.headers.copy()
        if body or request.method in WITH_LENGTH:
            headers.setdefault("Content-Length", str(len(body)))
        line = request_line(request.method, url.quoted_uri or "/")
        head = b"%b%b\r\n" % (line, field_lines(_with_host(headers, url)))
        pool = pools.to(url)
        response = Response(
            pool.ask(head + body, request.method in REPEATABLE, request.method == "HEAD"), _Made(request), b""
        )
        response._sent_request = head.decode("latin-1")
        return response


class FastUser(FastHttpUser):
    """FastHttpUser with its whole API, several times faster, whose failures are classified at the source."""

    abstract = True

    def __init__(self, environment: Any) -> None:
        super().__init__(environment)
        self.client: FastSession = FastSession(
            base_url=self.host,
            request_event=self.environment.events.request,
            user=self,
            insecure=self.insecure,
            client_pool=self.client_pool,
            ssl_context_factory=self.ssl_context_factory,
            network_timeout=self.network_timeout,
            connection_timeout=self.connection_timeout,
            max_redirects=self.max_redirects,
            max_retries=self.max_retries,
            concurrency=self.concurrency,
            headers=self.default_headers,
            proxy_host=self.proxy_host,
            proxy_port=self.proxy_port,
        )
