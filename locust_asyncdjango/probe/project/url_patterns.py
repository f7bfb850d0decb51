"""The URL patterns of a project, flattened."""

from collections.abc import Iterator
from typing import Any, NamedTuple

PATTERNS_LIMIT = 2000
"""How many patterns are listed."""


class Pattern(NamedTuple):
    """One URL of a project.

    name: with its namespaces, "" without a name. route: as Django shows it, from the root. view: its dotted name.
    is_async: whether the view is. parameters: the converters of its parts by name ("" for a regular expression's).
    """

    name: str
    route: str
    view: str
    is_async: bool
    parameters: dict[str, str]


def list_patterns() -> list[dict[str, Any]]:
    """Return the patterns of the project's ROOT_URLCONF. It imports the views."""
    from django.urls import get_resolver

    patterns = _patterns(get_resolver(), "", (), {})
    return [pattern._asdict() for pattern, _ in zip(patterns, range(PATTERNS_LIMIT), strict=False)]


def _patterns(resolver: Any, route: str, namespaces: tuple[str, ...], parameters: dict[str, str]) -> Iterator[Pattern]:
    for pattern in resolver.url_patterns:
        whole = route + str(pattern.pattern)
        known = parameters | _parameters(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            namespace = (pattern.namespace,) if pattern.namespace else ()
            yield from _patterns(pattern, whole, (*namespaces, *namespace), known)
        else:
            name = ":".join((*namespaces, pattern.name)) if pattern.name else ""
            yield Pattern(name, whole, str(pattern.lookup_str), _is_async(pattern.callback), known)


def _parameters(pattern: Any) -> dict[str, str]:
    converters = {name: type(each).__name__ for name, each in (getattr(pattern, "converters", None) or {}).items()}
    groups = getattr(getattr(pattern, "regex", None), "groupindex", {})
    return {name: converters.get(name, "") for name in {**converters, **groups}}


def _is_async(callback: Any) -> bool:
    from asgiref.sync import iscoroutinefunction

    return bool(iscoroutinefunction(callback))
