"""The fallback: redirects, cookies and retries, by geventhttpclient's rules.

Plain HTTP uses our connections here too. TLS, proxies, streams and bodies that are files or generators use
geventhttpclient's own connections. Start reading at FallbackAgent.
"""

from typing import Any

from locust.contrib.fasthttp import FastRequest, FastResponse, LocustUserAgent

from locust_asyncdjango.client.http11 import field_lines, request_line
from locust_asyncdjango.client.pool import Pools
from locust_asyncdjango.client.prepared_request import (
    METHODS_WITH_LENGTH,
    REPEATABLE_METHODS,
    UNSUPPORTED_FIELDS,
    fields_to_send,
    request_target,
)
from locust_asyncdjango.client.response import Response, SocketResponse
from locust_asyncdjango.client.user_agent import DerivedUserAgent


class MadeRequest:
    """A RequestSource for a request object that geventhttpclient has made."""

    def __init__(self, request: FastRequest) -> None:
        self._request = request

    @property
    def url(self) -> str:
        """The whole URL of the request."""
        url: str = self._request.url
        return url

    def request(self, _body: bytes) -> FastRequest:
        """Return the request, which has its body already."""
        return self._request


class FallbackAgent(DerivedUserAgent):
    """Sends one request of a session: it follows redirects, keeps cookies and retries."""

    response_type = SocketResponse

    def __init__(self, agent: LocustUserAgent, pools: Pools | None, stream: bool, first: FastResponse | None) -> None:
        """Take over the settings of a session's agent.

        pools: our connections; None where they cannot be used. stream: see FastHttpSession. first: the response that
        the fast path has already received, if any. It takes the place of the first exchange.
        """
        super().__init__(agent)
        self._pools = pools
        self._stream = stream
        self._first = first

    def _verify_status(self, status_code: int, url: Any = None) -> None:
        """Accept each status: the session reports a failure, once and with its kind."""

    def _urlopen(self, request: Any) -> FastResponse:
        if self._first is not None:
            first, self._first = self._first, None
            return first
        url, body = request.url_split, request.payload or b""
        if isinstance(body, str):
            body = body.encode()
        pools = self._pools if url.scheme == "http" and not self._stream else None
        if pools is None or not isinstance(body, bytes) or not UNSUPPORTED_FIELDS.isdisjoint(request.headers):
            socket_response: FastResponse = super()._urlopen(request)  # type: ignore[no-untyped-call]
            return socket_response
        return _exchange(pools, request, body)


def _exchange(pools: Pools, request: Any, body: bytes) -> Response:
    """Send a request object of geventhttpclient over our connections. Raise OSError and HTTPParseError."""
    url, headers = request.url_split, request.headers.copy()
    if body or request.method in METHODS_WITH_LENGTH:
        headers.setdefault("Content-Length", str(len(body)))
    line = request_line(request.method, request_target(url))
    head = b"%b%b\r\n" % (line, field_lines(fields_to_send(headers, url)))
    raw = pools.pool_for(url).send(head + body, request.method in REPEATABLE_METHODS, request.method == "HEAD")
    response = Response(raw, MadeRequest(request), b"")
    response._sent_request = head.decode("latin-1")
    return response
