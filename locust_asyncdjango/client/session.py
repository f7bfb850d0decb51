"""FastSession: Locust's FastHttpSession on our own connections.

A plain request takes the fast path: its bytes are prepared once, one of our connections sends them, and the response is
read whole. The fallback (fallback.py) does what the fast path cannot: it follows redirects, keeps cookies and retries.
Start reading at FastSession.request.
"""

import time
from collections.abc import Iterable, Mapping
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
from locust_asyncdjango.client.host_fields import LoginFields, Origin, TrialFields
from locust_asyncdjango.client.http11 import InvalidRequestError, request_with_body
from locust_asyncdjango.client.invalid_request import UnsentRequest, invalid_host, invalid_request
from locust_asyncdjango.client.prepared_request import (
    AnyRequest,
    RequestPreparer,
    parse_url,
    with_accept_encoding,
)
from locust_asyncdjango.client.response import Response, ResponseContext, SocketResponse, WholeResponseContext
from locust_asyncdjango.client.user_agent import TrackingUserAgent
from locust_asyncdjango.failures.memory import remember
from locust_asyncdjango.failures.normalize import safe_line

SUCCESS_STATUSES = LocustUserAgent.valid_response_codes
REDIRECT_STATUSES = LocustUserAgent.redirect_response_codes

AnyResponse = Response | SocketResponse | ErrorResponse

# The exceptions that a request can end with, whatever the server sends. ValueError: a redirect may lead to something
# that is not an address. Any other exception was thrown into the waiting greenlet from outside: it is not reported.
REQUEST_ERRORS = (*FAILURE_EXCEPTIONS, MemoryError, RuntimeError, ValueError)


