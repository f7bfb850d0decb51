"""Errors outside a view are problems too, and contain nothing of the exception."""

import json

import pytest
from django.http import HttpRequest, HttpResponse

from target_site.problems import error_views

SECRET = Exception("SELECT secret")


@pytest.mark.parametrize(
    ("response", "members"),
    [
        (error_views.bad_request(HttpRequest(), SECRET), {"title": "Bad Request", "status": 400}),
        (error_views.forbidden(HttpRequest(), SECRET), {"title": "Forbidden", "status": 403}),
        (
            error_views.csrf_failure(HttpRequest(), "no cookie"),
            {"title": "Forbidden", "status": 403, "detail": "no cookie"},
        ),
        (
            error_views.not_found(HttpRequest(), SECRET),
            {"title": "Not Found", "status": 404, "detail": "the routes are listed at /"},
        ),
        (error_views.server_error(HttpRequest()), {"title": "Internal Server Error", "status": 500}),
    ],
    ids=["400", "403", "csrf", "404", "500"],
)
def test_an_error_view(response: HttpResponse, members: dict[str, object]) -> None:
    assert (response.status_code, response["Content-Type"]) == (members["status"], "application/problem+json")
    assert json.loads(response.content) == {"type": "about:blank", **members}
