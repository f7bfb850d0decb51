"""The recording of a run: wires options, setup, failures, recorder, outputs and summary together."""

import logging
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NoReturn

import gevent
from locust import events
from locust.env import Environment
from locust.runners import STATE_RUNNING, STATE_SPAWNING, MasterRunner, Runner, WorkerRunner

from locust_asyncdjango.analysis.charts import charts_over_time
from locust_asyncdjango.analysis.formatting import Figure, key_figures
from locust_asyncdjango.analysis.generator_health import CHECK_EVERY_S, HealthMonitor, health_problems
from locust_asyncdjango.analysis.junit import junit_xml
from locust_asyncdjango.analysis.outcome import Outcome, junit_cases
from locust_asyncdjango.analysis.saturation import Saturation, find_saturation
from locust_asyncdjango.analysis.text_summary import summary_text
from locust_asyncdjango.analysis.thresholds import Crossing, ThresholdMonitor, crossings
from locust_asyncdjango.client.exceptions import failure_from_event, forget_messages, sample_fields
from locust_asyncdjango.failures.counts import FailureCounts, FailureSample, failures_document
from locust_asyncdjango.failures.model import Failure
from locust_asyncdjango.load.arrivals import ARRIVALS
from locust_asyncdjango.load.shape_registry import planned_users, shape_conclusions
from locust_asyncdjango.metrics.history import History
from locust_asyncdjango.metrics.recorder import Recorder
from locust_asyncdjango.metrics.row import Row
from locust_asyncdjango.plugin import run_info
from locust_asyncdjango.plugin.open_model import OpenModel
from locust_asyncdjango.plugin.options import Options, add_options, is_csv
from locust_asyncdjango.plugin.output_files import OutputError, Outputs
from locust_asyncdjango.plugin.reporting import make_report
from locust_asyncdjango.plugin.setup import LineupError, prepare_environment
from locust_asyncdjango.plugin.terminal import Live
from locust_asyncdjango.plugin.web_ui import add_tabs
from locust_asyncdjango.plugin.worker_protocol import FINISH_MESSAGE, ROWS_MESSAGE, MasterLink, WorkerLink

log = logging.getLogger(__name__)

CROSSED = 3
"""The exit code when a threshold of --fail-on was crossed."""

UNWRITTEN = 1
"""The exit code when a file could not be written to its end."""

LATE_MS = 10.0
"""By how much a request of an open model may begin after it was due, and be on time."""

MASTER_TICK_S = 0.3
"""How long after each second a master looks: by then its workers have told what they have of it."""


def register() -> None:
    """Subscribes to Locust's events, as importing this module does; a second call does nothing."""
    if _on_init not in events.init._handlers:
        events.init_command_line_parser.add_listener(add_options)
        events.init.add_listener(_on_init)


def _on_init(environment: Environment, **_: Any) -> None:
    options = Options.of(environment.parsed_options)
    try:
        prepare_environment(environment, options)
        outputs = Outputs(Options() if isinstance(environment.runner, WorkerRunner) else options)
    except (LineupError, OutputError) as error:
        _refuse(str(error))
    _Run(environment, options, outputs, _live(environment, options)).subscribe()


def _live(environment: Environment, options: Options) -> Live | None:
    """What shows a headless run, unless it is a worker's or only its summary is wanted."""
    given = environment.parsed_options
    if given is None or not given.headless or given.only_summary or isinstance(environment.runner, WorkerRunner):
        return None
    # The log of --processes' workers would be written into a panel.
    live = Live.of(options.live or ("lines" if given.processes else ""), sys.stdout)
    if live and live.replaces_tables:
        given.only_summary = True
    return live


def _refuse(message: str) -> NoReturn:
    sys.stderr.write(f"locust: error: {message}\n")
    sys.exit(2)