class FastSession(FastHttpSession):
    """A FastHttpSession that sends plain requests on a fast path, and reports each request exactly once."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Take the parameters of FastHttpSession, and pass them on."""
        host_error = None
        try:
            super().__init__(*args, **kwargs)
        except (AttributeError, TypeError, ValueError) as error:
            # At its end, it reads the credentials of the base URL. Each request will say what is wrong with them.
            if not hasattr(self, "client"):
                raise
            host_error = invalid_host(error)
        self._preparer = RequestPreparer(self.client)
        self.client: TrackingUserAgent = self._preparer.agent
        self.cookiejar = self._preparer.jar
        self._host_error: InvalidRequestError | None = host_error

    @property
    def base_url(self) -> str | None:
        """The URL that paths are appended to."""
        return self._base_url

    @base_url.setter
    def base_url(self, url: str | None) -> None:
        self._base_url = url
        self._host_error = None
        if hasattr(self, "_preparer"):  # not while FastHttpSession sets it
            self._preparer.discard()

    def set_login(self, headers: Mapping[str, str], unsafe_headers: Mapping[str, str]) -> None:
        """Add the header fields of a login to all later requests to this host, and to no other host.

        unsafe_headers: of requests besides that change something, such as a POST.
        Raise InvalidRequestError where the base URL is no address.
        """
        origin = Origin.of(parse_url(self._base_url or ""))
        self._preparer.host_fields.set_login(LoginFields(origin, headers, unsafe_headers))

    # Passing no keywords is cheaper than passing an empty dict of them.

    def get(self, url: str, **kwargs: Any) -> ResponseContextManager:
        """Send a GET; see ``request`` for the other parameters."""
        return self.request("GET", url, **kwargs) if kwargs else self.request("GET", url)

    def post(self, url: str, data: Any = None, json: Any = None, **kwargs: Any) -> ResponseContextManager:
        """Send a POST; see ``request`` for the other parameters."""
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
        """Send a request and report it once; see FastHttpSession.request for the parameters and the return value."""
        start_time = time.time()
        user_context = self.user.context() if self.user else {}
        context = {**user_context, **context} if context else {**user_context}
        response, elapsed_s, full_url = self._send(
            method, url, headers, data, auth, json, stream, allow_redirects, kwargs
        )
        length = self._finish(response, stream)
        request_meta = {
            "request_type": str(method),
            "name": str(name) if name else self.request_name or _name_of_url(str(url)),
            "context": context,
            "response": response,
            "exception": response.error,
            "start_time": start_time,
            "url": full_url,
            "response_length": length,
            "response_time": elapsed_s * 1000,
        }
        if catch_response:
            context_class = WholeResponseContext if isinstance(response, Response) else ResponseContext
            return context_class(response, self.request_event, request_meta, catch_response)
        self.request_event.fire(**request_meta)
        return response  # type: ignore[return-value]  # as FastHttpSession's

    def _send(
        self,
        method: str,
        url: str,
        headers: dict[str, Any] | None,
        data: Any,
        auth: tuple[str | bytes, str | bytes] | None,
        json: Any,
        stream: bool,
        allow_redirects: bool,
        options: dict[str, Any],
    ) -> tuple[AnyResponse, float, str]:
        """Send a request and return the response, the seconds that it took, and the whole URL.

        options: further parameters of UserAgent.urlopen, which only the fallback knows.
        """
        prepared, body = None, b""
        try:
            if auth or self.auth_header:
                headers = self._with_authorization(headers, auth)
            if json is not None and not data:
                data, headers = dumps(json), _with_json_types(headers)
            if not (data or headers or stream or options):
                prepared = self._preparer.kept.get((method, url))
            if prepared is None:
                prepared, body = self._prepare(method, url, headers, data, bool(stream or options))
        except Exception as error:  # noqa: BLE001  # raised here: while nothing waits, nobody can throw one in
            return self._refuse(method, url, error), 0.0, self._safe_url(url)
        started_s = time.perf_counter()
        response: AnyResponse | None = _send_prepared(prepared, body) if prepared is not None else None
        if response is None or (allow_redirects and response.status_code in REDIRECT_STATUSES):
            if not allow_redirects:
                options["max_redirects"] = 0
            response = self._send_fallback(method, url, headers, data, stream, response, options)
        elapsed_s = time.perf_counter() - started_s
        if prepared is None:
            return response, elapsed_s, self._build_url(url)
        response._elapsed = elapsed_s
        return response, elapsed_s, prepared.url

    def _prepare(
        self, method: str, url: str, headers: dict[str, Any] | None, data: Any, needs_fallback: bool
    ) -> tuple[AnyRequest | None, bytes]:
        """Return the prepared request and its body. The request is None where only the fallback can send it.

        Raise InvalidRequestError, or another exception where a parameter is of a wrong type.
        """
        if self._host_error is not None:
            raise self._host_error
        if not needs_fallback:
            prepared, body = self._preparer.prepare(self._base_url, method, url, headers, data)
            if prepared is not None:
                return prepared, body
        parse_url(self._build_url(url))
        if data and not (hasattr(data, "read") or isinstance(data, Iterable)):
            raise InvalidRequestError(f"a body cannot be of type {type(data).__name__}")
        return None, b""

    def _refuse(self, method: str, url: str, error: BaseException) -> ErrorResponse:
        """Return the response of a request that cannot be made. error: what was raised."""
        safe_url = self._safe_url(url)
        response = ErrorResponse(UnsentRequest(safe_url, str(method)), wrap_exception(safe_url, invalid_request(error)))
        response._elapsed = 0.0
        return response

    def _safe_url(self, url: str) -> str:
        full_url = self._build_url(url) if isinstance(url, str) else f"{self._base_url}{url}"
        return safe_line(full_url)

    def _send_fallback(
        self,
        method: str,
        url: str,
        headers: dict[str, Any] | None,
        data: Any,
        stream: bool,
        first: AnyResponse | None,
        options: dict[str, Any],
    ) -> AnyResponse:
        """Send a request by the fallback. first: the response that the fast path has already received, if any."""
        agent = FallbackAgent(self.client, self._preparer.pools, stream, first, self._preparer.host_fields)
        url = self._build_url(url)
        try:
            headers = with_accept_encoding(headers)
            response: Response | SocketResponse = agent.urlopen(
                url, method=method, headers=headers, payload=data, **options
            )
        except (*REQUEST_ERRORS, Exception) as error:
            if not agent.has_begun:
                return self._refuse(method, url, error)
            if not isinstance(error, REQUEST_ERRORS):
                raise
            request = getattr(error, "request", None) or self.client._make_request(
                url, method=method, headers=Headers(headers), payload=data, params=options.get("params")
            )
            return ErrorResponse(request, wrap_exception(url, error))
        if not stream:
            response.content  # noqa: B018  # reads it
        return response

    def _finish(self, response: AnyResponse, stream: bool) -> int:
        """Keep the cookies of a response, set its ``error`` if it failed, and return its length in bytes."""
        if isinstance(response, Response):
            raw = response.raw
            if raw.status in SUCCESS_STATUSES and not raw.may_set_cookie and not raw.may_be_coded:
                return len(raw.body)
            if raw.may_set_cookie and self.client.cookiejar is not None:
                self.client.cookiejar.extract_cookies(response, response.request)  # type: ignore[arg-type]
        if isinstance(response, ErrorResponse):
            return 0
        if stream:
            declared = response.headers.get("content-length") if response.headers else None
            length = int(declared) if isinstance(declared, str) and declared.isdecimal() else 0
        else:
            length = len(response.content)
        if response.status_code not in SUCCESS_STATUSES and response.error is None:
            response.error = response.status_error()
        return length

    def _with_authorization(
        self, headers: dict[str, Any] | None, auth: tuple[str | bytes, str | bytes] | None
    ) -> dict[str, Any]:
        if not auth:
            return {**(headers or {}), "Authorization": self.auth_header}
        try:
            return {**(headers or {}), "Authorization": _construct_basic_auth_str(*auth)}
        except UnicodeError:
            raise InvalidRequestError("the user name or the password has a character that is not latin-1") from None


