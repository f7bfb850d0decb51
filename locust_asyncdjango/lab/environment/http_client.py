"""HTTP requests of the lab to servers that it has started on this machine."""

import http.client
import urllib.error
import urllib.request

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


def get(url: str, timeout_s: float = 5) -> bytes:
    """Send a GET and return the body of the response.

    Raise OSError for an error status, or where there is no response.
    """
    return _body(url, None, timeout_s)


def post(url: str, form: bytes, timeout_s: float = 5) -> bytes:
    """Send a POST with a form, URL-encoded, and return the body of the response.

    Raise OSError for an error status, or where there is no response.
    """
    return _body(url, form, timeout_s)


def _body(url: str, form: bytes | None, timeout_s: float) -> bytes:
    try:
        with _DIRECT.open(url, form, timeout=timeout_s) as response:
            body: bytes = response.read()
            return body
    except http.client.HTTPException as error:
        raise OSError(f"no HTTP response: {error!r}") from None
