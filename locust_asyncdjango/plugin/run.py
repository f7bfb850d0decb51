"""Wire a run together: Locust's events, the recording, the workers, the results and what shows them.

``Run`` is for a process with results: one that runs alone, or a master. ``WorkerRun`` is for a worker, which sends all
that it records to its master.
"""

import time
from collections.abc import Callable
from typing import Any

import gevent
from gevent.pool import Group
from locust.env import Environment
from locust.runners import STATE_RUNNING, STATE_SPAWNING, STATE_STOPPED, MasterRunner, Runner, WorkerRunner

from locust_asyncdjango.failures.normalize import safe_logger
from locust_asyncdjango.load.arrivals import ArrivalQueue
from locust_asyncdjango.load.shape_registry import planned_rate, planned_users
from locust_asyncdjango.plugin import run_info
from locust_asyncdjango.plugin.generator.in_flight import InFlight
from locust_asyncdjango.plugin.generator.meter import GeneratorMeter
from locust_asyncdjango.plugin.generator.stop_signals import raise_interrupts_in_main, watch_stop_signals
from locust_asyncdjango.plugin.open_model import OpenModel, accept_shares, request_share
from locust_asyncdjango.plugin.options import Options
from locust_asyncdjango.plugin.output_files import OutputFiles
from locust_asyncdjango.plugin.recording import Recording, attach_recording, attached_recording
from locust_asyncdjango.plugin.results import Results
from locust_asyncdjango.plugin.terminal import LiveDisplay
from locust_asyncdjango.plugin.web_ui import add_tabs
from locust_asyncdjango.plugin.worker_protocol import MasterLink, WorkerLink, take_update

log = safe_logger(__name__)

MASTER_DELAY_S = 0.3
"""Seconds after the end of each second at which a master handles it: its workers have sent their rows by then."""


def subscribe_run(
    environment: Environment, runner: Runner, options: Options, outputs: OutputFiles, display: LiveDisplay | None
) -> None:
    """Record the runs of a process that is not a worker. display: shows a headless run; None to show nothing."""
    recording = attach_recording(environment, ArrivalQueue())
    results = Results(environment, options, outputs, recording)
    link = MasterLink(runner, recording) if isinstance(runner, MasterRunner) else None
    open_model = OpenModel(environment, recording.arrivals, link)
    run = Run(environment, runner, recording, results, open_model, InFlight(environment), link, display)
    events = environment.events
    events.test_start.add_listener(run.on_test_start)
    events.test_stopping.add_listener(run.on_test_stopping)
    events.test_stop.add_listener(run.on_test_stop)
    events.quitting.add_listener(run.on_quitting)
    events.quit.add_listener(run.on_quit)
    if environment.web_ui is not None:
        add_tabs(environment.web_ui, results)
    watch_stop_signals(environment, runner, results.note_stop_signal)


def subscribe_worker(environment: Environment, runner: WorkerRunner) -> None:
    """Record in a worker, and send everything to its master."""
    joined = attached_recording(environment)
    recording = joined or record_worker(environment)
    accept_shares(runner, recording.arrivals)
    raise_interrupts_in_main()
    run = WorkerRun(runner, recording, InFlight(environment), GeneratorMeter())
    events = environment.events
    events.test_start.add_listener(run.on_test_start)
    events.test_stopping.add_listener(run.on_test_stopping)
    events.test_stop.add_listener(run.on_test_stop)
    events.quitting.add_listener(run.on_quitting)
    if joined and runner.state != STATE_STOPPED:
        run.join()


def record_worker(environment: Environment) -> Recording:
    """Begin to record in a worker. Its users wait for arrivals until it knows whether there is an open model."""
    return attach_recording(environment, ArrivalQueue(is_open=True))


class Ticker:
    """Calls a function at the end of each second while a run goes on. It logs an error of that function and goes on."""

    def __init__(self, tick: Callable[[float], None], now: Callable[[], float], delay_s: float = 0.0) -> None:
        """Prepare to tick.

        tick: gets the time in epoch seconds. now: returns that time. delay_s: seconds to wait after the end of each
        second.
        """
        self._tick = tick
        self._now = now
        self._delay_s = delay_s
        self._greenlet: gevent.Greenlet | None = None

    def start(self) -> None:
        """Begin to tick, in a greenlet of its own."""
        self._greenlet = gevent.spawn(self._tick_every_second)

    def stop(self) -> None:
        """Stop ticking. A second call does nothing."""
        if self._greenlet is not None:
            self._greenlet.kill(block=False)
            self._greenlet = None

    def _tick_every_second(self) -> None:
        while True:
            gevent.sleep(1 - (self._now() - self._delay_s) % 1)
            try:
                self._tick(self._now())
            except Exception:
                log.exception("The last second could not be recorded; the run goes on")


