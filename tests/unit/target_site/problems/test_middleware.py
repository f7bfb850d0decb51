"""Which response the middleware gives to an exception, and to a method that a view does not allow."""

import asyncio
import json
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed

from locust_asyncdjango.failures.classify import classify
from target_site.models import Post
from target_site.problems import BadInputError, ProblemMiddleware

PROBLEM = "application/problem+json"


def respond(exception: Exception) -> HttpResponse | None:
    """Return the middleware's response to an exception of a view."""
    return ProblemMiddleware(lambda _: HttpResponse()).process_exception(HttpRequest(), exception)


@pytest.mark.parametrize(
    ("exception", "members"),
    [
        (BadInputError("n must be small"), {"title": "Bad Request", "status": 400, "detail": "n must be small"}),
        (Post.DoesNotExist(), {"title": "Not Found", "status": 404, "detail": "there is no such post"}),
        (RuntimeError("secret"), {"title": "Internal Server Error", "status": 500, "exception": "RuntimeError"}),
    ],
    ids=["bad input", "no post", "other"],
)
def test_an_exception_becomes_a_problem(exception: Exception, members: dict[str, Any]) -> None:
    response = respond(exception)
    assert response is not None
    assert (response.status_code, response["Content-Type"]) == (members["status"], PROBLEM)
    assert json.loads(response.content) == {"type": "about:blank", **members}


@pytest.mark.parametrize("exception", [Http404("x"), PermissionDenied("x"), SuspiciousOperation("x")])
def test_django_answers_its_own_exceptions(exception: Exception) -> None:
    assert respond(exception) is None


def test_the_load_generator_classifies_a_problem() -> None:
    response = respond(OperationalError("FATAL:  sorry, too many clients already"))
    assert response is not None
    failure = classify(status=500, headers={"content-type": PROBLEM}, body=response.content)
    assert failure is not None
    assert failure.kind == "db_too_many_clients"


def not_allowed(_request: HttpRequest) -> HttpResponse:
    return HttpResponseNotAllowed(["GET", "HEAD"])


async def not_allowed_async(_request: HttpRequest) -> HttpResponse:
    return HttpResponseNotAllowed(["GET", "HEAD"])


def test_a_method_that_is_not_allowed_is_a_problem_too() -> None:
    on_wsgi = ProblemMiddleware(not_allowed)(HttpRequest())
    on_asgi = asyncio.run(ProblemMiddleware(not_allowed_async)(HttpRequest()))
    for response in (on_wsgi, on_asgi):
        assert (response.status_code, response["Content-Type"], response["Allow"]) == (405, PROBLEM, "GET, HEAD")
        assert json.loads(response.content)["detail"] == "allowed methods: GET, HEAD"


@pytest.mark.parametrize("response", [HttpResponse(b"ok"), HttpResponse(b"own text", status=405)])
def test_other_responses_stay_as_they_are(response: HttpResponse) -> None:
    assert ProblemMiddleware(lambda _: response)(HttpRequest()) is response