class TrialSession(FastSession):
    """A session whose requests to the server of a trial of the lab have the fields that the probe there reads."""

    def __init__(self, *args: Any, trial: TrialFields, **kwargs: Any) -> None:
        """Take the parameters of FastHttpSession. trial: the fields; each session has its own."""
        super().__init__(*args, **kwargs)
        self._trial = self._preparer.host_fields.trial = trial

    def request(
        self, method: str, url: str, name: str | None = None, *args: Any, **kwargs: Any
    ) -> ResponseContextManager:
        """Send a request, with its name as the results of the run have it; see FastSession.request."""
        # Until the bytes of the request are made, no other greenlet runs.
        self._trial.name = f"{method} {name or self.request_name or _name_of_url(str(url))}"
        return super().request(method, url, name, *args, **kwargs)


def _name_of_url(url: str) -> str:
    """Return the name of a request that the locustfile has not named. Locust shows and writes it."""
    # Nothing announces a secret in a path.
    return url if "?" not in url and "@" not in url and url.isprintable() else _safe_name(url)


_safe_name = remember(512, len)(safe_line)


def _with_json_types(headers: dict[str, Any] | None) -> dict[str, Any]:
    with_types = dict(headers or {})
    for name in ("Content-Type", "Accept"):
        if name not in with_types and name.lower() not in with_types:
            with_types[name] = "application/json"
    return with_types


def _send_prepared(prepared: AnyRequest, body: bytes) -> Response | ErrorResponse:
    template = prepared.template
    request = request_with_body(prepared.head, body) if body else prepared.complete
    try:
        raw = template.pool.send(request, template.repeatable, template.bodyless)
    except REQUEST_ERRORS as error:
        return ErrorResponse(prepared.request(body), wrap_exception(prepared.url, error))
    return Response(raw, prepared, body)
