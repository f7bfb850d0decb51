"""The types of a route and of its variants."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from asgiref.sync import iscoroutinefunction

from target_site.config import CONFIG

View = Callable[..., Any]
"""A view of Django: it takes a request and returns a response, or, if it is async, an awaitable of one."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One implementation of a route. summary: what distinguishes it from the other variants."""

    name: str
    view: View
    summary: str

    @property
    def side(self) -> str:
        """Return sync or async: the interface on which Django runs the view without sync_to_async or async_to_sync."""
        return "async" if iscoroutinefunction(self.view) else "sync"


@dataclass(frozen=True, slots=True)
class Route:
    """A kind of work, and the variants that do it. All variants give the same response to the same input."""

    name: str
    method: str
    summary: str
    variants: tuple[Variant, ...]
    parameters: Mapping[str, str] = field(default_factory=dict)
    """The parameters that a client may send, and their effect: in the query of a GET, in the form of a POST."""
    aliases: Mapping[str, str] = field(default_factory=dict)
    """The variants that the names sync and async stand for, in a route that has no variants of these names."""

    @property
    def natural(self) -> str:
        """Return the variant for the interface that the site runs on: sync on WSGI, async on ASGI. May be an alias."""
        return "async" if CONFIG.interface == "asgi" else "sync"

    def variant(self, name: str) -> Variant:
        """Return the variant with this name or alias. Raise KeyError if there is none."""
        return {variant.name: variant for variant in self.variants}[self.aliases.get(name, name)]
