"""The only subscriber to Locust's events; wires options, lineup, failures, recorder, outputs and summary together.

Importing the user classes imports it. For a locustfile with stock users only, one line does::

    import locust_asyncdjango.plugin
"""

import logging
import platform
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, NoReturn

import gevent
import locust
from locust import events
from locust.env import Environment
from locust.exception import RPCError, RPCSendError
from locust.runners import MasterRunner, Runner, WorkerRunner

from locust_asyncdjango import series
from locust_asyncdjango._version import __version__
from locust_asyncdjango.failed import FailedRequestError, content_of, failure_of, forget_messages, status_of
from locust_asyncdjango.failures import Failure
from locust_asyncdjango.folding import redacted
from locust_asyncdjango.junit import junit
from locust_asyncdjango.lineup import LineupError, line_up
from locust_asyncdjango.options import Options, add_options
from locust_asyncdjango.outcome import Outcome, Requested, cases, failures_told
from locust_asyncdjango.outputs import OutputError, Outputs
from locust_asyncdjango.recorder import Recorder
from locust_asyncdjango.summary import summary
from locust_asyncdjango.tab import add_tab
from locust_asyncdjango.tally import FailureSample, Tally
from locust_asyncdjango.thresholds import Crossing, Watch

log = logging.getLogger(__name__)

CROSSED = 3
"""The exit code when a threshold of --fail-on was crossed."""

UNWRITTEN = 1
"""The exit code when a file could not be written to its end."""

ROWS_MESSAGE = "locust_asyncdjango_rows"
"""The message by which a worker sends what it has recorded to the master, once a second."""

FINISH_MESSAGE = "locust_asyncdjango_finish"
"""By which a master asks its workers to stop and to send what is left, and by which they say that they did."""

MASTER_LAG_S = 3
"""Seconds for which a master holds a row open for workers that are late."""

FINISH_DEADLINE_S = 10
"""For which a master waits for them at the end."""


def register() -> None:
    """Subscribes to Locust's events, as importing this module does; a second call does nothing."""
    if _on_init not in events.init._handlers:
        events.init_command_line_parser.add_listener(add_options)
        events.init.add_listener(_on_init)


def _on_init(environment: Environment, **_: Any) -> None:
    options = Options.of(environment.parsed_options)
    try:
        line_up(environment, options)
        outputs = Outputs(Options() if isinstance(environment.runner, WorkerRunner) else options)
    except (LineupError, OutputError) as error:
        _refuse(str(error))
    _Run(environment, options, outputs).subscribe()


def _refuse(message: str) -> NoReturn:
    sys.stderr.write(f"locust: error: {message}\n")
    sys.exit(2)


