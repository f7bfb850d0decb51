"""Set in Locust, before a run starts, which user classes and which shape it has. Start at ``prepare_environment``."""

import logging
from argparse import Namespace
from typing import Any

from locust import LoadTestShape
from locust.env import Environment
from locust.runners import WorkerRunner

from locust_asyncdjango.addresses import is_web_address
from locust_asyncdjango.failures.normalize import make_record_safe, safe_logger
from locust_asyncdjango.load.arrivals import require_arrival_wait, wait_before_first_task
from locust_asyncdjango.load.dispatcher import install_dispatcher
from locust_asyncdjango.load.shape_registry import catalogue_classes, create_shape
from locust_asyncdjango.load.shape_start import hold_until_users_start
from locust_asyncdjango.plugin.options import Options

PACKAGE = __name__.partition(".")[0]
ROUTE_USERS_MODULE = f"{PACKAGE}.users.route_users"
"""The module of our route users, which cannot be imported here: ``users`` imports this package."""

LOCUST_LOGGERS = ("", "locust", "locust.stats_logger")
"""The loggers that Locust gives handlers: the root, its own, and that of its tables."""

log = safe_logger(__name__)


class SetupError(ValueError):
    """Raised if the user's options cannot work together. The message says what to change."""


def prepare_environment(environment: Environment, options: Options) -> None:
    """Set the user classes and the shape of a Locust environment.

    Raise SetupError if a user class has no host, or Locust's own flags do not fit the shape; and ArrivalWaitError if
    the shape is an open model and a user class does not wait for arrivals.
    """
    prepare_users(environment)
    install_dispatcher(environment)
    if isinstance(environment.runner, WorkerRunner):
        return
    _require_hosts(environment)
    _warn_of_unused_options(environment, options)
    _add_shapes_to_picker(environment)
    if options.shape:
        _use_shape(environment, create_shape(options.shape))
    _warn_of_deselected_shape(environment)
    for shape in _shapes_to_run(environment):
        hold_until_users_start(environment, shape)
    if environment.shape_class is not None:
        require_arrival_wait(environment)
        _fit_options_to_shape(environment, environment.shape_class)


def prepare_users(environment: Environment) -> None:
    """Set the user classes, and make those that wait for arrivals wait before their first task too. Idempotent."""
    _drop_extended_users(environment)
    for user_class in (*environment.user_classes, *(environment.available_user_classes or {}).values()):
        wait_before_first_task(user_class)  # type: ignore[arg-type]  # Locust annotates instances, not classes


def _drop_extended_users(environment: Environment) -> None:
    """Drop our route users that a user class of the locustfile extends, unless the user named them on the command line.

    Locust runs each class in a locustfile's namespace, also one that was imported there by ``from locust_asyncdjango
    import IoReadUser``. A user who derives from it wants to run the derived class only.
    """
    if getattr(environment.parsed_options, "user_classes", None):
        return
    classes = environment.user_classes
    extended = {base for user in classes for base in user.__mro__[1:] if base.__module__ == ROUTE_USERS_MODULE}
    if any(user in extended for user in classes):
        classes[:] = [user for user in classes if user not in extended]
        names = ", ".join(user.__name__ for user in classes)
        log.info("Running %s. The classes that they extend are left out; name them to run them too", names)


def _require_hosts(environment: Environment) -> None:
    """Raise SetupError if a user class of ours has no host when the run begins, or one that is no address.

    A class with an ``__init__`` of its own may set its host there. In the web UI the user can still name it.
    """
    parsed = environment.parsed_options
    begins_now = bool(parsed and (parsed.headless or getattr(parsed, "autostart", False)))
    for user_class in environment.user_classes:
        if not user_class.__init__.__module__.startswith(f"{PACKAGE}."):
            continue
        host = environment.host or user_class.host
        if host and not is_web_address(host):
            advice = f"write http://{host}" if "://" not in host else "write it as http://127.0.0.1:8000"
            raise SetupError(f"the host {host} is not the address of a web server; {advice}")
        if begins_now and not host:
            raise SetupError(f"{user_class.__name__} has no host; name the server, as in -H http://127.0.0.1:8000")


