"""The middleware of a project: which is sync only, and how often an async server runs it in a thread."""

from typing import Any

_METHODS = ("process_request", "process_view", "process_template_response", "process_response")
_WRAPPED_BY_MIXIN = ("process_request", "process_response")


def describe_all_middleware(settings: Any) -> list[dict[str, Any]]:
    """Return each middleware of the settings, outermost first."""
    return [describe_middleware(name) for name in settings.MIDDLEWARE]


def describe_middleware(name: str) -> dict[str, Any]:
    """Return whether a middleware works in sync and in async servers, and its calls into threads in an async one.

    name: its dotted path. hops: calls for each request, without those of templates.
    """
    from django.utils.module_loading import import_string

    try:
        middleware = import_string(name)
    except ImportError as error:
        return {"name": name, "sync_capable": None, "async_capable": None, "hops": None, "error": str(error)}
    is_async = bool(getattr(middleware, "async_capable", False))
    return {
        "name": name,
        "sync_capable": bool(getattr(middleware, "sync_capable", True)),
        "async_capable": is_async,
        "hops": _count_hops(middleware) if is_async else 1,
    }


def _count_hops(middleware: Any) -> int:
    """Return how often a middleware that is async capable calls a sync method of its own in a thread."""
    from asgiref.sync import iscoroutinefunction
    from django.utils.deprecation import MiddlewareMixin

    methods = [name for name in _METHODS if hasattr(middleware, name) and name != "process_template_response"]
    if getattr(middleware, "__acall__", None) is not MiddlewareMixin.__acall__:
        # One that is async by itself calls its own methods, but Django calls process_view.
        methods = [name for name in methods if name not in _WRAPPED_BY_MIXIN]
    return sum(not iscoroutinefunction(getattr(middleware, name)) for name in methods)


def sync_only_middleware(described: list[dict[str, Any]]) -> list[str]:
    """Return the names of middleware that an async server runs in a thread as a whole."""
    return [each["name"] for each in described if each["async_capable"] is False]
