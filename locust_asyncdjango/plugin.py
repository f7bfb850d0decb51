"""The only subscriber to Locust's events; wires options, shape, failures, recorder and summary together.

Importing the user classes registers it. For a locustfile with stock users only::

    import locust_asyncdjango.plugin
    locust_asyncdjango.plugin.register()
"""

import logging
import platform
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, NoReturn

import gevent
import locust
from locust import LoadTestShape, events
from locust.env import Environment
from locust.runners import MasterRunner, Runner, WorkerRunner

from locust_asyncdjango import series
from locust_asyncdjango._version import __version__
from locust_asyncdjango.failures import classify
from locust_asyncdjango.options import Options, add_options
from locust_asyncdjango.recorder import Recorder
from locust_asyncdjango.response import FailedRequestError
from locust_asyncdjango.saturation import saturation
from locust_asyncdjango.shape_choice import shape_named
from locust_asyncdjango.summary import summary

log = logging.getLogger(__name__)

ROWS_MESSAGE = "locust_asyncdjango_rows"
"""The message by which a worker sends its rows to the master, once a second."""

MASTER_LAG_S = 3
"""Seconds for which a master holds a row open for workers that are late."""


def register() -> None:
    """Subscribes to Locust's events; a second call does nothing."""
    if _on_init not in events.init._handlers:
        events.init_command_line_parser.add_listener(add_options)
        events.init.add_listener(_on_init)


def _on_init(environment: Environment, **_: Any) -> None:
    options = Options.of(environment.parsed_options)
    _leave_out_extended_users(environment)
    if not isinstance(environment.runner, WorkerRunner):
        if options.shape:
            _use_shape(environment, shape_named(options.shape))
        if environment.shape_class is not None:
            _make_way_for_shape(environment, environment.shape_class)
    _Run(environment, options).subscribe()


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
            _refuse(f"{flag} must be more than 0 with a shape")
    # Locust would put 1 in the place of what is not given, in a headless run as well as in the web UI's form.
    for option, own in (("num_users", "users"), ("spawn_rate", "spawn_rate")):
        if getattr(given, option) is None:
            setattr(given, option, getattr(shape, own, None))
    if given.headless:
        # Locust installs its own SIGTERM handler only after a headless shape is over.
        gevent.signal_handler(signal.SIGTERM, _runner(environment).quit)


def _refuse(message: str) -> NoReturn:
    sys.stderr.write(f"locust: error: {message}\n")
    sys.exit(2)


