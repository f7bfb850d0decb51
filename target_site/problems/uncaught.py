"""Answer the exceptions that no process_exception sees: those of middleware and of error views.

Django answers them inside the middleware before the one that raised, so that only a part of the middleware sees the
response. Its signal got_request_exception tells of them, but has no say in the response. That is why Django's own
function is replaced here, as long as there is a middleware to answer in its place.
"""

from functools import wraps
from typing import Any, Protocol
from weakref import WeakSet

from django.conf import settings
from django.core.handlers import exception as exception_handling
from django.http import HttpRequest, HttpResponse

_django_response = exception_handling.handle_uncaught_exception


class Responder(Protocol):
    """A middleware that answers any exception."""

    def respond(self, exception: BaseException) -> HttpResponse:
        """Return the response."""


_responders: WeakSet[Any] = WeakSet()
"""The middleware of the handlers that are in use. Django's test client makes a handler for each set of settings."""


def answer_uncaught_exceptions(responder: Responder) -> None:
    """Let a middleware answer uncaught exceptions, until it is garbage."""
    _responders.add(responder)
    exception_handling.handle_uncaught_exception = _handle_uncaught_exception


@wraps(_django_response)
def _handle_uncaught_exception(request: HttpRequest, resolver: Any, exc_info: Any) -> HttpResponse:
    responder = next(iter(_responders), None)
    if responder is None or settings.DEBUG_PROPAGATE_EXCEPTIONS:
        return _django_response(request, resolver, exc_info)
    response: HttpResponse = responder.respond(exc_info[1])
    return response
