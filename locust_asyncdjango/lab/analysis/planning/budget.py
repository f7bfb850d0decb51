"""The lengths and repeats that make the most of a time: those with which the smallest difference can be found.

Start reading at ``fit_budget``.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from math import ceil, sqrt

from locust_asyncdjango.lab.analysis.comparison.planning import repeats_for, shared_by, smallest_difference
from locust_asyncdjango.lab.analysis.planning.experience import Experience
from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.experiment.options import duration_of, seconds_of
from locust_asyncdjango.lab.experiment.schedule.plan import comparisons
from locust_asyncdjango.lab.experiment.spec import PEAK_USERS, Experiment, Load
from locust_asyncdjango.metrics.plural import counted

PLATEAUS_S = (15, 20, 30, 45, 60, 90, 120, 180)
RAMP_SHARE = 0.5
"""How long a ramp is, as a share of its plateau."""
PILOTED_PLATEAUS_S = (12, *PLATEAUS_S)
PILOTED_RAMP_SHARE = 0.8
"""The same of a ramp whose users a pilot has chosen. It passes the capacity of each arm, so that its seconds count."""
SHORTEST_RAMP_S, LONGEST_RAMP_S = 8, 30
USUAL_PLATEAU_S = 30
WITHIN_SHARE = 0.5
"""The share of the noise of a usual plateau that is of its own seconds, and that a longer plateau reduces."""
MOST_REPEATS = 30
BEGIN_S, END_S = 12, 6
"""About how many seconds pass before the first trial (services, the warm-up's load) and after the last one."""
ROUND_TRIPS = 28
"""About how many round trips a trial takes besides its load: four requests with a query or two each."""
PILOT_S = 4
"""About how many seconds a pilot of one view takes on one arm."""
DIFFERENCE = 0.05
"""The difference for which a plan says how many repeats it takes."""


@dataclass(frozen=True, slots=True)
class _Choice:
    """A load and its repeats. spread: the noise that is expected of it. length_s: of the load."""

    load: Load
    length_s: float
    repeats: int
    spread: float


def fit_budget(
    experiment: Experiment,
    experience: Experience,
    *,
    length_s: float | None = None,
    most_repeats: int = MOST_REPEATS,
    spent_s: float = 0.0,
    is_piloted: bool = False,
) -> Experiment:
    """Return the experiment with the load and the repeats that find the smallest difference within its budget.

    length_s: how long its load takes, for a load that the user has chosen; None to choose a ramp and a plateau.
    most_repeats: more are not wanted. spent_s: seconds of the budget that are gone. is_piloted: whether a pilot chooses
    the users. Raise UsageError for a budget in which each arm cannot run twice.
    """
    left_s = (seconds_of(experiment.budget) or 0) - spent_s
    loads = list(_loads(experiment.load, length_s, is_piloted=is_piloted))
    choices = list(_choices(experiment, experience, loads, left_s, most_repeats))
    if best := min(choices, key=lambda each: (_found(experiment, each), -each.length_s), default=None):
        return replace(experiment, load=best.load, repeats=best.repeats, until_decided=True)
    shortest_s = shortest_budget_s(experiment, experience, length_s=length_s, spent_s=spent_s, is_piloted=is_piloted)
    raise UsageError(
        f"--budget {experiment.budget} is too short: to run {extent_text(experiment)} twice takes"
        f" --budget {duration_of(shortest_s)} or more; name fewer routes (--routes), arms or latencies,"
        " or give it more time"
    )


def shortest_budget_s(
    experiment: Experiment,
    experience: Experience,
    *,
    length_s: float | None = None,
    spent_s: float = 0.0,
    is_piloted: bool = False,
) -> int:
    """Return the shortest budget in which each arm runs twice, in seconds. The parameters are those of fit_budget."""
    shortest_s = min(seconds for _, seconds, _ in _loads(experiment.load, length_s, is_piloted=is_piloted))
    return 10 * ceil((spent_s + needed_s(replace(experiment, repeats=2), shortest_s, experience)) / 10)


def extent_text(experiment: Experiment) -> str:
    """Return how much an experiment measures, such as "5 views on 4 arms at 2 latencies"."""
    arms = max(len(compared) for compared in comparisons(experiment))
    latencies = len(experiment.latencies_ms)
    at = f" at {latencies} latencies" if latencies > 1 else ""
    return f"{_subjects_text(experiment)} on {counted(arms, 'arm')}{at}"


def _subjects_text(experiment: Experiment) -> str:
    project = experiment.project
    if project and project.has_locustfile:
        return "the locustfile"
    return counted(len(experiment.routes), "view" if project else "route")


def needed_s(experiment: Experiment, length_s: float, experience: Experience) -> float:
    """Return about how many seconds an experiment takes whose load takes ``length_s``."""
    # Before the first trial: services, and the trial that warms up; after the last one: the report.
    return BEGIN_S + experience.overhead_s + trials_s(experiment, length_s, experience) + END_S


def first_look_s(experiment: Experiment, experience: Experience, *, with_pilots: bool) -> float:
    """Return about how many seconds it takes to start each arm before the first trial, with a pilot of each view."""
    starts = len(next(comparisons(experiment))) * (len(experiment.latencies_ms) if with_pilots else 1)
    return starts * (experience.overhead_s / 2 + PILOT_S * len(experiment.routes) * with_pilots)


def trials_s(experiment: Experiment, length_s: float, experience: Experience) -> float:
    """Return about how many seconds all trials take whose load takes ``length_s``, with their starts and stops."""
    first = next(comparisons(experiment))[0]
    once_s = length_s + experience.overhead_s + ROUND_TRIPS * first.latency_ms / 1000
    return experiment.repeats * _round_s(experiment, length_s, experience) + 2 * experiment.a_a_pairs * once_s


def power_sentences(experiment: Experiment, experience: Experience, plateau_s: float | None = None) -> list[str]:
    """Return which difference an experiment can find, and how many repeats a difference of 5 % takes.

    plateau_s: of a load that the budget has chosen; None for any other load.
    """
    arms = max(len(compared) for compared in comparisons(experiment))
    if arms < 2:
        return ["there is one arm, and nothing to compare it with"]
    spread = experience.spread * (_relative_noise(plateau_s) if plateau_s else 1.0)
    known = f"as in {experience.experiments} earlier experiments" if experience.experiments else "assumed"
    noise = f"where two runs of an arm differ by {spread / sqrt(2):.1%} ({known})"
    found = smallest_difference(spread, experiment.repeats, arms, **shared_by(experiment), looks=looks(experiment))
    repeats = repeats_for(DIFFERENCE, spread, arms, **shared_by(experiment))
    sentences = [
        f"it can find a difference of {found:.0%} or more, in four of five cases, {noise}"
        if found is not None
        else f"each arm runs once, so that no difference is certain: --repeats 2 or more shows the noise; {noise}"
    ]
    takes = f"{repeats} repeats" if repeats else "more than 1000 repeats"
    return [*sentences, f"to find a difference of {DIFFERENCE:.0%} takes {takes}"]


def looks(experiment: Experiment) -> int:
    """Return how often it is checked whether a subject is decided."""
    return max(experiment.repeats - 1, 1) if experiment.until_decided else 1


def _choices(
    experiment: Experiment,
    experience: Experience,
    loads: Iterable[tuple[Load, float, float]],
    budget_s: float,
    most_repeats: int,
) -> Iterator[_Choice]:
    for load, seconds, noise in loads:
        once = replace(experiment, repeats=1)
        left_s = budget_s - needed_s(once, seconds, experience)
        repeats = min(1 + int(left_s // _round_s(experiment, seconds, experience)), most_repeats)
        if repeats >= 2:
            yield _Choice(load, seconds, repeats, noise * experience.spread)


def _loads(load: Load, length_s: float | None, *, is_piloted: bool) -> Iterator[tuple[Load, float, float]]:
    """Yield loads with their lengths and their noise, relative to that of the usual plateau."""
    if length_s is not None:
        yield load, length_s, 1.0
        return
    share = PILOTED_RAMP_SHARE if is_piloted else RAMP_SHARE
    for plateau_s in PILOTED_PLATEAUS_S if is_piloted else PLATEAUS_S:
        ramp_s = min(max(share * plateau_s, SHORTEST_RAMP_S), LONGEST_RAMP_S)
        users = load.users or str(PEAK_USERS)
        rate = load.spawn_rate or f"{int(users) / ramp_s:g}"
        ramp = replace(load, shape=f"Ramp:hold={plateau_s}s", users=users, spawn_rate=rate)
        yield ramp, int(users) / float(rate) + plateau_s, _relative_noise(plateau_s)


def plateau_of(load: Load) -> float | None:
    """Return the seconds of the plateau of a load that a budget has chosen; None for any other load."""
    name, _, hold = load.shape.partition(":hold=")
    return float(hold.removesuffix("s")) if name == "Ramp" and hold.endswith("s") and hold[:-1].isdigit() else None


def _relative_noise(plateau_s: float) -> float:
    return sqrt(1 - WITHIN_SHARE + WITHIN_SHARE * USUAL_PLATEAU_S / plateau_s)


def _found(experiment: Experiment, choice: _Choice) -> float:
    chosen = replace(experiment, repeats=choice.repeats, until_decided=True)
    arms = max(len(compared) for compared in comparisons(experiment))
    found = smallest_difference(
        choice.spread, choice.repeats, max(arms, 2), **shared_by(experiment), looks=looks(chosen)
    )
    return found if found is not None else float("inf")


def _round_s(experiment: Experiment, length_s: float, experience: Experience) -> float:
    """Return the seconds in which each arm runs once under all conditions."""
    planned = [trial for compared in comparisons(experiment) for trial in compared]
    return sum(length_s + experience.overhead_s + ROUND_TRIPS * trial.latency_ms / 1000 for trial in planned)
