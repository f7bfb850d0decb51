"""HTTP requests of the lab to servers that it has started on this machine."""

import http.client
import urllib.error
import urllib.request

# Servers are on this machine: a proxy from the environment is not asked.
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def responds(url: str) -> bool:
    """Whether a GET gets any HTTP answer."""
    try:
        get(url)
    except urllib.error.HTTPError as error:
        error.close()
        return True
    except OSError:
        return False
    return True


def get(url: str, timeout_s: float = 5) -> bytes:
    """The body that a GET gets with 200. Raises OSError."""
    return _body(url, None, timeout_s)


def post(url: str, form: bytes, timeout_s: float = 5) -> bytes:
    """The body that a POST of a form gets with a status of success. Raises OSError."""
    return _body(url, form, timeout_s)


def _body(url: str, form: bytes | None, timeout_s: float) -> bytes:
    try:
        with _DIRECT.open(url, form, timeout=timeout_s) as response:
            body: bytes = response.read()
            return body
    except http.client.HTTPException as error:
        raise OSError(f"no HTTP answer: {error!r}") from None