def _warn_of_unused_options(environment: Environment, options: Options) -> None:
    """Log a warning if --path or --variant is set, and no user class takes it."""
    classes: list[Any] = [*environment.user_classes, *(environment.available_user_classes or {}).values()]
    if any(base.__module__ == ROUTE_USERS_MODULE for user in classes for base in user.__mro__):
        return
    if flags := [flag for flag, value in (("--path", options.path), ("--variant", options.variant)) if value]:
        names = ", ".join(dict.fromkeys(user.__name__ for user in classes))
        log.warning(
            "%s: no effect on %s, because only RouteUser and its subclasses take it", " and ".join(flags), names
        )


def _warn_of_deselected_shape(environment: Environment) -> None:
    """Log a warning at the start of each run that has no shape, because the web UI's class picker says so."""
    shape = environment.shape_class
    if shape is None or not getattr(environment.parsed_options, "class_picker", False):
        return

    def on_test_start(**_: Any) -> None:
        if environment.shape_class is None:
            name = type(shape).__name__
            log.warning(
                "The shape %s does not run, because Default is chosen in the class picker; choose %s", name, name
            )

    environment.events.test_start.add_listener(on_test_start)


def _add_shapes_to_picker(environment: Environment) -> None:
    """List our shapes in the web UI's class picker. A shape of the locustfile with the same name comes first."""
    offered = environment.available_shape_classes
    if offered is not None and getattr(environment.parsed_options, "class_picker", False):
        for name, shape_class in catalogue_classes().items():
            offered.setdefault(name, shape_class())


def _shapes_to_run(environment: Environment) -> list[LoadTestShape]:
    """Return the shape of the environment and those of the class picker, each once."""
    shapes = [environment.shape_class, *(environment.available_shape_classes or {}).values()]
    return list({id(shape): shape for shape in shapes if shape is not None}.values())


def _use_shape(environment: Environment, shape: LoadTestShape) -> None:
    """Make Locust run a shape, as it does with one from the locustfile."""
    environment.shape_class = shape
    shape.runner = environment.runner
    if environment.available_shape_classes is not None:
        environment.available_shape_classes[type(shape).__name__] = shape


def _fit_options_to_shape(environment: Environment, shape: LoadTestShape) -> None:
    """Make Locust's own flags work with a shape. Raise SetupError if -u or -t is 0."""
    parsed = environment.parsed_options
    if parsed is None:
        return
    for flag, value in (("-u", parsed.num_users), ("-t", parsed.run_time)):
        if value is not None and value <= 0:
            raise SetupError(f"{flag} must be more than 0 with a shape")
    if not shape.use_common_options:
        _limit_run_time(shape, parsed)
    # Without this, Locust would replace a missing value by 1, in a headless run and in the web UI's form.
    for option, attribute in (("num_users", "peak"), ("spawn_rate", "rate")):
        if getattr(parsed, option) is None:
            setattr(parsed, option, getattr(shape, attribute, None))


def make_locust_logs_safe() -> None:
    """Make safe texts of what Locust logs: its tables, and the tracebacks of tasks. They may quote a server."""
    for name in LOCUST_LOGGERS:
        for handler in logging.getLogger(name).handlers:
            handler.addFilter(_make_locust_record_safe)


def _make_locust_record_safe(record: logging.LogRecord) -> bool:
    return not record.name.startswith("locust") or make_record_safe(record)


def _limit_run_time(shape: LoadTestShape, parsed: Namespace) -> None:
    """Make ``-t`` end a shape that ignores Locust's flags, and log that ``-u`` and ``-r`` have no effect on it."""
    if parsed.num_users is not None or parsed.spawn_rate is not None:
        log.warning("%s decides on users and rate by itself: -u and -r have no effect", type(shape).__name__)
    tick = shape.tick

    def limited_tick() -> Any:
        is_over = parsed.run_time and shape.get_run_time() >= parsed.run_time
        return None if is_over else tick()

    shape.tick = limited_tick  # type: ignore[method-assign]
