"""A middleware as many projects still have one: it knows nothing of async, so that Django runs it in a thread."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.decorators import sync_only_middleware


@sync_only_middleware
def header_middleware(get_response: Callable[[HttpRequest], HttpResponse]) -> object:
    """Adds a header to each answer."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response["X-Middleware"] = "sync only"
        return response

    return middleware