class _Run:
    """The recording of one Locust process: of every request on a worker or alone, of what workers send on a master."""

    def __init__(self, environment: Environment, options: Options, outputs: Outputs) -> None:
        self.environment = environment
        self.options = options
        self.outputs = outputs
        self.runner = _runner(environment)
        self.ticker: gevent.Greenlet | None = None
        self.header: dict[str, Any] = {}
        self.broken = False
        self.crossed = False
        self.unwritten = False
        self.unsent: list[dict[str, Any]] = []
        """Of a worker."""
        self.finished: set[str] = set()
        """Workers that have sent all that they had."""
        self.begin()

    def begin(self) -> None:
        """Makes everything ready for a run."""
        self.recorder = Recorder(time.time())
        self.tally = Tally(self.recorder.started)
        self.watches = [Watch(limit) for limit in self.options.stop_on]
        self.stopped_by: Crossing | None = None
        self.outcome: Outcome | None = None
        """Once it has ended."""
        self.unrecorded = 0
        self.users = 0
        """That ran when the second began."""
        forget_messages()

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
            self.runner.register_message(FINISH_MESSAGE, self.on_finished)
        elif isinstance(self.runner, WorkerRunner):
            self.runner.register_message(FINISH_MESSAGE, self.on_finish)
        if self.environment.web_ui is not None:
            add_tab(self.environment.web_ui, self.failures)

    def on_request(
        self,
        name: str,
        response_time: float | None,
        response_length: int | None,
        exception: BaseException | None = None,
        response: Any = None,
        # Named only so that no dict has to be made of them.
        request_type: str = "",
        context: Any = None,  # noqa: ARG002
        start_time: float = 0,  # noqa: ARG002
        url: str | None = None,
        **_: Any,
    ) -> None:
        now = time.time()
        try:
            failure = None if exception is None else failure_of(exception, response)
            kind = failure.kind if failure else ""
            self.recorder.add((now, name, kind, float(response_time or 0), int(response_length or 0), self.users))
            if failure and exception is not None:
                self.tally.add(failure, now)
                if self.tally.wants_sample(kind):
                    self.keep_sample(failure, now, f"{request_type} {name}", url, exception, response)
        except Exception:
            # A listener that raises would disturb the run it measures: say it once, count it and go on.
            self.unrecorded += 1
            if not self.broken:
                self.broken = True
                log.exception("A request was not recorded; later ones will only be counted")

    def keep_sample(
        self, failure: Failure, now: float, name: str, url: str | None, exception: BaseException, response: Any
    ) -> None:
        raised = exception.__cause__ if isinstance(exception, FailedRequestError) else exception
        with suppress(Exception):  # of what a client's own classes raise: the failure counts without a sample
            sample = FailureSample.of(
                kind=failure.kind,
                message=failure.message,
                t=int(now) - self.tally.started,
                name=name,
                url=url or str(getattr(response, "url", None) or ""),
                status=status_of(response),
                exception="" if raised is None else repr(raised),
                body=content_of(response),
            )
            self.tally.keep(sample)

    def on_test_start(self, **_: Any) -> None:
        if self.header:
            # The web UI's second run and later ones.
            self.write(self.outputs.next_run)
        self.begin()
        self.header = _header(self.environment, self.options)
        self.write(self.outputs.write_rows, [self.header])
        self.ticker = gevent.spawn(self.tick_every_second)

    def on_test_stop(self, **_: Any) -> None:
        self.gather()
        self.finish()
        if self.environment.web_ui is not None:
            self.conclude()
            self.show_summary()

    def on_quitting(self, **_: Any) -> None:
        # Locust does so only when it has settled the exit code, to which the last seconds belong, and when a worker has
        # told its master that it is gone.
        if self.is_worker:
            self.end_worker()
        else:
            self.runner.quit()
            self.finish()
        if self.environment.web_ui is None:
            self.conclude()
        if self.crossed:
            self.environment.process_exit_code = CROSSED
        elif self.unwritten and self.environment.process_exit_code is None:
            self.environment.process_exit_code = UNWRITTEN

    def on_quit(self, **_: Any) -> None:
        if self.environment.web_ui is None:
            self.show_summary()

    def on_rows(self, msg: Any, **_: Any) -> None:
        self.recorder.merge(msg.data["rows"], msg.data["started"])
        self.tally.merge(msg.data["failures"], msg.data["started"])
        self.unrecorded += msg.data["unrecorded"]

    def on_finish(self, **_: Any) -> None:
        """A worker's master wants what is left."""
        self.end_worker()
        self.runner.send_message(FINISH_MESSAGE)

    def end_worker(self) -> None:
        """Stops the users and sends what is left, also of what Locust has counted, which does so only on a quit."""
        self.runner.stop()
        self.finish()
        with suppress(RPCError, RPCSendError):
            self.runner._send_stats()  # type: ignore[attr-defined]

    def on_finished(self, msg: Any, **_: Any) -> None:
        self.finished.add(msg.node_id)

    def gather(self) -> None:
        """Has a master wait until its workers have sent what is left; those that are gone have done so before."""
        if not isinstance(self.runner, MasterRunner):
            return
        self.finished.clear()
        self.runner.send_message(FINISH_MESSAGE)
        deadline = time.monotonic() + FINISH_DEADLINE_S
        while missing := self.runner.clients.keys() - self.finished:
            gone = {client.id for client in self.runner.clients.missing}
            if missing <= gone or time.monotonic() > deadline:
                log.warning("%s did not send the last second, which is not counted", ", ".join(sorted(missing)))
                return
            gevent.sleep(0.05)

    def tick_every_second(self) -> None:
        while True:
            gevent.sleep(1 - time.time() % 1)
            try:
                self.tick(time.time())
            except Exception:
                log.exception("A second could not be handed on")

    def tick(self, now: float) -> None:
        """Once a second."""
        if not self.is_master:
            # At the end of the second that has just ended, and at the beginning of the next.
            self.users = self.runner.user_count
            self.recorder.note_users(now - 0.5, self.users)
        self.look_for_stop(self.hand_on(before=now - MASTER_LAG_S if self.is_master else now))

    def hand_on(self, before: float | None = None) -> list[dict[str, Any]]:
        """Gives what is complete to the master or the file, and returns its rows."""
        rows, failures = self.recorder.take(before), self.tally.take(before)
        if self.is_worker:
            self.send(rows, failures)
        else:
            self.write(self.outputs.write_rows, rows)
        return rows

    def send(self, rows: list[dict[str, Any]], failures: dict[str, Any]) -> None:
        """Sends what a worker has to its master, and keeps for later what cannot be sent now."""
        if rows or failures or self.unrecorded:
            started = self.recorder.started
            news = {"rows": rows, "failures": failures, "unrecorded": self.unrecorded, "started": started}
            self.unsent.append(news)
            self.unrecorded = 0
        try:
            while self.unsent:
                self.runner.send_message(ROWS_MESSAGE, self.unsent[0])
                self.unsent.pop(0)
        except (RPCError, RPCSendError) as error:
            log.warning("The master cannot be reached (%s); what was recorded is kept for later", error)

    def look_for_stop(self, rows: list[dict[str, Any]]) -> None:
        """Ends the run when a threshold of --stop-on is crossed."""
        if self.is_worker or self.stopped_by or not rows:
            return
        for row in map(series.Row.from_json, rows if self.watches else ()):
            for watch in self.watches:
                watch.add(row)
        self.stopped_by = next(filter(None, (watch.crossing() for watch in self.watches)), None)
        if self.stopped_by:
            log.info("Stopping: %s", self.stopped_by.told)
            gevent.spawn(self.runner.stop if self.environment.web_ui is not None else self.runner.quit)

    def finish(self) -> None:
        """Hands on what is left."""
        if self.ticker is not None:
            self.ticker.kill(block=False)
            self.ticker = None
        self.hand_on()

    def failures(self) -> dict[str, Any]:
        """What failed so far."""
        return failures_told(self.header, self.tally, self.recorder.users_at, self.unrecorded)

    def conclude(self) -> None:
        """Writes what is written at the end, and sees which thresholds were crossed."""
        if self.is_worker or not self.header:
            return
        recorded = self.recorder.series(self.header)
        self.outcome = Outcome.of(recorded, self.tally, self.options.fail_on, self.stopped_by, self.unrecorded)
        self.crossed |= bool(self.outcome.crossed)
        told = cases(self.outcome, self.options.fail_on, _requested(self.environment))
        self.write(self.outputs.write_failures, self.failures())
        self.write(self.outputs.write_junit, junit(told, self.header["started"], time.time() - self.recorder.started))

    def write(self, writes: Callable[..., None], *content: Any) -> None:
        """Writes to a file, and goes on measuring if that cannot be done."""
        try:
            writes(*content)
        except OutputError as error:
            self.unwritten = True
            log.error("%s", error)

    def show_summary(self) -> None:
        if self.outcome is not None:
            # Where Locust's own tables go.
            logging.getLogger("locust.stats_logger").info(summary(self.outcome))