class _Run:
    """The recording of one Locust process: of every request on a worker or alone, of what workers send on a master."""

    def __init__(self, environment: Environment, options: Options, outputs: Outputs, live: Live | None) -> None:
        self.environment = environment
        self.options = options
        self.outputs = outputs
        self.live = live
        self.runner = _runner(environment)
        self.to_master = WorkerLink(self.runner) if isinstance(self.runner, WorkerRunner) else None
        self.from_workers = MasterLink(self.runner) if isinstance(self.runner, MasterRunner) else None
        self.late_s = MASTER_TICK_S if self.from_workers else 0.0
        self.open_model = OpenModel(environment, self.from_workers)
        self.ticker: gevent.Greenlet | None = None
        self.header: dict[str, Any] = {}
        self.broken = False
        self.crossed = False
        self.unwritten = False
        self.begin()

    def begin(self) -> None:
        """Makes everything ready for a run."""
        self.recorder = Recorder(time.time())
        self.history = History()
        self.failure_counts = FailureCounts(self.recorder.started)
        self.stop_on = [ThresholdMonitor(limit) for limit in self.options.stop_on]
        self.fail_on = [ThresholdMonitor(limit) for limit in self.options.fail_on]
        self.stopped_by: Crossing | None = None
        self.outcome: Outcome | None = None
        """Once it has ended."""
        self.unrecorded = 0
        self.lookout = HealthMonitor()
        self.figures_of = (0, 0, 0)
        self.last_figures = find_saturation([])
        forget_messages()

    def subscribe(self) -> None:
        listen = self.environment.events
        listen.request.add_listener(self.on_request)
        listen.test_start.add_listener(self.on_test_start)
        listen.test_stopping.add_listener(self.on_test_stopping)
        listen.test_stop.add_listener(self.on_test_stop)
        listen.quitting.add_listener(self.on_quitting)
        listen.quit.add_listener(self.on_quit)
        if isinstance(self.runner, MasterRunner):
            self.runner.register_message(ROWS_MESSAGE, self.on_rows)
            self.runner.register_message(FINISH_MESSAGE, self.on_finished)
        elif isinstance(self.runner, WorkerRunner):
            self.runner.register_message(FINISH_MESSAGE, self.on_finish)
        if self.environment.web_ui is not None:
            add_tabs(self.environment.web_ui, self)

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
            duration_ms = None if response_time is None else float(response_time)
            failure = failure_from_event(exception, response) if exception else None
            kind = failure.kind if failure else ""
            late_ms = ARRIVALS.late_ms()
            if late_ms > LATE_MS:
                self.recorder.add_late_start(now)
            if duration_ms is not None:
                duration_ms += late_ms
            self.recorder.add((now, kind, duration_ms, int(response_length or 0)))
            if failure and exception:
                self.failure_counts.add(failure, now)
                if self.failure_counts.wants_sample(kind):
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
        with suppress(Exception):  # of what a client's own classes raise: the failure counts without a sample
            t, seen = int(now) - self.failure_counts.started, sample_fields(url, exception, response)
            self.failure_counts.keep(FailureSample.of(failure.kind, failure.message, t, name, **seen))

    def on_test_start(self, **_: Any) -> None:
        if self.header:
            # The web UI's second run and later ones.
            self.write(self.outputs.next_run)
        self.begin()
        self.header = run_info.header(self.environment)
        self.write(self.outputs.write_header, self.header)
        if self.live:
            self.live.start(self.header)
        self.ticker = gevent.spawn(self.tick_every_second)
        self.open_model.begin()

    def on_test_stopping(self, **_: Any) -> None:
        if missed := ARRIVALS.end():
            self.recorder.add_missed(time.time(), missed)

    def on_test_stop(self, **_: Any) -> None:
        if self.from_workers:
            self.from_workers.gather()
        self.finish()
        if self.environment.web_ui is not None:
            self.conclude()
            self.show_summary()

    def on_quitting(self, **_: Any) -> None:
        # Locust does so only when it has settled the exit code, to which the last seconds belong, and when a worker has
        # told its master that it is gone.
        if self.to_master:
            self.end_worker(self.to_master)
        else:
            self.runner.quit()
            self.finish()
        if self.environment.web_ui is None:
            self.conclude()
        self.outputs.close()
        if self.crossed:
            self.environment.process_exit_code = CROSSED
        elif self.unwritten and self.environment.process_exit_code is None:
            self.environment.process_exit_code = UNWRITTEN

    def on_quit(self, **_: Any) -> None:
        if self.environment.web_ui is None:
            self.show_summary()

    def end_worker(self, to_master: WorkerLink) -> None:
        """Stops the users and sends what is left."""
        self.runner.stop()
        self.finish()
        to_master.send_locusts_own()

    def tick_every_second(self) -> None:
        while True:
            gevent.sleep(1 - (time.time() - self.late_s) % 1)
            try:
                self.tick(time.time())
            except Exception:
                log.exception("A second could not be handed on")

    def tick(self, now: float) -> None:
        """Once a second."""
        if not self.to_master and self.runner.state in (STATE_SPAWNING, STATE_RUNNING):
            self.recorder.set_planned(now - 0.5, planned_users(self.environment.shape_class, self.late_s))
            self.open_model.share()
        if self.from_workers:
            self.hand_on(self.from_workers.complete_until(now))
        else:
            # Of the second that has just ended.
            self.recorder.record_state(now - 0.5, self.runner.user_count, self.runner.current_cpu_usage)
            self.hand_on(now)
        if self.live:
            self.live.tick(self.history.total.t + 1, self.history.intervals, self.failure_counts.rows)
        self.look_for_stop()
        self.look_whether_held()

    def hand_on(self, before: float | None = None) -> None:
        """Gives what is complete to the master, or to the files and to those who look at it."""
        rows, failures = self.recorder.take(before), self.failure_counts.take(before)
        if self.to_master:
            news = {
                "rows": [row.to_json() for row in rows],
                "failures": failures,
                "unrecorded": self.unrecorded,
                "started": self.recorder.started,
                "until": before,
            }
            self.unrecorded = 0
            self.to_master.send(news)
            return
        self.write(self.outputs.write_rows, rows)
        for row in rows:
            self.history.add(row)
            for watch in (*self.stop_on, *self.fail_on):
                watch.add(row)

    def on_rows(self, msg: Any, **_: Any) -> None:
        """A worker tells its master what it has recorded."""
        news = msg.data
        self.recorder.merge(map(Row.from_json, news["rows"]), news["started"], time.time())
        self.failure_counts.merge(news["failures"], news["started"])
        self.unrecorded += news["unrecorded"]
        if self.from_workers and news["until"]:
            self.from_workers.told(msg.node_id, int(news["until"]))

    def on_finish(self, **_: Any) -> None:
        """A worker's master wants what is left."""
        if self.to_master:
            self.end_worker(self.to_master)
            self.to_master.say_finished()

    def on_finished(self, msg: Any, **_: Any) -> None:
        """A worker has told its master all that it had."""
        if self.from_workers:
            self.from_workers.finished(msg.node_id)

    def look_for_stop(self) -> None:
        """Ends the run when a threshold of --stop-on is crossed."""
        if self.to_master or self.stopped_by:
            return
        self.stopped_by = next(crossings(self.stop_on), None)
        if self.stopped_by:
            log.info("Stopping: %s", self.stopped_by.text)
            gevent.spawn(self.runner.stop if self.environment.web_ui is not None else self.runner.quit)

    def look_whether_held(self) -> None:
        """Says in the log, as soon as it is so, why this run's load is not what it was to be."""
        if self.history.total.t and self.history.total.t % CHECK_EVERY_S == 0:
            for told in self.lookout.new_problems(self.history.intervals()):
                log.warning("The load is not held: %s", told)

    def finish(self) -> None:
        """Hands on what is left."""
        if self.ticker is not None:
            self.ticker.kill(block=False)
            self.ticker = None
        if self.live:
            self.live.stop()
        self.hand_on()

    def failures(self) -> dict[str, Any]:
        """What failed so far."""
        told = self.header, self.failure_counts, self.history.users_at, self.unrecorded
        return failures_document(*told, shape_conclusions(self.environment.shape_class))

    def figures(self) -> Saturation:
        """Where the run saturated so far: worked out only when there is news, as it is asked for more often."""
        total = self.history.total
        known = (total.t, total.ok, total.failed.total())
        if self.figures_of != known:
            self.figures_of, self.last_figures = known, find_saturation(self.history.intervals())
        return self.last_figures

    def numbers(self) -> tuple[Figure, ...]:
        """The figures in words."""
        return key_figures(self.figures())

    def charted(self) -> dict[str, Any]:
        """What the page with charts shows beside them."""
        return {
            "state": self.runner.state,
            "about": run_info.told(self.header) if self.header else "",
            "charts": charts_over_time(self.history.intervals(), self.figures()),
        }

    def conclude(self) -> None:
        """Writes what is written at the end, and sees which thresholds were crossed."""
        if self.to_master or not self.header:
            return
        seconds = self.history.intervals()
        self.outcome = Outcome(
            find_saturation(seconds),
            tuple(self.failure_counts.rows()),
            tuple(crossings(self.fail_on)),
            self.stopped_by,
            self.unrecorded,
            tuple(health_problems(seconds).values()),
            shape_conclusions(self.environment.shape_class),
        )
        self.crossed |= bool(self.outcome.crossed)
        told = junit_cases(self.outcome, self.options.fail_on, run_info.requested(self.environment))
        self.write(self.outputs.write_failures, self.failures())
        self.write(
            self.outputs.write_junit, junit_xml(told, self.header["started"], time.time() - self.recorder.started)
        )
        self.write(self.make_report)

    def write(self, writes: Callable[..., None], *content: Any) -> None:
        """Writes to a file, and goes on measuring if that cannot be done."""
        try:
            writes(*content)
        except OutputError as error:
            self.unwritten = True
            log.error("%s", error)

    def make_report(self) -> None:
        """Has the report made of the files that were written. Raises OutputError."""
        given = self.options
        if given.report:
            series = next(name for name in given.series if not is_csv(name))
            made = make_report(*map(self.outputs.path, (given.report, series, given.failures)))
            log.info("%s", made)

    def show_summary(self) -> None:
        if self.outcome is not None:
            # Where Locust's own tables go.
            logging.getLogger("locust.stats_logger").info(summary_text(self.outcome))


def _runner(environment: Environment) -> Runner:
    assert environment.runner is not None, "Locust makes the runner before it fires init"  # noqa: S101
    return environment.runner
