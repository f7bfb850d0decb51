"""Requests that cannot be made of what a locustfile passes: they are reported like any failed request.

Messages show nothing of what was passed, as an address may hold a password, and a header a token.
"""

import re

from geventhttpclient.header import Headers
from locust.contrib.fasthttp import FastRequest

from locust_asyncdjango.client.http11 import InvalidRequestError

_QUOTED = re.compile(r"'.*'|\".*\"", re.DOTALL)


class UnsentRequest(FastRequest):
    """The request object of a request that could not be made: its method and its URL as far as they are known."""

    def __init__(self, url: str, method: str) -> None:
        """Make one without parsing the URL. url: absolute, and without secrets."""
        self.url = url
        self.method = method
        self.headers = Headers()
        self.payload = None


def invalid_request(error: BaseException) -> InvalidRequestError:
    """Return the error that says why a request cannot be made. error: what was raised."""
    if isinstance(error, InvalidRequestError):
        return error
    if isinstance(error, UnicodeEncodeError):  # whose own message and arguments have the text
        return InvalidRequestError(f"a text cannot be encoded as {error.encoding}")
    text = str(error)
    if type(error) is ValueError:  # such as urllib's, which quotes what it takes for the port: a part of a password
        text = _QUOTED.sub("...", text)
    return InvalidRequestError(f"{type(error).__name__}: {text}")


def invalid_host(error: BaseException) -> InvalidRequestError:
    """Return the error of all requests of a session whose base URL cannot be used. error: what was raised."""
    if isinstance(error, UnicodeEncodeError):
        return InvalidRequestError("the user name or the password of the host has a character that is not latin-1")
    return InvalidRequestError("the host cannot be parsed: it has to be like http://name:8000")
