"""Note the exception that makes a response fail.

Django sends ``got_request_exception`` for what nothing has handled, of views, of templates and of middleware. Handlers
pass all other exceptions of a view, such as Http404 and what a project's ``process_exception`` answers, to
``process_exception_by_middleware``.
"""

import sys
from collections.abc import Callable
from typing import Any

from ..protocol import DETAILS_HEADER, environ_key, write_details
from ..recording.record import CURRENT
from .exception_details import failure_value
from .failure_details import describe_details
from .patching import replace_method
from .tracebacks import TracebackLog

TRACEBACKS = TracebackLog()
_DETAILS = environ_key(DETAILS_HEADER)


def install() -> None:
    """Listen to Django's signal, and to the exceptions of views."""
    from django.core.handlers.base import BaseHandler
    from django.core.signals import got_request_exception

    # Django keeps weak references to receivers; this function stays as long as its module.
    got_request_exception.connect(note_uncaught, dispatch_uid="locust-asyncdjango")
    replace_method(BaseHandler, "process_exception_by_middleware", _noting_exception)


def note_uncaught(request: Any = None, **_members: Any) -> None:
    """Note the exception that is being handled. Django calls it as a receiver of ``got_request_exception``."""
    exception = sys.exc_info()[1]
    if exception is not None:
        note_exception(exception, request, is_uncaught=True)


def note_exception(exception: BaseException, request: Any = None, *, is_uncaught: bool = False) -> None:
    """Note an exception in the record of the request, in place of one that was noted before.

    request: Django's, which may ask for details; None where no response can have them. is_uncaught: whether nothing
    has handled the exception, so that the log has its traceback.
    """
    record = CURRENT.get()
    if record is None:
        return
    record.failure = failure_value(exception)
    has_traceback = is_uncaught and TRACEBACKS.write(exception)
    if request is not None and _DETAILS in request.META:
        record.details = write_details(describe_details(exception, has_traceback=has_traceback))


def _noting_exception(process_exception: Any) -> Callable[..., Any]:
    def process(handler: Any, exception: BaseException, request: Any) -> Any:
        note_exception(exception, request)
        return process_exception(handler, exception, request)

    return process
