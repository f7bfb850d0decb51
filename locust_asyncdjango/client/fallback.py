"""What the short way does not do: redirects, cookies and retries, by geventhttpclient's rules."""

from typing import Any

from locust.contrib.fasthttp import FastRequest, FastResponse, LocustUserAgent

from locust_asyncdjango.client.http11 import field_lines, request_line
from locust_asyncdjango.client.pool import Pools
from locust_asyncdjango.client.prepared_request import NOT_OURS, REPEATABLE, WITH_LENGTH, as_sent, target_of
from locust_asyncdjango.client.response import Response, SocketResponse


class MadeRequest:
    """Knows a request that geventhttpclient has made."""

    def __init__(self, request: FastRequest) -> None:
        self._request = request

    @property
    def url(self) -> str:
        url: str = self._request.url
        return url

    def request(self, _body: bytes) -> FastRequest:
        return self._request


class FallbackAgent(LocustUserAgent):
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
        line = request_line(request.method, target_of(url))
        head = b"%b%b\r\n" % (line, field_lines(as_sent(headers, url)))
        pool = pools.to(url)
        response = Response(
            pool.ask(head + body, request.method in REPEATABLE, request.method == "HEAD"), MadeRequest(request), b""
        )
        response._sent_request = head.decode("latin-1")
        return response
