"""Which users and which shape a run has: what is set in Locust before it starts."""

import logging
import signal
from argparse import Namespace
from typing import Any

import gevent
from locust import LoadTestShape
from locust.env import Environment
from locust.runners import WorkerRunner

from locust_asyncdjango.load.arrivals import arrival, wait_before_first_task
from locust_asyncdjango.load.dispatcher import install_dispatcher
from locust_asyncdjango.load.shape_registry import catalogue_classes, create_shape, rate_stages
from locust_asyncdjango.plugin.options import Options

log = logging.getLogger(__name__)


class LineupError(ValueError):
    """What was asked for cannot be run; the message says what to do."""


def prepare_environment(environment: Environment, options: Options) -> None:
    """Sets users and shape. Raises LineupError."""
    _leave_out_extended_users(environment)
    install_dispatcher(environment)
    for user in (*environment.user_classes, *(environment.available_user_classes or {}).values()):
        wait_before_first_task(user)  # type: ignore[arg-type]  # Locust says that some are users, not classes of them
    if isinstance(environment.runner, WorkerRunner):
        return
    _offer_shapes(environment)
    if options.shape:
        _use_shape(environment, create_shape(options.shape))
    if environment.shape_class is not None:
        require_arrival_wait(environment)
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


def _offer_shapes(environment: Environment) -> None:
    """Has the web UI's class picker list the library's shapes, but for those of the locustfile by the same name."""
    offered = environment.available_shape_classes
    if offered is not None and getattr(environment.parsed_options, "class_picker", False):
        for name, shape in catalogue_classes().items():
            offered.setdefault(name, shape())


def _use_shape(environment: Environment, shape: LoadTestShape) -> None:
    """Makes Locust run the shape, as it does with one from the locustfile."""
    environment.shape_class = shape
    shape.runner = environment.runner
    if environment.available_shape_classes is not None:
        environment.available_shape_classes[type(shape).__name__] = shape


def require_arrival_wait(environment: Environment) -> None:
    """An open shape's requests are made by users that wait for them. Raises LineupError."""
    if rate_stages(environment.shape_class):
        for user in environment.user_classes:
            if getattr(user, "wait_time", None) is not arrival:
                raise LineupError(
                    f"{user.__name__} does not wait until a request of {type(environment.shape_class).__name__} is due;"
                    " give it wait_time = locust_asyncdjango.arrival"
                )


def _make_way_for_shape(environment: Environment, shape: LoadTestShape) -> None:
    """Lets the shape's own cap and rate stand where none are given, and SIGTERM end its run in good order."""
    given = environment.parsed_options
    if given is None:
        return
    for flag, value in (("-u", given.num_users), ("-t", given.run_time)):
        if value is not None and value <= 0:
            raise LineupError(f"{flag} must be more than 0 with a shape")
    if not shape.use_common_options:
        _end_in_time(shape, given)
    # Locust would put 1 in the place of what is not given, in a headless run as well as in the web UI's form.
    for option, own in (("num_users", "peak"), ("spawn_rate", "rate")):
        if getattr(given, option) is None:
            setattr(given, option, getattr(shape, own, None))
    if given.headless and environment.runner is not None:
        # Locust installs its own SIGTERM handler only after a headless shape is over.
        gevent.signal_handler(signal.SIGTERM, environment.runner.quit)


def _end_in_time(shape: LoadTestShape, given: Namespace) -> None:
    """Has a shape that does not care for Locust's options end by ``-t`` all the same, and says what it ignores."""
    if given.num_users is not None or given.spawn_rate is not None:
        log.warning("%s decides on users and rate by itself: -u and -r change nothing", type(shape).__name__)
    tick = shape.tick

    def timed() -> Any:
        is_over = given.run_time and shape.get_run_time() >= given.run_time
        return None if is_over else tick()

    shape.tick = timed  # type: ignore[method-assign]
