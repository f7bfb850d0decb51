"""Django's error views for the site on its own server: an error outside a view is a JSON problem too."""

from django.http import HttpRequest, HttpResponse

from .response import problem_response


def csrf_failure(_request: HttpRequest, reason: str = "") -> HttpResponse:
    """Return 403 with Django's reason. Django calls it as CSRF_FAILURE_VIEW."""
    return problem_response(403, "Forbidden", detail=reason)


def bad_request(_request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django passes it by name
    """Return 400 without details. Django calls it as handler400."""
    return problem_response(400, "Bad Request")


def forbidden(_request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django passes it by name
    """Return 403 without details. Django calls it as handler403."""
    return problem_response(403, "Forbidden")


def not_found(_request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django passes it by name
    """Return 404 and say where the routes are listed. Django calls it as handler404."""
    return problem_response(404, "Not Found", detail="the routes are listed at /")


def server_error(_request: HttpRequest) -> HttpResponse:
    """Return 500 without details, for what fails outside a view. Django calls it as handler500."""
    return problem_response(500, "Internal Server Error")
