"""``--shape NAME`` -> an instance of one of the library's shapes."""

from importlib import import_module

from locust import LoadTestShape


class UnknownShapeError(ValueError):
    """There is no shape of that name; the message names those there are."""


def shape_classes() -> dict[str, type[LoadTestShape]]:
    """The library's shapes by name."""
    # Found by name at run time: in a checkout the folder is ../shapes, and only the installed package has it here.
    shapes = import_module("locust_asyncdjango.shapes")
    return {name: getattr(shapes, name) for name in shapes.__all__}


def shape_named(name: str) -> LoadTestShape:
    """A new shape. Raises UnknownShapeError."""
    classes = shape_classes()
    if name not in classes:
        raise UnknownShapeError(f"there is no shape {name!r}; choose one of {', '.join(sorted(classes))}")
    return classes[name]()
