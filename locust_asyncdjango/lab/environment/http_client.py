"""HTTP requests of the lab to servers that it has started on this machine, or that the user names."""

import base64
import http.client
import io
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

from locust_asyncdjango.probe.protocol import TOKEN_HEADER

RESPONSE_LIMIT = 64 * 2**20
"""The most bytes of a response, its head included."""


def responds(url: str, timeout_s: float = 5) -> bool:
    """Return whether a GET gets the head of an HTTP response, whatever its status. The body may have no end."""
    try:
        with _open(url, None, timeout_s):
            return True
    except urllib.error.HTTPError as error:
        error.close()
        return True
    except OSError:
        return False


def get(url: str, timeout_s: float = 5, *, token: str = "") -> bytes:
    """Send a GET and return the body of the response.

    timeout_s: for the connection, and for the whole response. token: of the server's start, sent in a header; "" for
    none.
    Raise OSError for an error status, for a response that is too large or takes too long, or where there is none.
    """
    return _body(url, None, timeout_s, token)


def post(url: str, form: bytes, timeout_s: float = 5) -> bytes:
    """Send a POST with a form, URL-encoded, and return the body of the response. Raise OSError as ``get`` does."""
    return _body(url, form, timeout_s)


@dataclass(frozen=True, slots=True)
class Site:
    """A site that runs: its address, and the token with which its pages for the lab answer; "" where it has none."""

    url: str
    token: str = field(default="", repr=False)

    def read(self, path: str, timeout_s: float) -> bytes:
        """Return the body of a page for the lab. Raise OSError as ``get`` does."""
        return get(f"{self.url}{path}", timeout_s, token=self.token)


def _require_within_limit(size: int) -> None:
    if size > RESPONSE_LIMIT:
        raise OSError(f"the response has more than {RESPONSE_LIMIT} bytes")


class _LimitedReader(io.RawIOBase):
    """Reads a response from a socket until the socket's timeout has passed in all, or RESPONSE_LIMIT is reached."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._stream = sock.makefile("rb", buffering=0)
        self._timeout_s = sock.gettimeout() or 0.0
        self._deadline_s = time.monotonic() + self._timeout_s
        self._size = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        try:
            if (remaining_s := self._deadline_s - time.monotonic()) <= 0:
                raise TimeoutError
            self._sock.settimeout(remaining_s)
            size = self._stream.readinto(buffer)
        except TimeoutError:
            raise TimeoutError(f"the response did not end within {self._timeout_s:g} s") from None
        self._size += size or 0
        _require_within_limit(self._size)
        return size

    def close(self) -> None:
        self._stream.close()
        super().close()


class _Response(http.client.HTTPResponse):
    """A response whose head and body are read within limits."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp.close()
        self.fp = io.BufferedReader(_LimitedReader(sock))


class _HttpConnection(http.client.HTTPConnection):
    response_class = _Response


class _HttpsConnection(http.client.HTTPSConnection):
    response_class = _Response


class _HttpHandler(urllib.request.HTTPHandler):
    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_HttpConnection, req)


class _HttpsHandler(urllib.request.HTTPSHandler):
    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_HttpsConnection, req)


def direct_opener(*handlers: urllib.request.BaseHandler) -> urllib.request.OpenerDirector:
    """Return an opener whose responses are read within the limits of this module. handlers: further ones of urllib.

    The servers are on this machine: a proxy that the environment names must not be used.
    """
    return urllib.request.build_opener(urllib.request.ProxyHandler({}), _HttpHandler, _HttpsHandler, *handlers)


_DIRECT = direct_opener()


def _body(url: str, form: bytes | None, timeout_s: float, token: str = "") -> bytes:
    with _open(url, form, timeout_s, token) as response:
        _require_within_limit(response.length or 0)  # Python takes memory for as much as is announced
        return response.read()


@contextmanager
def _open(url: str, form: bytes | None, timeout_s: float, token: str = "") -> Iterator[http.client.HTTPResponse]:
    """Send a request, and yield the response once its head has been read. Raise OSError where it is no response."""
    try:
        with _DIRECT.open(_request(url, form, token), timeout=timeout_s) as response:
            yield response
    except http.client.HTTPException as error:
        raise OSError(f"no HTTP response: {error!r}") from None


def _request(url: str, form: bytes | None, token: str) -> urllib.request.Request:
    """Return the request. A user name and a password in the URL become a header field, as in browsers and in Locust."""
    parts = urlsplit(url)
    login, has_login, address = parts.netloc.rpartition("@")
    url_without_login = parts._replace(netloc=address).geturl()
    request = urllib.request.Request(url_without_login, form)  # noqa: S310 - the lab's own servers, or the user's
    # Neither is sent to where a redirect leads, which may be another site.
    if token:
        request.add_unredirected_header(TOKEN_HEADER, token)
    if has_login:
        request.add_unredirected_header("Authorization", f"Basic {base64.b64encode(unquote_to_bytes(login)).decode()}")
    return request
