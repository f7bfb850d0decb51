"""What a route is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from asgiref.sync import iscoroutinefunction

from target_site.config import FACTORS

View = Callable[..., Any]
"""A view, sync or async: a request -> a response, or an awaitable of one."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One implementation of a route. The summary says what sets it apart."""

    name: str
    view: View
    summary: str

    @property
    def side(self) -> str:
        """sync or async: where Django runs the view without a bridge."""
        return "async" if iscoroutinefunction(self.view) else "sync"


@dataclass(frozen=True, slots=True)
class Route:
    """A kind of work, and the variants that do it: all give the same answer to the same input."""

    name: str
    method: str
    summary: str
    variants: tuple[Variant, ...]
    parameters: Mapping[str, str] = field(default_factory=dict)
    """What a client may send, and what it does: in the query of a GET, in the form of a POST."""
    aliases: Mapping[str, str] = field(default_factory=dict)
    """Which variants the names sync and async stand for, where no variant is called so."""

    @property
    def natural(self) -> str:
        """The name that suits the interface the site runs on."""
        return "async" if FACTORS.interface == "asgi" else "sync"

    def named(self, name: str) -> Variant:
        """The variant of a name or an alias. Raises KeyError."""
        return {variant.name: variant for variant in self.variants}[self.aliases.get(name, name)]
