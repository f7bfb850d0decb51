"""Its middleware: one queries a database that refuses, one answers for an exception of a view."""

from django.db import connections
from django.http import HttpRequest, HttpResponse
from django.utils.deprecation import MiddlewareMixin


class BusyError(Exception):
    """The shop's own error, which AnsweringMiddleware answers."""


class GuardMiddleware(MiddlewareMixin):
    """Asks the refusing database before all views below /guarded/."""

    def process_request(self, request: HttpRequest) -> None:
        if request.path.startswith("/guarded/"):
            connections["refused"].ensure_connection()


class AnsweringMiddleware(MiddlewareMixin):
    """Turns a BusyError into a page."""

    def process_exception(self, _request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return HttpResponse("busy", status=503) if isinstance(exception, BusyError) else None