class _Run:
    """The recording of one Locust process: of every request on a worker or alone, of the workers' rows on a master."""

    def __init__(self, environment: Environment, options: Options) -> None:
        self.environment = environment
        self.options = options
        self.runner = _runner(environment)
        self.recorder = Recorder(time.time())
        self.header: dict[str, Any] = {}
        self.file: IO[str] | None = None
        self.files = 0
        self.ticker: gevent.Greenlet | None = None
        self.broken = False
        self.users = 0
        """That ran when the second began."""

    @property
    def is_worker(self) -> bool:
        return isinstance(self.runner, WorkerRunner)

    @property
    def is_master(self) -> bool:
        return isinstance(self.runner, MasterRunner)

    def subscribe(self) -> None:
        listen = self.environment.events
        listen.request.add_listener(self.on_request)
        listen.test_start.add_listener(self.on_test_start)
        listen.test_stop.add_listener(self.on_test_stop)
        listen.quitting.add_listener(self.on_quitting)
        listen.quit.add_listener(self.on_quit)
        if isinstance(self.runner, MasterRunner):
            self.runner.register_message(ROWS_MESSAGE, self.on_rows)
        if self.options.series and not self.is_worker:
            self.open_file()

    def on_request(
        self,
        name: str,
        response_time: float | None,
        response_length: int | None,
        exception: BaseException | None = None,
        response: Any = None,
        # Named only so that no dict has to be made of them.
        request_type: str = "",  # noqa: ARG002
        context: Any = None,  # noqa: ARG002
        start_time: float = 0,  # noqa: ARG002
        url: str | None = None,  # noqa: ARG002
        **_: Any,
    ) -> None:
        try:
            kind = "" if exception is None else _kind(exception, response)
            self.recorder.add((time.time(), name, kind, response_time or 0.0, response_length or 0, self.users))
        except Exception:
            # A listener that raises would disturb the run it measures: say it once and go on.
            if not self.broken:
                self.broken = True
                log.exception("A request was not recorded; later ones of the kind will be passed over silently")

    def on_test_start(self, **_: Any) -> None:
        if self.header and self.file is not None:
            self.open_file()  # the web UI's second run and later ones
        self.recorder = Recorder(time.time())
        self.header = _header(self.environment, self.options)
        self.write([self.header])
        self.ticker = gevent.spawn(self.tick_every_second)

    def on_test_stop(self, **_: Any) -> None:
        self.finish()
        if self.environment.web_ui is not None:
            self.show_summary()

    def on_quitting(self, **_: Any) -> None:
        self.finish()

    def on_quit(self, **_: Any) -> None:
        # A master has heard the last of its workers only now.
        self.finish()
        if self.environment.web_ui is None:
            self.show_summary()

    def on_rows(self, msg: Any, **_: Any) -> None:
        self.recorder.merge(msg.data["rows"], msg.data["started"])

    def tick_every_second(self) -> None:
        while True:
            gevent.sleep(1 - time.time() % 1)
            now = time.time()
            if not self.is_master:
                # At the end of the second that has just ended, and at the beginning of the next.
                self.users = self.runner.user_count
                self.recorder.note_users(now - 0.5, self.users)
            self.hand_on(before=now - MASTER_LAG_S if self.is_master else now)

    def hand_on(self, before: float | None = None) -> None:
        """Gives the rows that are complete to the master or the file."""
        rows = self.recorder.take(before)
        if rows and self.is_worker:
            self.runner.send_message(ROWS_MESSAGE, {"rows": rows, "started": self.recorder.started})
        else:
            self.write(rows)

    def finish(self) -> None:
        """Hands on what is left."""
        if self.ticker is not None:
            self.ticker.kill(block=False)
            self.ticker = None
        self.hand_on()

    def open_file(self) -> None:
        """Opens the series file, or the next one in the web UI's later runs; one line and exit code 2 if it cannot."""
        if self.file is not None:
            self.file.close()
        self.files += 1
        path = Path(self.options.series)
        if self.files > 1:
            path = path.with_name(f"{path.stem}-{self.files}{path.suffix}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self.file = path.open("w", encoding="utf-8")
        except OSError as error:
            # What mkdir says of a file where a folder should be would mislead.
            reason = "Not a directory" if isinstance(error, FileExistsError) else error.strerror
            _refuse(f"--series: cannot write {path} ({reason}); choose another place")

    def write(self, lines: list[dict[str, Any]]) -> None:
        if self.file is not None:
            for line in lines:
                series.write_line(self.file, line)

    def show_summary(self) -> None:
        if self.header and not self.is_worker:
            # Where Locust's own tables go.
            logging.getLogger("locust.stats_logger").info(summary(saturation(self.recorder.series(self.header))))


def _runner(environment: Environment) -> Runner:
    assert environment.runner is not None, "Locust makes the runner before it fires init"  # noqa: S101
    return environment.runner


def _kind(exception: BaseException, response: Any) -> str:
    """The kind of a request's failure."""
    if isinstance(exception, FailedRequestError):
        return exception.failure.kind
    status = getattr(response, "status_code", 0) or 0
    failure = classify(
        exception=exception,
        status=status,
        headers=getattr(response, "headers", None),
        body=_body(response) if status >= 400 else b"",
    )
    return failure.kind if failure else ""


def _body(response: Any) -> bytes:
    # requests has False here while a streamed body is unread; reading it is left to the locustfile.
    if getattr(response, "_content", None) is False:
        return b""
    content = getattr(response, "content", None)
    return content if isinstance(content, bytes) else b""


def _header(environment: Environment, options: Options) -> dict[str, Any]:
    given = environment.parsed_options
    shape = environment.shape_class
    return series.header(
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        host=environment.host or "",
        user_classes=sorted(user.__name__ for user in environment.user_classes),
        variant=options.variant,
        shape=type(shape).__name__ if shape else "",
        users=getattr(given, "num_users", None),
        spawn_rate=getattr(given, "spawn_rate", None),
        run_time=getattr(given, "run_time", None) or getattr(shape, "run_time", None),
        versions={"locust-asyncdjango": __version__, "locust": locust.__version__, "python": platform.python_version()},
    )
