"""Make a shape from the text of ``--shape``, describe the catalogue, and read what a shape plans and concludes.

The text is ``NAME``, ``NAME:peak=1000,hold=1m`` or ``mymodule:MyShape``. A user's own shape takes parameters like the
library's if it derives from ``Parametrised`` or ``Planned``.
"""

import re
import sys
from importlib import import_module
from inspect import getdoc, isabstract
from pathlib import Path
from textwrap import indent
from typing import Any

from locust import LoadTestShape

from locust_asyncdjango.load.arrival_schedule import ArrivalPlan
from locust_asyncdjango.shapes import CATALOGUE, Arrivals, ParameterError, Parametrised, Planned

COLUMNS, ROWS = 48, 5
"""Size of the picture of a shape, in characters."""
_CHOICE = re.compile(r"(?P<name>[\w.]+(?::\w+)?)(?::(?P<parameters>\w+=.*))?")


class ShapeError(ValueError):
    """Raised if there is no such shape, or if it cannot have these parameters. The message says what is possible."""


def catalogue_classes() -> dict[str, type[Parametrised]]:
    """Return the library's shapes by name."""
    return {shape.__name__: shape for shape in CATALOGUE}


def create_shape(text: str) -> LoadTestShape:
    """Return a new shape for the text of ``--shape``. Raise ShapeError if there is none."""
    match = _CHOICE.fullmatch(text)
    if not match:
        raise ShapeError(f"{text!r} is not a shape; write NAME, NAME:peak=1000,hold=60 or module:Class")
    name, parameters = match["name"], _parse_parameters(match["parameters"] or "")
    shape_class = _import_class(name) if ":" in name else _catalogue_class(name)
    if parameters and not issubclass(shape_class, Parametrised):
        raise ShapeError(
            f"{name} takes no parameters; only shapes that derive from locust_asyncdjango.shapes.Parametrised do"
        )
    if isabstract(shape_class):
        raise ShapeError(f"{name} is an abstract base class; derive from it and define what is missing")
    try:
        shape = shape_class(**parameters)
        if isinstance(shape, Planned):
            shape.effective_stages()  # an error in the user's plan should show now, not in the run
        return shape
    except ParameterError as error:
        raise ShapeError(str(error)) from None
    except Exception as error:  # noqa: BLE001  # the user's class may raise anything
        raise ShapeError(f"{name} cannot be made: {error!r}") from None


def planned_users(shape: LoadTestShape | None, delay_s: float = 0.0) -> int | None:
    """Return how many users a shape planned for ``delay_s`` seconds ago; None if it does not say."""
    return shape.planned_users(delay_s) if isinstance(shape, Parametrised) else None


def planned_rate(shape: LoadTestShape | None, delay_s: float = 0.0) -> float | None:
    """Return the requests a second that an open shape planned ``delay_s`` seconds ago; None for a shape of users."""
    if not (isinstance(shape, Planned) and shape.is_open):
        return None
    return shape.level_at(max(shape.get_run_time() - delay_s, 0.0))  # type: ignore[no-untyped-call]


def shape_conclusions(shape: LoadTestShape | None) -> tuple[str, ...]:
    """Return what a shape has concluded so far: sentences without a full stop. Most shapes conclude nothing."""
    return shape.conclusions() if isinstance(shape, Parametrised) else ()


def arrival_plan(shape: LoadTestShape | None) -> ArrivalPlan | None:
    """Return the requests that an open shape makes due; None for a shape of users.

    Raise ShapeError where the class of the shape has a text as ``arrivals`` that names no kind of arrivals.
    """
    if not (isinstance(shape, Planned) and shape.is_open):
        return None
    try:
        arrivals = Arrivals(shape.arrivals)
    except ValueError:
        raise ShapeError(
            f"{type(shape).__name__}.arrivals is {shape.arrivals!r}; it can be one of {', '.join(Arrivals)}"
        ) from None
    return ArrivalPlan(tuple((stage.seconds, stage.level) for stage in shape.effective_stages()), arrivals.value)


def describe_catalogue() -> str:
    """Return a text with each of the library's shapes: its parameters, and a picture of its load over time."""
    return "\n".join(_describe(shape_class()) for shape_class in catalogue_classes().values())


def draw_levels(levels: list[float]) -> str:
    """Draw a column of ``#`` for each level, a share of the full height. A level above 0 has one ``#`` at least."""

    def cell(level: float, row: int) -> str:
        return "#" if level * ROWS > (row + 0.5 if row else 0) else " "

    return "\n".join("".join(cell(level, row) for level in levels).rstrip() for row in reversed(range(ROWS)))


def _parse_parameters(text: str) -> dict[str, str]:
    parameters: dict[str, str] = {}
    for part in filter(None, text.split(",")):
        name, equals, value = part.partition("=")
        if not equals:
            raise ShapeError(f"{part!r} is not a parameter of a shape; write NAME:peak=1000,hold=60")
        if name.strip() in parameters:
            raise ShapeError(f"{name.strip()} is given twice")
        parameters[name.strip()] = value.strip()
    return parameters


def _catalogue_class(name: str) -> type[LoadTestShape]:
    classes = catalogue_classes()
    if name not in classes:
        names = ", ".join(sorted(classes))
        raise ShapeError(f"there is no shape {name!r}; choose one of {names}, or your own as module:Class")
    return classes[name]


def _import_class(name: str) -> type[LoadTestShape]:
    module, _, attribute = name.partition(":")
    if module in catalogue_classes():
        raise ShapeError(f"{attribute!r} is not a parameter of a shape; write {module}:peak=1000,hold=60")
    # Locust adds the current folder to the path for the imports of a locustfile.
    if (folder := str(Path.cwd())) not in sys.path:
        sys.path.insert(0, folder)
    try:
        shape_class = getattr(import_module(module), attribute, None)
    except Exception as error:  # noqa: BLE001  # the user's module may raise anything
        raise ShapeError(f"{module} cannot be imported for the shape {name}: {error!r}") from None
    if not (isinstance(shape_class, type) and issubclass(shape_class, LoadTestShape)):
        raise ShapeError(f"{module} has no class {attribute} that derives from locust.LoadTestShape")
    return shape_class


def _describe(shape: Parametrised) -> str:
    parameters = ",".join(f"{name}={_format_value(getattr(shape, name))}" for name in shape.parameters())
    summary = (getdoc(shape) or "").partition("\n\n")[0].replace("``", "`")
    details = indent(f"{summary}\n{draw_levels(shape.preview(COLUMNS))}", "    ")
    return f"{type(shape).__name__}:{parameters}\n{details}\n"


def _format_value(value: Any) -> str:
    if isinstance(value, tuple):
        return "/".join(f"{seconds:g}s:{level:g}" for seconds, level in value)
    return value if isinstance(value, str) else f"{value:g}"
