"""The fallback: redirects, cookies and retries, by geventhttpclient's rules.

It uses our connections too, also for streams and for bodies that are files or generators. Start reading at
FallbackAgent.
"""

from typing import Any

from locust.contrib.fasthttp import FastRequest, FastResponse, LocustUserAgent

from locust_asyncdjango.client.host_fields import HostFields
from locust_asyncdjango.client.http11 import field_lines, request_line
from locust_asyncdjango.client.prepared_request import REPEATABLE_METHODS, fields_to_send, request_target
from locust_asyncdjango.client.response import Response, SocketResponse
from locust_asyncdjango.client.transport.pool import Pools
from locust_asyncdjango.client.transport.request_body import framed
from locust_asyncdjango.client.transport.stream import StreamReader
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

    def __init__(
        self,
        agent: LocustUserAgent,
        pools: Pools | None,
        stream: bool,
        first: FastResponse | None,
        host_fields: HostFields | None = None,
    ) -> None:
        """Take over the settings of a session's agent.

        pools: our connections; None where they cannot be used. stream: see FastHttpSession. first: the response that
        the fast path has already received, if any. It takes the place of the first exchange. host_fields: the header
        fields that only requests to one host have.
        """
        super().__init__(agent)
        self._pools = pools
        self._stream = stream
        self._first = first
        self._host_fields = host_fields
        self._added: tuple[str, ...] = ()
        self.has_begun = False
        """Whether there was a request that could be sent."""

    def _verify_status(self, status_code: int, url: Any = None) -> None:
        """Accept each status: the session reports a failure, once and with its kind."""

    def _urlopen(self, request: Any) -> FastResponse:
        self.has_begun = True
        if self._first is not None:
            first, self._first = self._first, None
            return first
        if self._host_fields is not None:
            self._added = self._host_fields.apply(request, self._added)
        if self._pools is None:
            socket_response: FastResponse = super()._urlopen(request)  # type: ignore[no-untyped-call]
            return socket_response
        return _exchange(self._pools, request, self._stream)


def _exchange(pools: Pools, request: Any, stream: bool) -> Response | SocketResponse:
    """Send a request object of geventhttpclient over our connections. Raise OSError, HTTPParseError and ValueError."""
    url, method, headers = request.url_split, request.method, request.headers.copy()
    body = request.payload or b""
    first, rest = framed(body.encode() if isinstance(body, str) else body, method, headers)
    prefix, proxy_fields = pools.for_proxy(url)
    fields = field_lines([*fields_to_send(headers, url), *proxy_fields])
    head = b"%b%b\r\n" % (request_line(method, request_target(url), prefix), fields)
    pool, repeatable = pools.pool_for(url), method in REPEATABLE_METHODS and not rest
    if stream:
        streamed: Any = pool.open_stream(head + first, repeatable, StreamReader(method), rest)
        return SocketResponse(streamed, request, head.decode("latin-1"))
    raw = pool.send(head + first, repeatable, method == "HEAD", rest)
    response = Response(raw, MadeRequest(request), b"")
    response._sent_request = head.decode("latin-1")
    return response