def _runner(environment: Environment) -> Runner:
    assert environment.runner is not None, "Locust makes the runner before it fires init"  # noqa: S101
    return environment.runner


def _requested(environment: Environment) -> list[Requested]:
    """What Locust has counted."""
    errors: dict[tuple[str, str], list[tuple[int, str]]] = {}
    for error in environment.stats.errors.values():
        told = error.to_name().removeprefix(f"{error.method} {error.name}: ")
        errors.setdefault((error.method, error.name), []).append((error.occurrences, told))
    return [
        Requested(f"{method} {name}", entry.num_requests, entry.num_failures, tuple(errors.get((method, name), ())))
        for (name, method), entry in sorted(environment.stats.entries.items())
    ]


def _header(environment: Environment, options: Options) -> dict[str, Any]:
    given = environment.parsed_options
    shape = environment.shape_class
    return series.header(
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        host=redacted(environment.host or ""),
        user_classes=sorted(user.__name__ for user in environment.user_classes),
        variant=options.variant,
        shape=type(shape).__name__ if shape else "",
        users=getattr(given, "num_users", None),
        spawn_rate=getattr(given, "spawn_rate", None),
        run_time=getattr(given, "run_time", None) or getattr(shape, "run_time", None),
        versions={"locust-asyncdjango": __version__, "locust": locust.__version__, "python": platform.python_version()},
    )


register()
