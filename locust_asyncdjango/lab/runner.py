"""The loop over an experiment's trials, which skips those that are finished."""

import os
import platform
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from locust_asyncdjango.lab import services
from locust_asyncdjango.lab import trial as one_trial
from locust_asyncdjango.lab.errors import TrialError
from locust_asyncdjango.lab.matrix import trials
from locust_asyncdjango.lab.results import Result, ResultsFolder, write_json
from locust_asyncdjango.lab.spec import Experiment, Trial

MEASURED_WITH = ("locust-asyncdjango", "locust", "uvloop", "httptools")

Announce = Callable[[Trial, int, int], one_trial.Watch]
"""Is told the trial that starts, its number and how many there are; gives back who watches it."""


def run(experiment: Experiment, folder: ResultsFolder, announce: Announce) -> list[Result]:
    """Measures what is not measured yet; every result is on disk before the next trial starts."""
    folder.open(experiment, _about_machine())
    planned = trials(experiment)
    results = {trial: folder.finished(trial) for trial in planned}
    if not all(results.values()):
        one_trial.check_load(experiment.routes[0], experiment.load, folder.logs)
        if not all(experiment.server(trial.server).url for trial in planned):
            with_latency = any(experiment.latencies_ms)
            services.prepare(experiment.routes, experiment.posts, folder.logs, with_latency=with_latency)
    return [
        result or _measure(experiment, trial, folder, announce(trial, number, len(planned)))
        for number, (trial, result) in enumerate(results.items(), 1)
    ]


def _measure(experiment: Experiment, trial: Trial, folder: ResultsFolder, watch: one_trial.Watch) -> Result:
    server = experiment.server(trial.server)
    with folder.unfinished(trial) as place:
        try:
            result = one_trial.measure(trial, server, experiment.load, place, watch)
        except TrialError as error:
            result = Result(trial, None, str(error), {})
        write_json(place / "result.json", result.to_json())
    return result


def _about_machine() -> dict[str, Any]:
    return {
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in MEASURED_WITH}},
        "machine": {"system": platform.platform(), "processors": os.cpu_count()},
    }
