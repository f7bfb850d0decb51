"""What a route is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings

View = Callable[..., Any]
"""A view, sync or async: a request -> a response, or an awaitable of one."""


@dataclass(frozen=True, slots=True)
class Route:
    """A kind of work and the views that do it, by variant. Every route has the variants sync and async."""

    name: str
    method: str
    summary: str
    variants: dict[str, View]

    @property
    def natural(self) -> str:
        """The variant that suits the interface the site runs on."""
        return "async" if settings.INTERFACE == "asgi" else "sync"
