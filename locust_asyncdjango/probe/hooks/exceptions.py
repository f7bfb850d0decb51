"""Note the exception that makes a response fail.

Django sends ``got_request_exception`` for what nothing has handled, of views, of templates and of middleware. Handlers
pass all other exceptions of a view, such as Http404 and what a project's ``process_exception`` answers, to
``process_exception_by_middleware``.
"""

import sys
from collections.abc import Callable
from typing import Any

from ..recording.record import CURRENT
from .exception_details import failure_value
from .patching import replace_method


def install() -> None:
    """Listen to Django's signal, and to the exceptions of views."""
    from django.core.handlers.base import BaseHandler
    from django.core.signals import got_request_exception

    # Django keeps weak references to receivers; this function stays as long as its module.
    got_request_exception.connect(note_uncaught, dispatch_uid="locust-asyncdjango")
    replace_method(BaseHandler, "process_exception_by_middleware", _noting_exception)


def note_uncaught(**_members: Any) -> None:
    """Note the exception that is being handled. Django calls it as a receiver of ``got_request_exception``."""
    note_exception(sys.exc_info()[1])


def note_exception(exception: BaseException | None) -> None:
    """Note an exception in the record of the request, in place of one that was noted before."""
    record = CURRENT.get()
    if record is not None and exception is not None:
        record.failure = failure_value(exception)


def _noting_exception(process_exception: Any) -> Callable[..., Any]:
    def process(handler: Any, exception: BaseException, request: Any) -> Any:
        note_exception(exception)
        return process_exception(handler, exception, request)

    return process
