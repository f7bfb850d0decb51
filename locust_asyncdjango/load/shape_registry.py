"""``--shape NAME``, ``NAME:peak=1000,hold=1m`` or ``mymodule:MyShape`` -> a shape; and the catalogue of the library's.

A shape of the user's own takes parameters as the library's do if it derives from ``Parametrised``, as ``Planned`` does.
"""

import re
import sys
from importlib import import_module
from inspect import getdoc, isabstract
from pathlib import Path
from textwrap import indent
from typing import Any

from locust import LoadTestShape

COLUMNS, ROWS = 48, 5
"""Of the picture of a shape."""
_CHOICE = re.compile(r"(?P<name>[\w.]+(?::\w+)?)(?::(?P<given>\w+=.*))?")


class ShapeError(ValueError):
    """There is no such shape, or it cannot be made so; the message says what there is."""


def catalogue_classes() -> dict[str, type[LoadTestShape]]:
    """The library's shapes by name."""
    return {shape.__name__: shape for shape in _library().CATALOGUE}


def create_shape(text: str) -> LoadTestShape:
    """A new shape. Raises ShapeError."""
    match = _CHOICE.fullmatch(text)
    if not match:
        raise ShapeError(f"{text!r} is no shape; write NAME, NAME:peak=1000,hold=60 or module:Class")
    name, given = match["name"], _parameters(match["given"] or "")
    shape = _own(name) if ":" in name else _catalogued(name)
    if given and not issubclass(shape, _library().Parametrised):
        raise ShapeError(
            f"{name} takes no parameters; those do that derive from locust_asyncdjango.shapes.Parametrised"
        )
    if isabstract(shape):
        raise ShapeError(f"{name} is the base of shapes, and none itself: it leaves something open")
    try:
        made = shape(**given)
        if isinstance(made, _library().Planned):
            made.effective_stages()  # what fails then would do so in the run
        return made
    except _library().ParameterError as error:
        raise ShapeError(str(error)) from None
    except Exception as error:  # noqa: BLE001  # of any kind, which the user's class raises
        raise ShapeError(f"{name} cannot be made: {error!r}") from None


def planned_users(shape: LoadTestShape | None, late_s: float = 0.0) -> int | None:
    """How many users a shape wanted so many seconds ago; None where it does not say."""
    if not isinstance(shape, _library().Parametrised):
        return None
    users: int | None = shape.users_at(max(shape.get_run_time() - late_s, 0.0))
    return users


def shape_conclusions(shape: LoadTestShape | None) -> tuple[str, ...]:
    """What a shape has found out so far, in sentences without their stops; nothing of most."""
    return tuple(shape.conclusions()) if isinstance(shape, _library().Parametrised) else ()


def rate_stages(shape: LoadTestShape | None) -> list[tuple[float, float]] | None:
    """The requests a second that an open shape wants, as lengths and levels; None for a shape of users."""
    if not (isinstance(shape, _library().Parametrised) and shape.is_open):
        return None
    return [(seconds, level) for seconds, level in shape.effective_stages()]


def describe_catalogue() -> str:
    """The library's shapes, each with its parameters and a picture of its load over time."""
    return "\n".join(_described(shape()) for shape in catalogue_classes().values())


def draw_levels(shares: list[float]) -> str:
    """A column for each share of the whole height; any at all is seen in the lowest row."""

    def cell(share: float, row: int) -> str:
        return "#" if share * ROWS > (row + 0.5 if row else 0) else " "

    return "\n".join("".join(cell(share, row) for share in shares).rstrip() for row in reversed(range(ROWS)))


def _library() -> Any:
    # Found by name at run time: in a checkout the folder is ../shapes, and only the installed package has it here.
    return import_module("locust_asyncdjango.shapes")


def _parameters(text: str) -> dict[str, str]:
    given = {}
    for each in filter(None, text.split(",")):
        name, equals, value = each.partition("=")
        if not equals:
            raise ShapeError(f"{each!r} is no parameter of a shape; write NAME:peak=1000,hold=60")
        if name.strip() in given:
            raise ShapeError(f"{name.strip()} is given twice")
        given[name.strip()] = value.strip()
    return given


def _catalogued(name: str) -> type[LoadTestShape]:
    classes = catalogue_classes()
    if name not in classes:
        names = ", ".join(sorted(classes))
        raise ShapeError(f"there is no shape {name!r}; choose one of {names}, or your own as module:Class")
    return classes[name]


def _own(name: str) -> type[LoadTestShape]:
    module, _, attribute = name.partition(":")
    if module in catalogue_classes():
        raise ShapeError(f"{attribute!r} is no parameter of a shape; write {module}:peak=1000,hold=60")
    # Where Locust looks for what a locustfile imports.
    if (here := str(Path.cwd())) not in sys.path:
        sys.path.insert(0, here)
    try:
        found = getattr(import_module(module), attribute, None)
    except Exception as error:  # noqa: BLE001  # of any kind, which the user's module raises
        raise ShapeError(f"{module} cannot be imported for the shape {name}: {error!r}") from None
    if not (isinstance(found, type) and issubclass(found, LoadTestShape)):
        raise ShapeError(f"{module} has no class {attribute} that derives from locust.LoadTestShape")
    return found


def _described(shape: Any) -> str:
    parameters = ",".join(f"{name}={_shown(getattr(shape, name))}" for name in shape.parameters())
    summary = (getdoc(shape) or "").partition("\n\n")[0].replace("``", "")
    shown = indent(f"{summary}\n{draw_levels(shape.preview(COLUMNS))}", "    ")
    return f"{type(shape).__name__}:{parameters}\n{shown}\n"


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        return "/".join(f"{seconds:g}s:{level:g}" for seconds, level in value)
    return f"{value:g}"
