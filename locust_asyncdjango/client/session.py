"""FastUser: FastHttpUser's API and behaviour at a fraction of its cost, with failures that say what broke.

A request has a short way: its bytes are prepared once, it goes out on a connection of ours, and its answer comes back
whole. What the short way does not do is left to geventhttpclient's user agent: it decides on redirects, cookies and
retries, over our connections where they serve (plain HTTP), and over its own for TLS, proxies and streams.
"""

import time
from json import dumps
from typing import Any

from geventhttpclient.header import Headers
from locust.contrib.fasthttp import (
    FAILURE_EXCEPTIONS,
    ErrorResponse,
    FastHttpSession,
    LocustUserAgent,
    ResponseContextManager,
    _construct_basic_auth_str,
)

from locust_asyncdjango.client.exceptions import wrap_exception
from locust_asyncdjango.client.fallback import FallbackAgent
from locust_asyncdjango.client.http11 import whole_request
from locust_asyncdjango.client.prepared_request import (
    PreparedRequest,
    Preparer,
    accepting,
)
from locust_asyncdjango.client.response import Checked, CheckedResponse, Response, SocketResponse
from locust_asyncdjango.client.user_agent import TrackingUserAgent

VALID, REDIRECTS = LocustUserAgent.valid_response_codes, LocustUserAgent.redirect_response_codes

Outcome = Response | SocketResponse | ErrorResponse

# What a request may end with, whatever the server sends; a redirect can lead to what is no address at all. What else is
# raised while it waits was thrown by somebody, and is not ours.
ERRORS = (*FAILURE_EXCEPTIONS, RuntimeError, ValueError)


class FastSession(FastHttpSession):
    """FastHttpSession that sends what is plain by the short way, and reports each request once whatever comes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._requests = Preparer(self.client)
        self.client: TrackingUserAgent = self._requests.agent
        self.cookiejar = self._requests.jar

    @property
    def base_url(self) -> str | None:
        """What a path is appended to."""
        return self._base_url

    @base_url.setter
    def base_url(self, url: str | None) -> None:
        self._base_url = url
        if hasattr(self, "_requests"):  # not while FastHttpSession sets it
            self._requests.forget()

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
            prepared = self._requests.kept.get((method, url))
        if prepared is None and not (stream or kwargs):
            prepared, body = self._requests.ready(self._base_url, method, url, headers, data)
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
        about = {
            "request_type": method,
            "name": name or self.request_name or url,
            "context": context,
            "response": response,
            "exception": response.error,
            "start_time": start_time,
            "url": prepared.url if prepared is not None else self._build_url(url),
            "response_length": length,
            "response_time": took_s * 1000,
        }
        if catch_response:
            checked = CheckedResponse if isinstance(response, Response) else Checked
            return checked(response, self.request_event, about, catch_response)
        self.request_event.fire(**about)
        return response  # type: ignore[return-value]  # as FastHttpSession's

    def _by_the_short_way(self, prepared: PreparedRequest, body: bytes) -> Response | ErrorResponse:
        origin = prepared.origin
        whole = whole_request(prepared.head, body) if body else prepared.whole
        try:
            answer = origin.pool.ask(whole, origin.repeatable, origin.bodyless)
        except ERRORS as error:
            return ErrorResponse(prepared.request(body), wrap_exception(prepared.url, error))
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
        agent = FallbackAgent(self.client, self._requests.pools, stream, first)
        url, headers = self._build_url(url), accepting(headers)
        try:
            response: Response | SocketResponse = agent.urlopen(
                url, method=method, headers=headers, payload=data, **kwargs
            )
        except ERRORS as error:
            request = getattr(error, "request", None) or self.client._make_request(
                url, method=method, headers=Headers(headers), payload=data, params=kwargs.get("params")
            )
            return ErrorResponse(request, wrap_exception(url, error))
        if not stream:
            response.content  # noqa: B018  # reads it
        return response

    def _take_in(self, response: Outcome, stream: bool) -> int:
        """Keeps cookies, names a failure, and says how long the content is."""
        if isinstance(response, Response):
            answer = response.answer
            if answer.status in VALID and not answer.may_set_cookie and not answer.may_be_coded:
                return len(answer.body)
            if answer.may_set_cookie and self.client.cookiejar is not None:
                self.client.cookiejar.extract_cookies(response, response.request)  # type: ignore[arg-type]
        if isinstance(response, ErrorResponse):
            return 0
        if stream:
            declared = response.headers.get("content-length") if response.headers else None
            length = int(declared) if isinstance(declared, str) and declared.isdecimal() else 0
        else:
            length = len(response.content)
        if response.status_code not in VALID and response.error is None:
            response.error = response.status_error()
        return length


def _for_json(headers: dict[str, Any] | None) -> dict[str, Any]:
    given = dict(headers or {})
    for name in ("Content-Type", "Accept"):
        if name not in given and name.lower() not in given:
            given[name] = "application/json"
    return given