class WorkerRun:
    """The runs of a worker: it records, and sends an update to its master each second."""

    def __init__(self, runner: WorkerRunner, recording: Recording, in_flight: InFlight, meter: GeneratorMeter) -> None:
        self._runner = runner
        self._recording = recording
        self._in_flight = in_flight
        self._meter = meter
        self._link = WorkerLink(runner, self._finish, recording.now)
        self._ticker = Ticker(self._tick, recording.now)

    def join(self) -> None:
        """Go on with a run that has begun before Locust fired ``init``: the requests since then are recorded."""
        self._meter.start()
        self._ticker.start()
        request_share(self._runner)

    def on_test_start(self, **_: Any) -> None:
        """Begin a new recording and send its rows each second.

        Listeners that prepare something have taken their time before: what was due in it is not.
        """
        self._recording.begin(time.time())
        self._recording.arrivals.restart()
        self._meter.start()
        self._ticker.start()

    def on_test_stopping(self, **_: Any) -> None:
        """Count what was due and never begun, and note what has begun and not ended."""
        self._recording.end_arrivals()
        self._in_flight.stop_begins()

    def on_test_stop(self, **_: Any) -> None:
        """Send the rest of the run."""
        self._ticker.stop()
        self._meter.stop()
        self._recording.add_in_flight(self._in_flight.stop_ended())
        self._link.send(take_update(self._recording))

    def on_quitting(self, **_: Any) -> None:
        """Send the rest of the run before Locust ends. Locust has told the master already that this worker leaves."""
        self._finish()

    def _tick(self, now: float) -> None:
        _record_load(self._recording, self._runner, self._meter, now)
        self._link.send(take_update(self._recording, now))
        if not self._recording.arrivals.is_known:  # the master's message came before this worker could listen
            request_share(self._runner)

    def _finish(self) -> None:
        self._runner.stop()
        self.on_test_stop()
        self._link.send_locust_stats()


class Run:
    """The runs of a process with results: one that runs alone, or a master."""

    def __init__(
        self,
        environment: Environment,
        runner: Runner,
        recording: Recording,
        results: Results,
        open_model: OpenModel,
        in_flight: InFlight,
        link: MasterLink | None,
        display: LiveDisplay | None,
    ) -> None:
        """Prepare a run. link: on a master, that to its workers. display: shows a headless run; None for no display."""
        self._environment = environment
        self._runner = runner
        self._recording = recording
        self._results = results
        self._open_model = open_model
        self._in_flight = in_flight
        self._meter = GeneratorMeter()
        self._link = link
        self._display = display
        self._delay_s = MASTER_DELAY_S if link else 0.0
        self._ticker = Ticker(self._tick, recording.now, self._delay_s)

    @property
    def _has_web_ui(self) -> bool:
        return self._environment.web_ui is not None

    def on_test_start(self, **_: Any) -> None:
        """Begin a run: its recording, its results, its display and its open model."""
        self._recording.begin(time.time())
        if self._link:
            self._link.begin()
        header = run_info.run_header(self._environment)
        self._results.begin(header)
        if self._display:
            self._display.start(header)
        if not self._link:  # a master's workers measure themselves
            self._meter.start()
        self._ticker.start()
        self._open_model.begin()

    def on_test_stopping(self, **_: Any) -> None:
        """Count what was due and never begun, and note what has begun and not ended."""
        self._recording.end_arrivals()
        self._in_flight.stop_begins()

    def on_test_stop(self, **_: Any) -> None:
        """Collect the rest of the run. With the web UI, conclude the run too, because the process goes on."""
        if self._link:
            self._link.collect_last_updates()
        self._recording.add_in_flight(self._in_flight.stop_ended())
        self._finish()
        if self._has_web_ui:
            self._results.conclude()
            self._results.log_summary()

    def on_quitting(self, **_: Any) -> None:
        """Conclude a headless run, and set the exit code.

        Locust fires this event after it has chosen its own exit code. The last seconds count for ours, so the users are
        stopped first.
        """
        discard_ended(self._runner.greenlet)
        discard_ended(self._runner.user_greenlets)
        self._runner.quit()
        self._finish()
        if not self._has_web_ui:
            self._results.conclude()
        self._results.close()

    def on_quit(self, **_: Any) -> None:
        """Log the summary of a headless run below Locust's own tables."""
        if not self._has_web_ui:
            self._results.log_summary()

    def _tick(self, now: float) -> None:
        if self._runner.state in (STATE_SPAWNING, STATE_RUNNING):
            if self._link is None or self._link.has_begun:
                shape = self._environment.shape_class
                users, rate = planned_users(shape, self._delay_s), planned_rate(shape, self._delay_s)
                self._recording.recorder.set_planned(now - 0.5, users, rate)
            if self._link:
                self._recording.recorder.set_lost_workers(now - 0.5, self._link.count_lost())
            self._open_model.share()
        if self._link:
            self._add_rows(self._link.complete_until(now))
        else:
            _record_load(self._recording, self._runner, self._meter, now)
            self._add_rows(now)
        if self._display:
            history, failures = self._results.history, self._recording.failure_counts
            self._display.tick(history.total.t + 1, history.intervals, failures.rows, self._results.figures)
        self._stop_if_crossed()
        self._results.check_generator_health()

    def _add_rows(self, until: float | None = None) -> None:
        rows = self._recording.recorder.take(until)
        self._recording.failure_counts.take(until)  # adds the pending failures to the totals
        self._results.add(rows)

    def _stop_if_crossed(self) -> None:
        if crossing := self._results.check_stop_on():
            log.info("Stopping: %s", crossing.text)
            gevent.spawn(self._runner.stop if self._has_web_ui else self._runner.quit)

    def _finish(self) -> None:
        self._ticker.stop()
        self._meter.stop()
        if self._display:
            self._display.stop()
        self._add_rows()


def discard_ended(group: Group) -> None:
    """Take greenlets that have ended out of a group.

    gevent does so itself, unless Ctrl-C interrupts it at that moment. Then it would wait for them forever when Locust
    stops the group.
    """
    for greenlet in [each for each in group if each.dead]:
        group.discard(greenlet)


def _record_load(recording: Recording, runner: Runner, meter: GeneratorMeter, now: float) -> None:
    """Record the users of the second that has just ended, and how busy this process was."""
    recording.recorder.record_state(now - 0.5, runner.user_count, *meter.read())
