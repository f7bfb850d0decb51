"""The plan of an experiment in words, for ``run --dry-run``: what is run, in which order, and how long it takes."""

from locust_asyncdjango.analysis.formatting import format_duration
from locust_asyncdjango.lab.experiment import plan
from locust_asyncdjango.lab.experiment.spec import Experiment
from locust_asyncdjango.metrics.plural import counted

OVERHEAD_S = 12
"""About how many seconds a trial takes besides its load: starting and stopping programs, preflight and warm-up."""
OVERHEAD_ROUND_TRIPS = 28
"""About how many round trips a trial takes besides its load: four requests with a query or two each."""


def plan_text(experiment: Experiment, length_s: float | None) -> str:
    """Return the trials of an experiment, one a line, and how long they take.

    length_s: how many seconds a load takes; None if the shape does not say.
    """
    planned = plan.trials(experiment)
    lines = [f"{number:>4}  {trial.title}" for number, trial in enumerate(planned, 1)]
    trials = counted(len(planned), "trial")
    count = f"at most {trials}" if experiment.until_decided else trials
    if length_s is None:
        return "\n".join([*lines, f"{count}; how long a trial takes is not known, because the shape does not say"])
    overhead_s = sum(OVERHEAD_S + OVERHEAD_ROUND_TRIPS * trial.latency_ms / 1000 for trial in planned)
    total = format_duration(len(planned) * length_s + overhead_s)
    return "\n".join([*lines, f"{count} of {length_s:g} s; about {total}, including starting and stopping"])
