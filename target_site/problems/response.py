"""The response that carries a JSON problem, and the exception that asks for one."""

from typing import Any

from django.http import JsonResponse


class BadInputError(ValueError):
    """A view cannot use what the client sent. The message says why, and the client sees it (status 400)."""


def problem_response(status: int, title: str, **members: Any) -> JsonResponse:
    """Return a response of media type application/problem+json, with more members beside type, title and status."""
    body = {"type": "about:blank", "title": title, "status": status, **members}
    return JsonResponse(body, status=status, content_type="application/problem+json")
