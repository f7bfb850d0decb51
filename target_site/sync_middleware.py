"""A middleware without async support, such as many projects have. On ASGI, Django runs it in a thread."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.decorators import sync_only_middleware


@sync_only_middleware
def header_middleware(get_response: Callable[[HttpRequest], HttpResponse]) -> object:
    """Add the header X-Middleware to each response."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response["X-Middleware"] = "sync only"
        return response

    return middleware
