"""Print how many seconds a load takes: ``python -m locust_asyncdjango.load.shape_length --shape RampTo500 -t 1m``.

The lab needs this length to plan an experiment. Only Locust knows its shapes and how it reads a time span, and the lab
must not import Locust, so this is a program of its own. It takes Locust's own flags.
"""

import argparse
import sys
from collections.abc import Sequence
from types import SimpleNamespace

from locust.util.timespan import parse_timespan

from locust_asyncdjango.load.shape_registry import create_shape


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the seconds that the load takes, or an empty line for a shape whose length is not known.

    Return the exit code: 0, or 2 for flags that Locust would refuse, with the reason in one line on standard error.
    """
    try:
        seconds = shape_length_s(parse_options(arguments))
    except ValueError as error:  # also a ShapeError
        print(error, file=sys.stderr)
        return 2
    print("" if seconds is None else seconds)
    return 0


def parse_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the flags under the names that Locust gives them. Raise ValueError for a value that cannot be read."""
    flags = argparse.ArgumentParser(prog="python -m locust_asyncdjango.load.shape_length", description=__doc__)
    flags.add_argument("--shape", required=True, help="the shape, as in locust --shape")
    flags.add_argument("-u", "--users", dest="num_users", default="")
    flags.add_argument("-r", "--spawn-rate", default="")
    flags.add_argument("-t", "--run-time", default="", help="overrides the shape's own, such as 90s or 2m")
    options = flags.parse_args(arguments)
    # Values are read here because argparse's message for a wrong value does not give the reason.
    for name, read in (("num_users", int), ("spawn_rate", float), ("run_time", parse_timespan)):
        text = getattr(options, name)
        setattr(options, name, read(text) if text else None)
    return options


def shape_length_s(options: argparse.Namespace) -> float | None:
    """Return the seconds that a load takes with these options, None for a shape that does not say.

    Raise ShapeError where there is no such shape.
    """
    shape = create_shape(options.shape)
    # A shape reads the options that override its parameters from its runner.
    shape.runner = SimpleNamespace(environment=SimpleNamespace(parsed_options=options))  # type: ignore[assignment]
    return options.run_time or getattr(shape, "run_time", None) or None


if __name__ == "__main__":
    sys.exit(main())
