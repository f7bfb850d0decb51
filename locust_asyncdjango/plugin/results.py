"""The results of a run: its figures so far, and at its end its outcome, its files and the exit code.

``Results`` receives rows of whole seconds, in order. The web UI and the terminal read it while the run goes on.
``conclude`` computes the outcome once the run has ended.
"""

import logging
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from locust.env import Environment

from locust_asyncdjango.analysis.charts import charts_over_time
from locust_asyncdjango.analysis.conditions.objective import Objective
from locust_asyncdjango.analysis.formatting import Figure, key_figures
from locust_asyncdjango.analysis.generator_health import CHECK_EVERY_S, HealthMonitor, health_problems
from locust_asyncdjango.analysis.junit import junit_xml
from locust_asyncdjango.analysis.outcome import Outcome, junit_cases
from locust_asyncdjango.analysis.request_names import request_figures
from locust_asyncdjango.analysis.saturation import Saturation, find_saturation
from locust_asyncdjango.analysis.silences import find_silences
from locust_asyncdjango.analysis.terminal_text import terminal_width
from locust_asyncdjango.analysis.text_summary import summary_text
from locust_asyncdjango.analysis.thresholds import Crossing, ThresholdMonitor, crossings, unchecked_thresholds
from locust_asyncdjango.extras import missing_extra
from locust_asyncdjango.failures.counts import failures_document
from locust_asyncdjango.failures.normalize import safe_logger
from locust_asyncdjango.load.shape_registry import shape_conclusions
from locust_asyncdjango.metrics.history import History
from locust_asyncdjango.metrics.row import Row
from locust_asyncdjango.plugin import run_info
from locust_asyncdjango.plugin.options import Options
from locust_asyncdjango.plugin.output_files import OutputError, OutputFiles
from locust_asyncdjango.plugin.recording import Recording

log = safe_logger(__name__)

EXIT_CROSSED = 3
"""The exit code when a threshold of --fail-on was crossed."""

EXIT_NOT_MEASURED = 1
"""The exit code when no request was answered."""

EXIT_UNWRITTEN = 1
"""The exit code when a file could not be written to its end."""

INTERVALS_PER_WAIT_S = 300
"""A run of so many intervals waits one second before its figures are computed again, a longer one longer.

While they are computed, no user runs. benchmarks/recording_cost.py measures which share of the time that takes.
"""

REPORT_DEADLINE_S = 120
"""Seconds that the program that makes the report may take."""


class FiguresSoFar:
    """The figures of a run while it goes on, for all that shows them: the web UI, its charts, and the terminal."""

    def __init__(self, history: History, objective: Objective) -> None:
        """Prepare the figures. history: of the run, to which seconds are added."""
        self._history = history
        self._objective = objective
        self._figures = find_saturation([])
        self._seconds = 0

    def current(self) -> Saturation:
        """Return the figures of some seconds ago at most: they are computed anew if INTERVALS_PER_WAIT_S allows it."""
        intervals = self._history.intervals()
        seconds = sum(interval.length for interval in intervals)
        if seconds - self._seconds >= max(len(intervals) / INTERVALS_PER_WAIT_S, 1):
            self._figures, self._seconds = self.compute(), seconds
        return self._figures

    def compute(self) -> Saturation:
        """Return the figures of all seconds up to now."""
        history = self._history
        return find_saturation(history.intervals(), history.load_levels(), self._objective, total=history.total)


