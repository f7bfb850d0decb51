"""Answer the exceptions that no process_exception sees: those of middleware and of error views.

Django answers them inside the middleware before the one that raised, so that only a part of the middleware sees the
response. Its signal got_request_exception tells of them, but has no say in the response. That is why Django's own
function is replaced here. Where the settings have none of our middleware, as in a test that overrides them, it is used.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.core.handlers import exception as exception_handling
from django.http import HttpRequest, HttpResponse
from django.utils.module_loading import import_string

_django_response = exception_handling.handle_uncaught_exception


def answer_uncaught_exceptions(middleware: type, respond: Callable[[BaseException], HttpResponse]) -> None:
    """Answer uncaught exceptions by this function, where a class of middleware or one derived from it is installed."""

    @wraps(_django_response)
    def handle_uncaught_exception(request: HttpRequest, resolver: Any, exc_info: Any) -> HttpResponse:
        if settings.DEBUG_PROPAGATE_EXCEPTIONS or not _is_installed(middleware):
            return _django_response(request, resolver, exc_info)
        return respond(exc_info[1])

    exception_handling.handle_uncaught_exception = handle_uncaught_exception


def _is_installed(middleware: type) -> bool:
    classes = map(import_string, settings.MIDDLEWARE)
    return any(isinstance(each, type) and issubclass(each, middleware) for each in classes)
