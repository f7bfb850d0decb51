"""The loop over an experiment's trials, which skips those that are finished, and those that are no longer needed."""

import os
import platform
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from typing import Any

from locust_asyncdjango.lab import machine, services
from locust_asyncdjango.lab import trial as one_trial
from locust_asyncdjango.lab.errors import TrialError
from locust_asyncdjango.lab.findings import Findings
from locust_asyncdjango.lab.marks import changed
from locust_asyncdjango.lab.matrix import rounds, trials
from locust_asyncdjango.lab.results import Result, ResultsFolder, write_json
from locust_asyncdjango.lab.spec import Experiment, Trial

MEASURED_WITH = ("locust-asyncdjango", "locust", "django", "gunicorn", "uvicorn", "uvloop", "httptools")

Announce = Callable[[Trial, int, int], one_trial.Watch]
"""Is told the trial that starts, its number and how many there are; gives back who watches it."""


def run(experiment: Experiment, folder: ResultsFolder, announce: Announce) -> list[Result]:
    """Measures what is not measured yet; every result is on disk before the next trial starts.

    Gives all results, in the order of the plan. Of what is repeated until it is decided, rounds may be left out.
    """
    now = _about_machine(experiment)
    begun = folder.open(experiment, now)
    planned = trials(experiment)
    # One that failed is tried again.
    finished = {trial: result for trial in planned if (result := folder.result(trial)) and result.figures}
    if len(finished) < len(planned):
        one_trial.check_load(experiment.routes[0], experiment.load, folder.logs)
        if not all(experiment.server(trial.server).url for trial in planned):
            with_latency = any(experiment.latencies_ms)
            services.prepare(experiment.routes, experiment.posts, folder.logs, with_latency=with_latency)
    measure = partial(_measure, experiment, folder, changed(begun, now))
    results: list[Result] = []
    numbers = {trial: number for number, trial in enumerate(planned, 1)}
    for compared in rounds(experiment):
        if experiment.until_decided and Findings(experiment, tuple(results), {}).is_decided(compared[0].subject):
            continue
        results += [
            finished.get(trial) or measure(trial, announce(trial, numbers[trial], len(planned))) for trial in compared
        ]
    return results


def _measure(
    experiment: Experiment, folder: ResultsFolder, marks: tuple[str, ...], trial: Trial, watch: one_trial.Watch
) -> Result:
    server, pins = experiment.server(trial.server), machine.pins(experiment.pin)
    with folder.unfinished(trial) as place:
        try:
            result = one_trial.measure(trial, server, experiment.load, pins, place, watch)
        except TrialError as error:
            result = Result(trial, None, str(error), {})
        result = replace(result, marks=(*marks, *result.marks))
        write_json(place / "result.json", result.to_json())
    return result


def _about_machine(experiment: Experiment) -> dict[str, Any]:
    return {
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in MEASURED_WITH}},
        "machine": {
            "system": platform.platform(),
            "processors": os.cpu_count(),
            "pins": str(machine.pins(experiment.pin)),
        },
    }
