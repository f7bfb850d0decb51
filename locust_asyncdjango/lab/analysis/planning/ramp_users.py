"""How many users a ramp needs, by what a short pilot has shown of each arm. Start reading at ``ramp_users``.

Users of a project's views do not wait between requests. So an arm that carries R requests a second leaves an objective
such as p95 <= T at about R x T users. A ramp that ends far beyond that passes it within its first seconds.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import ceil

from locust_asyncdjango.analysis.conditions.objective import parse_objective
from locust_asyncdjango.lab.experiment.spec import PEAK_USERS

IN_FLIGHT = (4, 16, 64)
"""The requests that the stages of a pilot keep in flight."""
RISE = 1.25
"""More requests in flight bring more if the rate rises so many times."""
OPEN_RISE = 2.0
"""If it rises so many times in the last stage, the arm is far from its limit."""
BEYOND = 2.5
"""A ramp ends at so many times the users that the best arm carries within the objective,"""
FILLED = 3
"""and at so many times the requests in flight with which an arm reaches its rate, so that its slots are full."""
ROUND = 10
"""Users are a multiple of this."""


@dataclass(frozen=True, slots=True)
class Pilot:
    """What an arm did for a view in a few seconds.

    per_s: the most successful requests a second. in_flight: how many requests in flight it took. is_rising: whether
    many more of them would bring many more.
    """

    per_s: float
    in_flight: int
    is_rising: bool = False


def find_pilot(rate_at: Callable[[int], float]) -> Pilot:
    """Return what an arm does for a view. rate_at: returns the successes a second with so many requests in flight.

    More are kept in flight as long as they bring more.
    """
    best, rise = Pilot(rate_at(IN_FLIGHT[0]), IN_FLIGHT[0]), 0.0
    for in_flight in IN_FLIGHT[1:]:
        per_s = rate_at(in_flight) if best.per_s else 0.0
        if per_s <= RISE * best.per_s:
            return replace(best, per_s=max(best.per_s, per_s))
        rise, best = per_s / best.per_s, Pilot(per_s, in_flight)
    return replace(best, is_rising=rise >= OPEN_RISE)


def ramp_users(pilots: Sequence[Pilot], objective: str) -> int:
    """Return the users at the end of the ramp of a subject.

    pilots: of its arms. objective: of the load; without the limit of a latency, they are as many as without a pilot.
    """
    limits_ms = [clause.limit for clause in parse_objective(objective).clauses if clause.is_latency]
    if not limits_ms:
        return PEAK_USERS
    needed = max(_needed(pilot, min(limits_ms) / 1000) for pilot in pilots)
    return min(ROUND * ceil(needed / ROUND), PEAK_USERS)


def _needed(pilot: Pilot, limit_s: float) -> float:
    carried = pilot.per_s * limit_s
    if pilot.is_rising and carried > pilot.in_flight:  # it carries more, and nobody knows how much
        return PEAK_USERS
    return max(BEYOND * carried, FILLED * pilot.in_flight)
