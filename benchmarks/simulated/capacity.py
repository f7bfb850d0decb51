"""The capacity within an objective, on ramps whose truth is known from constant loads. Start reading at ``simulate``.

The truth is the highest constant load of a long run at which the objective holds.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from statistics import median

from locust_asyncdjango.analysis.conditions.objective import DEFAULT_OBJECTIVE
from locust_asyncdjango.analysis.saturation.capacity import find_capacity
from locust_asyncdjango.analysis.saturation.figures import Capacity
from simulated.closed_loop import (
    Load,
    Server,
    constant,
    exponential,
    fails_beyond,
    fails_by_chance,
    lognormal,
    pauses,
    ramp,
)
from simulated.closed_loop import simulate as simulate_run
from simulated.goals import Goal

TRUTH_S = 120
"""Seconds of a run at a constant load."""
MOST_USERS = 400
LONGEST_RAMP_S = 60
COVERED = (0.93, 1.0)

RAMPS = (5, 20, 50, 100)
"""Users a second."""


@dataclass(frozen=True, slots=True)
class Case:
    """A server, and what it is called in the table."""

    name: str
    server: Server


CASES = (
    Case("1 slot, 10 ms", Server(lognormal(0.010, 0.1), slots=1)),
    Case("4 slots, 40 ms, exponential", Server(exponential(0.040), slots=4)),
    Case("async: 10 ms of one processor, exponential", Server(constant(0), cpu=exponential(0.010))),
    Case("async: 5 ms of one processor, and 100 ms of waiting", Server(lognormal(0.1, 0.3), cpu=lognormal(0.005, 0.3))),
    Case("fails beyond 60 in flight", Server(exponential(0.1), fails=fails_beyond(60))),
    Case("fails in 5 % beyond 60 in flight", Server(exponential(0.1), fails=fails_beyond(60, share=0.05))),
)
DISTURBED: tuple[tuple[str, Callable[[Server], Server]], ...] = (
    ("a pause of 1.5 s at the lowest loads", lambda server: replace(server, speed=pauses((3, 4.5)))),
    ("0.3 % of the requests fail by chance", lambda server: replace(server, fails=fails_by_chance(0.003))),
)


def simulate(experiments: int) -> Iterator[Goal]:
    """Yield how often the interval of the capacity covers the truth, and how far the capacity is from it."""
    truths = [true_capacity(case.server) for case in CASES]
    for case, truth in zip(CASES, truths, strict=True):
        for per_s in RAMPS:
            yield from _covered(f"{case.name}; {per_s} users/s; truth {truth}", case.server, truth, per_s, experiments)
    for disturbance, disturb in DISTURBED:
        for case, truth in zip(CASES[:3], truths, strict=False):
            yield from _covered(f"{case.name}; {disturbance}; 5 users/s", disturb(case.server), truth, 5, experiments)
    yield _unbroken(experiments)


def true_capacity(server: Server) -> int:
    """Return the highest constant load at which the default objective holds, by bisection."""
    low, high = 0, MOST_USERS
    while high - low > max(low // 100, 1):
        middle = (low + high) // 2
        low, high = (middle, high) if _holds(server, middle) else (low, middle)
    return low


def _holds(server: Server, users: int) -> bool:
    settled_s = TRUTH_S // 6
    series = simulate_run(server, Load((users,) * TRUTH_S), seed=users)
    capacity = find_capacity(series.load_levels[-1:], series.intervals[settled_s:], DEFAULT_OBJECTIVE)
    return capacity is not None and not capacity.is_reached


def _covered(name: str, server: Server, truth: int, per_s: float, experiments: int) -> Iterator[Goal]:
    length_s = min(max(round(2.5 * truth / per_s), 8) + 4, LONGEST_RAMP_S)
    load = ramp(per_s, round(per_s * (length_s - 4)), length_s)
    measured = [_measure(server, load, seed) for seed in range(experiments)]
    found = [capacity for capacity in measured if capacity]
    covered = sum(capacity.low <= truth <= capacity.high for capacity in found)
    yield Goal.share(f"capacity's interval covers the truth: {name}", covered, experiments, at_least=COVERED[0])
    users = [capacity.users for capacity in found]
    ends = f"{median([c.low for c in found]):.0f}-{median([c.high for c in found]):.0f}"
    yield Goal(
        f"median capacity and interval: {name}", f"{median(users):.0f} ({ends}), {median(users) / truth - 1:+.0%}"
    )


def _measure(server: Server, load: Load, seed: int) -> Capacity | None:
    series = simulate_run(server, load, seed)
    return find_capacity(series.load_levels, series.intervals, DEFAULT_OBJECTIVE)


def _unbroken(experiments: int) -> Goal:
    server, load = Server(exponential(0.1), slots=200), ramp(5, 150, 40)
    found = [_measure(server, load, seed) for seed in range(experiments)]
    held = sum(bool(capacity and not capacity.is_reached) for capacity in found)
    return Goal.share('capacity is "at least" where nothing breaks the objective', held, experiments, at_least=0.99)
