"""Trials that confirm the capacity of an arm: they hold it on a plateau, and less where the objective does not hold.

A climb shows each load for a moment only. Start reading at ``confirm``.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import ceil
from statistics import median_low

from locust_asyncdjango.analysis.saturation import SLOW_FACTOR, Onset
from locust_asyncdjango.lab.experiment.result import Result
from locust_asyncdjango.lab.experiment.spec import Load
from locust_asyncdjango.lab.experiment.trial import Trial
from locust_asyncdjango.metrics.plural import counted

PLATEAU_S = 30
"""Seconds for which the users stay."""
CLIMB_S = 5
"""Seconds in which they start."""
MOST_PLATEAUS = 4
"""The most plateaus of an arm, each with fewer users than the one before."""
LESS = 0.8
"""The share of the users of the plateau before."""


def next_confirmation(results: Sequence[Result], confirmations: Sequence[Result]) -> Trial | None:
    """Return the next trial that confirms the capacity of an arm; None where nothing is left to do.

    results: those of the arm's own trials. confirmations: those of its plateaus so far, the first one first.
    """
    capacities = [result.figures.capacity for result in results if result.figures]
    known = [each for each in capacities if each and each.unit == "users"]
    if not known or len(confirmations) >= MOST_PLATEAUS or any(_ends(each) for each in confirmations):
        return None
    users = median_low([each.users for each in known])
    if confirmations:
        less = int(confirmations[-1].trial.plateau_users * LESS)
        lowest = median_low([each.low for each in known])
        is_first = len(confirmations) == 1
        users = lowest if is_first and less < lowest < users else less
    return replace(results[0].trial, repeat=1, a_a=False, plateau_users=users) if users else None


def confirm(results: Sequence[Result], measure: Callable[[Trial], Result | None]) -> list[Result]:
    """Return the results of all plateaus of an arm, which ``measure`` returns; None ends them.

    results: those of the arm's own trials.
    """
    confirmations: list[Result] = []
    while (trial := next_confirmation(results, confirmations)) and (result := measure(trial)):
        confirmations.append(result)
    return confirmations


def is_confirmed(result: Result) -> bool:
    """Return whether the objective held on a plateau."""
    capacity = result.figures.capacity if result.figures else None
    return capacity is not None and not capacity.is_reached


def plateau_load(load: Load, users: int) -> Load:
    """Return the load of a plateau. load: that of the experiment."""
    rate = ceil(users / CLIMB_S)
    length_s = ceil(users / rate) + PLATEAU_S
    return replace(load, shape="Ramp", users=str(users), spawn_rate=str(rate), run_time=f"{length_s}s")


def confirmation_sentence(confirmations: Sequence[Result]) -> str:
    """Return what the plateaus of one arm showed. There must be one."""
    last = confirmations[-1]
    if is_confirmed(last):
        return f"confirmed on a plateau of {PLATEAU_S} s at {counted(last.trial.plateau_users, 'user')}"
    if last.figures is None:
        return f"not confirmed: {last.error}"
    capacity = last.figures.capacity
    users = ", ".join(str(each.trial.plateau_users) for each in confirmations)
    broken_by = f": {capacity.broken_by}" if capacity else ""
    return f"not confirmed: on plateaus of {PLATEAU_S} s at {users} users the objective did not hold{broken_by}"


def confirm_slowdown(slowdown: Onset, confirmations: Sequence[Result]) -> Onset:
    """Return a doubtful slowdown as the plateaus of its arm show it.

    A plateau begins with a server that was just started. If latency is high there at more users than those of the
    slowdown, the users are why. If it is not, time was.
    """
    for result in confirmations:
        figures, users = result.figures, result.trial.plateau_users
        if users <= slowdown.high or figures is None or figures.goodput is None:
            continue
        p50_ms, unloaded_ms = figures.goodput.p50_ms, figures.unloaded_ms
        if p50_ms is not None and unloaded_ms is not None:
            is_slow = p50_ms > SLOW_FACTOR * unloaded_ms
            here = f"on a plateau at {counted(users, 'user')} latency stayed near the unloaded one"
            return replace(slowdown, doubt="" if is_slow else here)
    return slowdown


def _ends(result: Result) -> bool:
    """Return whether a plateau is the last one: it was confirmed, or could not be measured."""
    return result.figures is None or is_confirmed(result)
