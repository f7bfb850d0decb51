"""HTTP requests of the lab to servers that it has started on this machine, or that the user names."""

import base64
import http.client
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes, urlsplit

from locust_asyncdjango.probe.protocol import TOKEN_HEADER

# The servers are on this machine: a proxy that the environment names must not be used.
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def responds(url: str) -> bool:
    """Return whether a GET gets an HTTP response, whatever its status."""
    try:
        get(url)
    except urllib.error.HTTPError as error:
        error.close()
        return True
    except OSError:
        return False
    return True


def get(url: str, timeout_s: float = 5, *, token: str = "") -> bytes:
    """Send a GET and return the body of the response.

    token: of the server's start, sent in a header; "" for none.
    Raise OSError for an error status, or where there is no response.
    """
    return _body(url, None, timeout_s, token)


def post(url: str, form: bytes, timeout_s: float = 5) -> bytes:
    """Send a POST with a form, URL-encoded, and return the body of the response.

    Raise OSError for an error status, or where there is no response.
    """
    return _body(url, form, timeout_s)


@dataclass(frozen=True, slots=True)
class Site:
    """A site that runs: its address, and the token with which its pages for the lab answer; "" where it has none."""

    url: str
    token: str = field(default="", repr=False)

    def read(self, path: str, timeout_s: float) -> bytes:
        """Return the body of a page for the lab. Raise OSError for an error status, or where there is no response."""
        return get(f"{self.url}{path}", timeout_s, token=self.token)


def _body(url: str, form: bytes | None, timeout_s: float, token: str = "") -> bytes:
    try:
        with _DIRECT.open(_request(url, form, token), timeout=timeout_s) as response:
            body: bytes = response.read()
            return body
    except http.client.HTTPException as error:
        raise OSError(f"no HTTP response: {error!r}") from None


def _request(url: str, form: bytes | None, token: str) -> urllib.request.Request:
    """Return the request. A user name and a password in the URL become a header field, as in browsers and in Locust."""
    parts = urlsplit(url)
    login, has_login, address = parts.netloc.rpartition("@")
    address_alone = parts._replace(netloc=address).geturl()
    request = urllib.request.Request(address_alone, form)  # noqa: S310 - the lab's own servers, or the user's
    # Neither is sent to where a redirect leads, which may be another site.
    if token:
        request.add_unredirected_header(TOKEN_HEADER, token)
    if has_login:
        request.add_unredirected_header("Authorization", f"Basic {base64.b64encode(unquote_to_bytes(login)).decode()}")
    return request