class Results:
    """The results of the current run, in a process that is not a worker."""

    def __init__(self, environment: Environment, options: Options, outputs: OutputFiles, recording: Recording) -> None:
        """Prepare the results. recording: what this process has recorded, or on a master what all workers have."""
        self._environment = environment
        self._options = options
        self._outputs = outputs
        self._recording = recording
        self._header: dict[str, Any] = {}
        self._has_crossed = False
        self._has_unmeasured = False
        self._has_unwritten = False
        self._interrupted_by = ""
        self._reset()

    def _reset(self) -> None:
        self.history = History()
        self._stop_on = [ThresholdMonitor(limit) for limit in self._options.stop_on]
        self._fail_on = [ThresholdMonitor(limit) for limit in self._options.fail_on]
        self._stopped_by: Crossing | None = None
        self._outcome: Outcome | None = None
        self._health = HealthMonitor()
        self._figures = FiguresSoFar(self.history, self._options.objective)

    def begin(self, header: dict[str, Any]) -> None:
        """Begin a run. The web UI can begin several: later ones get files of their own. header: of its series."""
        if self._header:
            self._write(self._outputs.next_run)
        self._reset()
        self._header = header
        self._write(self._outputs.write_header, header)

    def add(self, rows: Iterable[Row]) -> None:
        """Write rows to the series, and add them to the history and to the thresholds."""
        rows = list(rows)
        self._write(self._outputs.write_rows, rows)
        for row in rows:
            self.history.add(row)
            for watch in (*self._stop_on, *self._fail_on):
                watch.add(row)

    def check_stop_on(self) -> Crossing | None:
        """Return the first crossing of a --stop-on threshold: once, then None for the rest of the run."""
        if self._stopped_by:
            return None
        self._stopped_by = next(crossings(self._stop_on), None)
        return self._stopped_by

    def note_stop_signal(self, name: str) -> None:
        """Note the name of the signal that stops the run."""
        self._interrupted_by = name

    def check_generator_health(self) -> None:
        """Log a warning, once for each problem, if the generator does not keep up with the load."""
        if self.history.total.t and self.history.total.t % CHECK_EVERY_S == 0:
            for problem in self._health.new_problems(self.history.intervals()):
                log.warning("Generator problem: %s", problem)

    def figures(self) -> Saturation:
        """Return the figures of the run so far, and once it has ended those of all of it."""
        return self._outcome.figures if self._outcome else self._figures.current()

    def figures_in_words(self) -> tuple[Figure, ...]:
        """Return the figures of the run so far, each as a text with its meaning."""
        return key_figures(self.figures(), run_info.locust_latencies_ms(self._environment))

    def failures(self) -> dict[str, Any]:
        """Return the failures so far, in the form of the file of --failures."""
        return failures_document(
            self._header,
            self._recording.failure_counts,
            self.history.users_at,
            self._recording.unrecorded,
            shape_conclusions(self._environment.shape_class),
            in_flight=self.history.total.in_flight,
            in_flight_s=self.history.total.in_flight_s or 0.0,
            refused_updates=self._recording.refused_updates,
            interrupted_by=self._interrupted_by,
            locust_ms=run_info.locust_latencies_ms(self._environment),
        )

    def chart_data(self) -> dict[str, Any]:
        """Return what the page with live charts shows: the runner's state, what runs, and the charts."""
        runner = self._environment.runner
        return {
            "state": runner.state if runner else "",
            "about": run_info.describe_run(self._header) if self._header else "",
            "charts": charts_over_time(self.history.intervals(), self.figures()),
        }

    def conclude(self) -> None:
        """Compute the outcome of a run that has ended, and write the files that are written at the end."""
        if not self._header:
            return
        self._outcome = self._make_outcome()
        for unchecked in unchecked_thresholds(self._stop_on):
            log.warning("--stop-on %s", unchecked.text)
        self._has_crossed |= bool(self._outcome.failed_thresholds)
        self._has_unmeasured |= not self._outcome.figures.is_measured
        checks = junit_cases(self._outcome, self._options.fail_on, run_info.request_stats(self._environment))
        took_s = self._recording.now() - self._recording.recorder.started
        self._write(self._outputs.write_failures, self.failures())
        self._write(self._outputs.write_junit, junit_xml(checks, self._header["started"], took_s))
        self._write(self._make_report)

    def log_summary(self) -> None:
        """Log the summary of the outcome to the logger of Locust's own tables. Do nothing before ``conclude``."""
        if self._outcome is not None:
            logging.getLogger("locust.stats_logger").info(summary_text(self._outcome, terminal_width()))

    def close(self) -> None:
        """Close the files, and set Locust's exit code.

        It is set if a threshold was crossed, if nothing was measured, or if a file is incomplete.
        """
        self._outputs.close()
        if self._has_crossed:
            self._environment.process_exit_code = EXIT_CROSSED
        elif self._environment.process_exit_code is None and (self._has_unmeasured or self._has_unwritten):
            self._environment.process_exit_code = EXIT_NOT_MEASURED if self._has_unmeasured else EXIT_UNWRITTEN

    def _make_outcome(self) -> Outcome:
        intervals = self.history.intervals()
        return Outcome(
            self._figures.compute(),
            tuple(self._recording.failure_counts.rows()),
            tuple(crossings(self._fail_on)),
            self._stopped_by,
            self._recording.unrecorded,
            tuple(health_problems(intervals).values()),
            shape_conclusions(self._environment.shape_class),
            self._recording.refused_updates,
            tuple(find_silences(intervals)),
            run_info.locust_latencies_ms(self._environment),
            unchecked=tuple(unchecked_thresholds(self._fail_on)),
            requests=request_figures(self.history.total.names),
        )

    def _write(self, write: Callable[..., None], *content: Any) -> None:
        """Call a function that writes a file. If that fails, log why and go on: the measurement matters more."""
        try:
            write(*content)
        except OutputError as error:
            self._has_unwritten = True
            log.error("%s", error)

    def _make_report(self) -> None:
        if self._options.report:
            log.info("%s", make_report(self._outputs.report_arguments()))


def require_report_extra() -> None:
    """Raise OutputError if a package that reports need is not installed. It takes about a second."""
    argv = [sys.executable, "-m", "locust_asyncdjango.lab.report.run_report"]
    program = subprocess.run(argv, capture_output=True, text=True, errors="replace", check=False)
    if program.returncode:
        last_line = (program.stderr.strip().splitlines() or ["no reason given"])[-1]
        if missing := re.fullmatch(r"ModuleNotFoundError: No module named '([\w.]+)'", last_line):
            raise OutputError(missing_extra("--report", "report", missing[1]))
        raise OutputError(f"--report: no report can be made: {last_line}")


def make_report(arguments: Sequence[str]) -> str:
    """Make the HTML report of a run from its files, and return the line that names it. Raise OutputError.

    arguments: of ``locust-asyncdjango``. The report is made in a process of its own, because it needs numpy and scipy,
    which the load generator should not import.
    """
    retry = f"to make it later: {shlex.join(['locust-asyncdjango', *arguments])}"
    try:
        # In a session of its own, so that the Ctrl-C that ends the run does not end the report.
        program = subprocess.run(
            [sys.executable, "-m", "locust_asyncdjango.lab.cli", *arguments],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=REPORT_DEADLINE_S,
            start_new_session=True,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise OutputError(f"--report: making it took longer than {REPORT_DEADLINE_S} s; {retry}") from None
    if program.returncode:
        lines = program.stderr.strip().splitlines() or ["no reason given"]
        reason = lines[-1].removeprefix("locust-asyncdjango: error: ")
        raise OutputError(f"--report: {reason}; {retry}")
    return program.stdout.strip()
