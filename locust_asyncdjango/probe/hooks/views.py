"""Note which view a request has led to."""

from collections.abc import Callable
from typing import Any

from ..recording.record import CURRENT
from .patching import replace_method


def install() -> None:
    """Note the view at the place where Django resolves the path, in sync and in async handlers."""
    from django.core.handlers.base import BaseHandler

    replace_method(BaseHandler, "resolve_request", _noting_match)


def _noting_match(resolve_request: Any) -> Callable[..., Any]:
    def resolve(handler: Any, request: Any) -> Any:
        match = resolve_request(handler, request)
        record = CURRENT.get()
        if record is not None:
            record.match = match
        return match

    return resolve
