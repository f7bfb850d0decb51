"""The pages for the lab alone. They answer only to who sends the token of this start of the server in a header.

For everybody else, and where the server was started without a token, they are not there: the response is a 404. One of
them says what the server runs, and the other holds requests for seconds.
"""

import os
from functools import wraps
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.http import Http404, HttpRequest
from django.utils.crypto import constant_time_compare

from target_site.routes.route import View

# The lab has the same names, in locust_asyncdjango/probe/protocol.py, which this site does not import.
TOKEN_VARIABLE = "LOCUST_ASYNCDJANGO_TOKEN"  # noqa: S105 - a name, not a token
TOKEN_HEADER = "X-Locust-Asyncdjango-Token"  # noqa: S105 - a name, not a token


def require_token(view: View) -> View:
    """Return the view, sync or async as it is, for requests with the token; it raises Http404 for all others."""
    if iscoroutinefunction(view):

        @wraps(view)
        async def guarded_async(request: HttpRequest) -> Any:
            _check_token(request)
            return await view(request)

        return guarded_async

    @wraps(view)
    def guarded(request: HttpRequest) -> Any:
        _check_token(request)
        return view(request)

    return guarded


def _check_token(request: HttpRequest) -> None:
    token = os.environ.get(TOKEN_VARIABLE, "")
    if not token or not constant_time_compare(request.headers.get(TOKEN_HEADER, ""), token):
        raise Http404
