"""The highest load at which an objective holds. Start reading at ``find_capacity``.

Each clause of an objective is a quantity of each load, with a limit: for ``p95 <= 1s`` the share of the successful
requests that took longer than 1 s, which is at most 5 %; for ``failures <= 1%`` the share that failed; for a mean the
mean itself. ``monotone`` finds where it passes its limit.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil, fsum, hypot, sqrt

from locust_asyncdjango.analysis.conditions.objective import DEFAULT_OBJECTIVE, Clause, Objective
from locust_asyncdjango.analysis.saturation import monotone
from locust_asyncdjango.analysis.saturation.figures import Capacity, FailingName
from locust_asyncdjango.analysis.saturation.onsets.always_failing import failing_text
from locust_asyncdjango.metrics.histogram import sum_ms
from locust_asyncdjango.metrics.interval import Interval
from locust_asyncdjango.metrics.load_curve import LoadLevel, merge_levels
from locust_asyncdjango.metrics.statistics import noise, normal_z, percentile

NEAR_SHARE = 0.1
"""The rate at a load is that of all loads within this share below it,"""
NEAR_S = 3
"""and of so many seconds at least."""
MS_SHOWN = 1000
"""Latencies from so many milliseconds on are shown in seconds."""
NOISE_LEVELS = 5
"""How many levels on each side of the capacity show how much the rate varies."""
PASSED_S = 2
"""A climb has only passed a level if it took so many seconds at most."""


def find_capacity(
    levels: Sequence[LoadLevel],
    intervals: Sequence[Interval],
    objective: Objective = DEFAULT_OBJECTIVE,
    always_failing: Sequence[FailingName] = (),
) -> Capacity | None:
    """Return the highest load at which the objective holds; None where no request ended.

    levels: what each load brought, fewest users first. intervals, always_failing: those of the same run.
    """
    capacity = _find_capacity(levels, intervals, objective)
    if capacity is None or not capacity.is_reached or not always_failing:
        return capacity
    without = _find_capacity(_without(levels, always_failing), intervals, objective)
    if without is None or without.users <= capacity.high:
        return capacity
    broken_by = f"{capacity.broken_by}, because {failing_text(always_failing)}"
    return replace(capacity, broken_by=broken_by, users_without_failing=without.users)


def _without(levels: Sequence[LoadLevel], failing: Sequence[FailingName]) -> list[LoadLevel]:
    """Return the levels without the failures of some names. The kinds stay: a level does not know them by name."""
    # A damaged series may say that more requests with these names failed than failed at all.
    return [
        replace(level, failed=max(level.failed - sum(level.failed_by_name[each.name] for each in failing), 0))
        for level in levels
    ]


def _find_capacity(levels: Sequence[LoadLevel], intervals: Sequence[Interval], objective: Objective) -> Capacity | None:
    limits = [limit for clause in objective.clauses if (limit := _find_limit(levels, intervals, clause))]
    if not limits:
        return None
    users = min(each.users for each in limits)
    broken = [each for each in limits if each.reason]
    first = min((each.users for each in broken), default=0)
    reasons = [each.reason for each in broken if each.users == first]
    low, high = min(each.low for each in limits), min(each.high for each in limits)
    return Capacity(
        objective=objective.text,
        users=users,
        low=min(low, users),
        high=max(high, users),
        per_s=_rate_at(levels, users),
        broken_by=" and ".join(reasons),
        unit="users" if levels[0].due_per_s is None else "req/s",
    )


@dataclass(frozen=True, slots=True)
class _Limit:
    """The highest load at which one clause holds, and what broke it; "" if nothing did."""

    users: int
    low: int
    high: int
    reason: str


def _find_limit(levels: Sequence[LoadLevel], intervals: Sequence[Interval], clause: Clause) -> _Limit | None:
    if clause.is_latency:
        levels = [level for level in _answerable(levels, intervals, clause.limit / 1000) if level.ok_ms]
    else:
        levels = [level for level in levels if level.failed or level.ok_ms]
    if not levels:
        return None
    crossing = _crossing(levels, clause)
    if crossing.at == len(levels):
        highest = int(levels[-1].load)
        return _Limit(highest, int(_users_up_to(levels, crossing.low)), highest, "")
    # A request is counted in the second in which it began, or in the one before or after it.
    low, high = _users_up_to(levels, crossing.low - 1), _users_up_to(levels, crossing.high + 1)
    if clause.is_latency:
        high += _users_that_come_in(clause.limit / 1000, levels[max(crossing.high - 2, 0) : crossing.high + 3]) / 2
    users = _users_up_to(levels, crossing.at)
    margin = _rate_noise(levels[max(crossing.at - NOISE_LEVELS, 0) : crossing.at + NOISE_LEVELS], clause) * users
    low, high = users - hypot(users - low, margin), users + hypot(high - users, margin)
    return _Limit(int(users), max(int(low), 0), ceil(high), _reason(levels, crossing, clause))


def _users_up_to(levels: Sequence[LoadLevel], count: int) -> float:
    """Return up to how many users the first levels go.

    A level that a climb only passed has the mean of the users of its second, and goes on to half way to the next one.
    """
    if count <= 0:
        return 0.0
    last = levels[min(count, len(levels)) - 1]
    if count >= len(levels) or last.seconds > PASSED_S:
        return last.load
    return (last.load + levels[count].load) / 2


def _rate_noise(levels: Sequence[LoadLevel], clause: Clause) -> float:
    """Return how far the rate of a server is from its mean by chance, as a share, while a climb passes these levels.

    Requests that wait in the same queue are slow together, so that they do not show how much this varies. The share is
    that of 95 % of all periods as long as the limit of a latency, as the rates of successive seconds vary.
    """
    rates = [level.per_s for level in levels if level.seconds <= PASSED_S]
    mean_per_s = fsum(rates) / len(rates) if rates else 0.0
    if not clause.is_latency or not mean_per_s or not clause.limit:
        return 0.0
    return min(normal_z() * noise(rates) / mean_per_s / sqrt(clause.limit / 1000), 1.0)


def _users_that_come_in(seconds: float, levels: Sequence[LoadLevel]) -> float:
    """Return how many users a climb adds in so many seconds, at the speed at which it passed these levels.

    Where a server works on all requests at once, users who come while a request waits make it slower. It is then as
    slow as at a constant load of up to half of them more. Where requests wait in a queue, later users do not matter.
    """
    climbed_s = sum(level.seconds for level in levels[1:])
    return (levels[-1].load - levels[0].load) / climbed_s * seconds if climbed_s else 0.0


def _crossing(levels: Sequence[LoadLevel], clause: Clause) -> monotone.Crossing:
    observations = [_observed(level, clause) for level in levels]
    if clause.is_latency and clause.percent is None:
        return monotone.find_crossing(
            observations, clause.limit, monotone.duration_likelihood, lambda mean: mean * mean, least_dispersion=0.01
        )
    limit = clause.limit if clause.percent is None else float(1 - clause.percent / 100)
    return monotone.find_crossing(
        observations, limit, monotone.share_likelihood, lambda share: share * (1 - share), least_dispersion=1.0
    )


def _observed(level: LoadLevel, clause: Clause) -> monotone.Observation:
    """Return the requests of a level with those that violate the clause, or with their milliseconds for a mean."""
    if clause.percent is not None:
        return monotone.Observation(level.ok_ms.total(), clause.violations(level.ok_ms))
    if clause.is_latency:
        return monotone.Observation(level.ok_ms.total(), sum_ms(level.ok_ms))
    return monotone.Observation(level.ok_ms.total() + level.failed, _failures(level, clause))


def _failures(level: LoadLevel, clause: Clause) -> float:
    return level.failed if clause.metric == "failures" else level.kinds.get(clause.metric, 0.0)


def _answerable(levels: Sequence[LoadLevel], intervals: Sequence[Interval], limit_s: float) -> list[LoadLevel]:
    """Return the levels whose requests could take as long as the limit before the run ended.

    A request that began later and has ended was fast; those that were slow are missing. So a level counts if it had
    its users before that too.
    """
    end_s = sum(interval.length for interval in intervals)
    in_time = [interval for interval in intervals if interval.t + interval.length <= end_s - limit_s]
    if levels and levels[-1].due_per_s is not None:
        reached = max((interval.due_per_s or 0.0 for interval in in_time), default=0.0)
    else:
        reached = max((interval.users for interval in in_time), default=0)
    return [level for level in levels if level.load <= reached]


def _rate_at(levels: Sequence[LoadLevel], users: int) -> float:
    """Return the successful requests a second at the highest loads up to so many users."""
    below = [level for level in levels if level.load < users + 1]
    near = [level for level in below if level.load >= users * (1 - NEAR_SHARE)]
    while sum(level.seconds for level in near) < NEAR_S and len(near) < len(below):
        near.insert(0, below[-1 - len(near)])
    return merge_levels(near).per_s if near else 0.0


def _reason(levels: Sequence[LoadLevel], crossing: monotone.Crossing, clause: Clause) -> str:
    """Return what a clause's metric was in the loads just beyond the crossing."""
    beyond = merge_levels(levels[crossing.at : crossing.end])
    if clause.is_latency:
        percent = clause.percent
        ms = sum_ms(beyond.ok_ms) / beyond.ok_ms.total() if percent is None else percentile(beyond.ok_ms, percent)
        text = f"{_text_beyond(ms, 3, clause)} s" if ms >= MS_SHOWN else f"{_text_beyond(ms, 0, clause)} ms"
        return f"{clause.metric} {text}"
    share = _failures(beyond, clause) / (beyond.failed + beyond.ok_ms.total())
    text = f"{clause.metric} {_text_beyond(share, -2, clause)} %"
    kind, count = max(beyond.kinds.items(), key=lambda item: item[1], default=("", 0.0))
    return f"{text}, mostly {kind}" if clause.metric == "failures" and 2 * count > beyond.failed else text


def _text_beyond(value: float, power: int, clause: Clause) -> str:
    """Return a value divided by a power of ten, with so many decimals as show that it breaks the clause."""
    for decimals in range(1 if power else 0, 18):
        text = f"{value / 10**power:.{decimals}f}"
        if not clause.holds_for(float(f"{text}e{power}")):
            break
    return text
