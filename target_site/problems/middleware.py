"""The middleware that turns exceptions into JSON problems."""

from typing import Any

from asgiref.sync import iscoroutinefunction
from django.core.exceptions import BadRequest, ObjectDoesNotExist, PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.http.multipartparser import MultiPartParserError
from django.utils.deprecation import MiddlewareMixin

from .exception_details import describe_exception
from .response import BadInputError, problem_response
from .uncaught import answer_uncaught_exceptions

# Django handles these itself, with a status from 400 to 499.
_HANDLED_BY_DJANGO = (Http404, PermissionDenied, SuspiciousOperation, BadRequest, MultiPartParserError)


class ProblemMiddleware(MiddlewareMixin):
    """Send a JSON problem for an exception of a view or of a middleware, and for a method that a view does not allow.

    Add ``target_site.problems.ProblemMiddleware`` to MIDDLEWARE, at any place, so that a load generator learns which
    exception was raised. It works on WSGI and on ASGI, and needs Django 4.2 or newer, no driver and no model. It
    applies to all views of the project, so use it on test servers only.
    """

    def __init__(self, get_response: Any) -> None:
        super().__init__(get_response)
        self._is_async = iscoroutinefunction(get_response)
        answer_uncaught_exceptions(ProblemMiddleware, respond)

    # On ASGI, MiddlewareMixin would run process_response in a thread. These two methods need no thread.
    def __call__(self, request: HttpRequest) -> Any:
        """Return the response; on ASGI, return an awaitable of it."""
        return self.__acall__(request) if self._is_async else _with_body(self.get_response(request))

    async def __acall__(self, request: HttpRequest) -> HttpResponseBase:
        """Return the response, on ASGI."""
        response: Any = self.get_response(request)
        return _with_body(await response)

    def process_exception(self, _request: HttpRequest | None, exception: Exception) -> HttpResponse | None:
        """Return 400 for bad input, 404 for a post that does not exist, None for what Django handles, otherwise 500."""
        return None if isinstance(exception, _HANDLED_BY_DJANGO) else respond(exception)


def respond(exception: BaseException) -> HttpResponse:
    """Return the problem for an exception that Django does not handle."""
    if isinstance(exception, BadInputError):
        return problem_response(400, "Bad Request", detail=str(exception))
    if isinstance(exception, ObjectDoesNotExist) and _is_of_this_site(exception):
        return problem_response(404, "Not Found", detail="there is no such post")
    return problem_response(500, "Internal Server Error", **describe_exception(exception))


def _is_of_this_site(exception: BaseException) -> bool:
    """Return whether the exception is of this package. Its model is not imported: other projects need none of it."""
    return type(exception).__module__.partition(".")[0] == __name__.partition(".")[0]


def _with_body(response: Any) -> HttpResponseBase:
    """Return the response, or a problem in place of a 405 that Django leaves without a body."""
    if response.status_code != 405 or "Allow" not in response or response.streaming or response.content:
        unchanged: HttpResponseBase = response
        return unchanged
    problem = problem_response(405, "Method Not Allowed", detail=f"allowed methods: {response['Allow']}")
    problem["Allow"] = response["Allow"]
    return problem
