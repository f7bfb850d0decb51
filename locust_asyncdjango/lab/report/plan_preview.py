"""The plan of an experiment in words, for ``run --dry-run``: what is run, in which order, and how long it takes."""

from locust_asyncdjango.analysis.formatting import format_duration
from locust_asyncdjango.lab.analysis.planning.budget import needed_s, plateau_of, power_sentences, trials_s
from locust_asyncdjango.lab.analysis.planning.experience import Experience
from locust_asyncdjango.lab.experiment.schedule import plan
from locust_asyncdjango.lab.experiment.spec import Experiment
from locust_asyncdjango.lab.report.sentences.ramps import ramp_users_text
from locust_asyncdjango.metrics.plural import counted

ASSUMED = Experience()
"""What is expected where no earlier experiment is known."""
PILOT_DUE = "as many users as a short pilot finds for each view"


def plan_text(experiment: Experiment, length_s: float | None, experience: Experience = ASSUMED) -> str:
    """Return the trials of an experiment, one a line, how long they take, and what they can find.

    length_s: how many seconds a load takes; None if the shape does not say. experience: of earlier experiments.
    """
    # With a budget these were said before.
    power = [] if experiment.budget else power_sentences(experiment, experience, plateau_of(experiment.load))
    planned = plan.trials(experiment)
    lines = [f"{number:>4}  {trial.title}" for number, trial in enumerate(planned, 1)]
    trials = counted(len(planned), "trial")
    count = f"at most {trials}" if experiment.until_decided else trials
    if length_s is None:
        unknown = f"{count}; how long a trial takes is not known, because the shape does not say"
        return "\n".join([*lines, *power, unknown])
    total = format_duration(trials_s(experiment, length_s, experience))
    return "\n".join([*lines, *power, f"{count} of {length_s:g} s; about {total}, including starting and stopping"])


def budget_sentences(
    experiment: Experiment,
    length_s: float,
    experience: Experience,
    *,
    spent_s: float = 0.0,
    is_pilot_due: bool = False,
) -> list[str]:
    """Return what a budget was made of, and what it can find.

    length_s: how many seconds a load takes. spent_s: how many of the budget are gone. is_pilot_due: whether a pilot
    will choose the users.
    """
    plateau_s = plateau_of(experiment.load)
    arms = counted(sum(map(len, plan.comparisons(experiment))), "arm")
    load = f"a load of {length_s:g} s"
    if plateau_s:
        users = PILOT_DUE if is_pilot_due else ramp_users_text(experiment)
        load = f"a ramp of {length_s - plateau_s:.3g} s to {users} and a plateau of {plateau_s:g} s"
    total = format_duration(spent_s + needed_s(experiment, length_s, experience))
    return [
        f"budget of {experiment.budget}: {arms}, each at most {counted(experiment.repeats, 'time')}, with {load};"
        f" about {total}",
        *power_sentences(experiment, experience, plateau_s),
    ]


def budget_result(budget_s: float, used_s: float) -> str:
    """Return how much of a budget was used, or by how much it was missed. used_s: in this run."""
    if used_s > budget_s:
        return f"the budget was missed by {used_s - budget_s:.0f} s: {used_s:.0f} s instead of {budget_s:.0f} s"
    return f"{used_s:.0f} s of the budget of {budget_s:.0f} s were used"
