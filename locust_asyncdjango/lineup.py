"""Which users and which shape a run has: what is set in Locust before it starts."""

import logging
import signal

import gevent
from locust import LoadTestShape
from locust.env import Environment
from locust.runners import WorkerRunner

from locust_asyncdjango.options import Options
from locust_asyncdjango.shape_choice import shape_named

log = logging.getLogger(__name__)


class LineupError(ValueError):
    """What was asked for cannot be run; the message says what to do."""


def line_up(environment: Environment, options: Options) -> None:
    """Sets users and shape. Raises LineupError."""
    _leave_out_extended_users(environment)
    if isinstance(environment.runner, WorkerRunner):
        return
    if options.shape:
        _use_shape(environment, shape_named(options.shape))
    if environment.shape_class is not None:
        _make_way_for_shape(environment, environment.shape_class)


def _leave_out_extended_users(environment: Environment) -> None:
    """Drops our route users that a user class of the locustfile extends, unless they were asked for by name.

    ``from locust_asyncdjango import IoReadUser`` makes Locust run it; with a subclass beside it, that is not meant.
    """
    if getattr(environment.parsed_options, "user_classes", None):
        return
    given = environment.user_classes
    extended = {base for user in given for base in user.__mro__[1:] if base.__module__ == "locust_asyncdjango.users"}
    if any(user in extended for user in given):
        given[:] = [user for user in given if user not in extended]
        log.info("Running %s; the classes they extend are left out", ", ".join(user.__name__ for user in given))


def _use_shape(environment: Environment, shape: LoadTestShape) -> None:
    """Makes Locust run the shape, as it does with one from the locustfile."""
    environment.shape_class = shape
    shape.runner = environment.runner
    if environment.available_shape_classes is not None:
        environment.available_shape_classes[type(shape).__name__] = shape


def _make_way_for_shape(environment: Environment, shape: LoadTestShape) -> None:
    """Lets the shape's own cap and rate stand where none are given, and SIGTERM end its run in good order."""
    given = environment.parsed_options
    if given is None:
        return
    for flag, value in (("-u", given.num_users), ("-t", given.run_time)):
        if value is not None and value <= 0:
            raise LineupError(f"{flag} must be more than 0 with a shape")
    # Locust would put 1 in the place of what is not given, in a headless run as well as in the web UI's form.
    for option, own in (("num_users", "users"), ("spawn_rate", "spawn_rate")):
        if getattr(given, option) is None:
            setattr(given, option, getattr(shape, own, None))
    if given.headless and environment.runner is not None:
        # Locust installs its own SIGTERM handler only after a headless shape is over.
        gevent.signal_handler(signal.SIGTERM, environment.runner.quit)
